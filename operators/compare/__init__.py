"""What differs between two replays of the same history."""
