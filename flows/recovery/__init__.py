"""The recovery store of a job: its layout, its last state, its savepoints."""
