"""Stage 2: one alert a fingerprint, in one order."""
