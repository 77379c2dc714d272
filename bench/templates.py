"""Throw made-up templates at the language of notices: each is refused, fails in words or gives text, within its bounds.

.venv/bin/python -m bench.templates --templates 100000 --seed 1
"""

import argparse
import random
import resource
import time
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC
from typing import Any

from sinks.render.sandbox import caught, check_template, run
from sinks.render.sandbox.filters import ESCAPES, FILTERS, TESTS
from sinks.render.sandbox.texts import METHODS
from sinks.render.sandbox.tools import JSON, MATCH, RE, arrow
from sinks.render.sandbox.values import View

MOST_SECONDS = 1.0
MOST_BYTES = 64 << 20

FACTS: Mapping[str, Any] = {
    "name": "cpu <b>&{{ 7 }}", "none_": None, "items": [{"n": n, "s": f"x{n}"} for n in range(300)],
    "deep": {"a": {"b": [1, 2, {"c": "found"}]}, "items": "own"}, "long": "ab \n'\"<é日💥" * 6000, "huge": "y" * 900_000,
    "view": View({"one": lambda subject: subject, "two": lambda _: 1 / 0}, "fact"), "half": "\ud800", "float": 1.5, "big": 10**30,
    "json": JSON, "re": RE, "arrow": arrow(1_700_000_000, UTC), "_zone": UTC,
}  # fmt: skip
"""What the templates may name."""

_LITERALS = [
    "0", "1", "-1", "2.5", "64", "999", "65536", "9999999999", "2**62", "1e308", "10**18", "true", "none", "''", "'a'", "'%s'",
    "'%999d'", "'{0!s:.0}'", "'{:>99}'", "'a.b'", "'n'", "'__class__'", "'upper'", "'-turns'", "'(a+)+$'", "'x.*y|x'", "'[[[['",
    "'\\ud800'",     "'{\"a\": 1e999}'", "'YYYY'", "[]", "[1, 'a', none]", "{'a': 1}", "range(3)", "range(9999)", "('x',)",
]  # fmt: skip
_NAMES = [*FACTS, "loop", "x", "y", "ns", "nothing", "m", "self", "range", "namespace", "caller"]
_ATTRIBUTES = ["a", "b", "n", "s", "c", "one", "two", "year", "index", "items", "first", "mro"]
_CALLED = sorted({*METHODS, *JSON, *RE, *MATCH, "now", "get", "shift", "to", "cycle", "changed"})
_FILTERS, _TESTS = [*FILTERS, *ESCAPES], [*TESTS]
_REFUSED = [
    "1e999",
    "x.__class__",
    "x|attr('y')",
    "x|safe",
    "x is callable",
    "x.encode()",
    "name()",
    "x['upper']()",
    "x|map('-toll')",
]
_OPERATORS = ["+", "-", "*", "/", "//", "%", "**", "~", "==", "<", ">=", "in", "not in", "and", "or"]
_STATEMENTS = [
    "{{ VALUE }}",
    "{{ VALUE }}INNER",
    "{% for x in VALUE %}INNER{% endfor %}",
    "{% for x, y in VALUE if x %}INNER{% else %}none{% endfor %}",
    "{% if VALUE %}INNER{% endif %}",
    "{% set x = VALUE %}INNER",
    "{% set x %}INNER{% endset %}{{ x }}",
    "{% macro m(x, y=1) %}INNER{% endmacro %}{{ m(VALUE) }}",
    "{% macro m(x) %}{{ caller() }}{% endmacro %}{% call m(VALUE) %}INNER{% endcall %}",
    "{% filter FILTER %}INNER{% endfilter %}",
    "{% with x = VALUE %}INNER{% endwith %}",
    "{% set ns = namespace(v=VALUE) %}{% for y in range(60) %}{% set ns.v = ns.v ~ ns.v %}INNER{% endfor %}{{ ns.v }}",
    "{% set ns = namespace(v=VALUE) %}{% for y in range(60) %}{% set ns.v = [ns.v, ns.v] %}{% endfor %}{{ ns.v == x }}",
]


