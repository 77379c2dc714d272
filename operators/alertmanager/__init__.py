"""Alertmanager's world in ours: labels, matchers, silences, groups (gateway.md 4). Nothing here decides about an alert."""
