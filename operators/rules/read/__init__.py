"""Documents to a rule book, all mistakes told at once."""
