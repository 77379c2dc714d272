"""What is kept of a fingerprint, and what fingerprints share."""
