"""Every shape of rules.md."""
