"""Formats of other systems, one file each: a body to lines of our own events and commands (gateway.md 3 to 5)."""
