"""The edges out: stores, archive, dead letters, outbox, channels, rendering."""
