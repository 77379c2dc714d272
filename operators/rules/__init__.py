"""Every shape of rules.md, and the functions that read meaning out of them."""
