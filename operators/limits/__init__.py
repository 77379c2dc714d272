"""What holds alerts and notices back."""
