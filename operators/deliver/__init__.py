"""The courier's decisions: how a notice goes on after an attempt."""
