"""The state of a stopped job as a file, shared out and taken over."""
