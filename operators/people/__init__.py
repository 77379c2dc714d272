"""People: who gets a notice and who is on duty, as functions of rules and time (spec/notices.md 6)."""
