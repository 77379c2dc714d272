"""Did you mean: the name that a mistaken one may have stood for; one function for rules, settings and commands."""

from collections.abc import Collection
from difflib import get_close_matches

NEAR, FURTHEST, MOST = 0.7, 3, 500
"""How alike two names are, from 0 to 1, so that one may be meant by the other; letters that one may have more; names that are looked at."""
GUESSED = 20
"""Mistakes of a file or document that are met with the name that may be meant: of more, people look at the first ones."""


def nearest(name: object, known: Collection[str]) -> str:
    """Return a question for the known name that a mistaken one may have meant, to be put behind a reason; "" if none is near."""
    said = str(name).lower()
    near = (one for one in known if abs(len(one) - len(said)) <= FURTHEST) if len(known) <= MOST else ()
    by_letters = {one.lower(): one for one in near}
    found = get_close_matches(said, list(by_letters), n=1, cutoff=NEAR)
    return f"; did you mean {by_letters[found[0]]!r}?" if found else ""
