"""Where the rule book comes from: files, SQL tables, Redis; read in the background, one immutable book at a time."""
