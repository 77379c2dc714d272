"""Local time: hours, windows, recurrences."""
