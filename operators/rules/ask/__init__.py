"""What rules ask about an alert, and which of them match."""