class Maker:
    """Makes templates from a source of randomness; the same source makes the same templates."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng

    def template(self) -> str:
        """Return a template; one in eight is damaged."""
        text = "".join(self._statement(self._rng.randint(0, 3)) for _ in range(self._rng.randint(1, 4)))
        if self._rng.random() < 1 / 8:
            place = self._rng.randrange(len(text) + 1)
            text = (
                text[:place]
                + self._rng.choice(["{", "}", "%", "(", "'", "|", " ", "{{ ", "\x00"])
                + text[place + self._rng.randint(0, 3) :]
            )
        return text

    def _expression(self, depth: int) -> str:
        if self._rng.random() < 1 / 200:
            return self._rng.choice(_REFUSED)
        if depth <= 0:
            return self._rng.choice(_LITERALS if self._rng.random() < 1 / 2 else _NAMES)
        made = self._rng.choice((self._filtered, self._called, self._compound, self._looked_up))(depth - 1)
        return f"({made})" if self._rng.random() < 1 / 2 else made

    def _filtered(self, depth: int) -> str:
        value, filter_ = self._expression(depth), self._rng.choice(_FILTERS)
        return f"{value}|{filter_}{self._arguments(depth - 1) if self._rng.random() < 1 / 2 else ''}"

    def _called(self, depth: int) -> str:
        if self._rng.random() < 1 / 5:
            return f"{self._rng.choice(['range', 'dict', 'namespace'])}{self._arguments(depth)}"
        return f"{self._expression(depth)}.{self._rng.choice(_CALLED)}{self._arguments(depth)}"

    def _arguments(self, depth: int) -> str:
        given = [self._expression(depth) for _ in range(self._rng.choice((0, 1, 1, 2, 3)))]
        if self._rng.random() < 1 / 4:
            name = self._rng.choice(["attribute", "default", "indent", "width", "length", "reverse", "start", "hours"])
            given.append(f"{name}={self._expression(0)}")
        return f"({', '.join(given)})"

    def _compound(self, depth: int) -> str:
        left, right = self._expression(depth), self._expression(depth)
        forms = [
            f"{left} {self._rng.choice(_OPERATORS)} {right}", f"[{left}, {right}]", f"{{{left}: {right}}}", f"-{left}", f"not {left}",
            f"{left} if {right} else {left}", f"{left} is {self._rng.choice(_TESTS)}", f"{left}[{right}:]", f"{left}[{right}]",
        ]  # fmt: skip
        return self._rng.choice(forms)

    def _looked_up(self, depth: int) -> str:
        return f"{self._expression(depth)}.{self._rng.choice(_ATTRIBUTES)}"

    def _statement(self, depth: int) -> str:
        value, inner = self._expression(depth), self._statement(depth - 1) if depth > 0 else "text\\n"
        form = self._rng.choice(_STATEMENTS).replace("FILTER", self._rng.choice(_FILTERS))
        return form.replace("VALUE", value).replace("INNER", inner)


def outcome(template: str, escape: Callable[[str], str] = str) -> tuple[str, str, float]:
    """Return what became of a template (refused, failed, rendered), its text or why not, and the seconds of CPU it took."""
    begun = time.thread_time()
    refused = check_template(template)
    if refused is not None:
        return "refused", refused, time.thread_time() - begun
    errors: list[str] = []
    made = caught(lambda: run(template, FACTS, escape), "", "template", errors)
    return (
        ("failed", errors[0], time.thread_time() - begun) if errors else ("rendered", made, time.thread_time() - begun)
    )


def shows_python(text: str) -> bool:
    """Return True if a text shows an object of Python."""
    return any(
        sign in text
        for sign in (" object at 0x", "<class ", "<function ", "<built-in ", "<bound ", "functools.partial(")
    )


def main() -> None:
    """Report what became of the templates, the slowest of them and the memory that all took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--templates", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    maker, counts, slowest = Maker(random.Random(given.seed)), Counter[str](), (0.0, "")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for _ in range(given.templates):
        template = maker.template()
        kind, text, seconds = outcome(template)
        counts[kind] += 1
        slowest = max(slowest, (seconds, template))
        text.encode()
        assert not shows_python(text), template
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"{given.templates} templates: {dict(sorted(counts.items()))}, slowest {slowest[0]:.3f} s of CPU, peak memory +{grown:.0f} MiB"
    )
    print(f"slowest: {slowest[1][:500]}")


if __name__ == "__main__":
    main()
