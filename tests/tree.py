"""Where things stand in a checkout, so that a test may move without losing its way."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples"
SHARED = ROOT.parent / "shared"
"""The event sets with their oracles; not part of the repository."""
