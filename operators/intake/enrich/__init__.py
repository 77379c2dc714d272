"""Enrichers: (thing, book, settings) -> thing."""
