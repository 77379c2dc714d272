"""The decision core on a virtual clock."""
