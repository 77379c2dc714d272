"""From a signal to actions: who is told, by which way, and why not."""
