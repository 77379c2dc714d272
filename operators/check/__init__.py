"""The seven checkers, one file each, and the chain that calls them in order."""
