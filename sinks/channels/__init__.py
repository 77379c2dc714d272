"""How each notice way is delivered."""
