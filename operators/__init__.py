"""Decisions: pure functions of state, input, rules and now. No client, clock or logger; steps.py alone knows Bytewax."""
