"""Stage 1: bytes to named records."""
