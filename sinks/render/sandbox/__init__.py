"""The language of users' templates: small, bounded by construction, with one net under it.

`language.py` says what may stand in a template, `engine.py` runs it, `work.py` counts.
"""

from sinks.render.sandbox.engine import caught, check_template, explain, run, whole
from sinks.render.sandbox.work import MAX_OUTPUT, Budget

__all__ = ["MAX_OUTPUT", "Budget", "caught", "check_template", "explain", "run", "whole"]
