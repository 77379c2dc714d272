"""What flows through the house, and its words. It knows nothing of rules or state."""
