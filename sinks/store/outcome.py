"""An action and its receipts are written by two programs, each to its own documents; they meet when they are read."""

from collections.abc import Iterable
from functools import reduce

from operators.deliver.receipt import apply
from operators.model.records import Action, Receipt


def with_receipts(action: Action, receipts: Iterable[Receipt]) -> Action:
    """Return the action as its receipts leave it."""
    return reduce(apply, receipts, action)
