"""Wiring: the job, the courier, sources, settings, metrics, logs, the replay driver, the command line."""
