"""The demo: a generated storm through the real job, and tables of what became of it."""
