"""Kafka as an edge out: what was handed over is delivered when the call returns."""
