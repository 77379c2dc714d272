"""Measurements: run with `make bench`. Figures go into docs/performance.md by hand, with the machine they were taken on."""
