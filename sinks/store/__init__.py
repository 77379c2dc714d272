"""Where alerts, their logs, actions and events are kept and found again: SQLite or Elasticsearch."""
