"""The difference of two replays as one page: no script, nothing from elsewhere, and a policy that forbids both."""

from base64 import b64encode
from datetime import UTC, datetime, tzinfo
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment

from flows.replay.charts import HEIGHT, WIDTH, by_hour_of_day, steps
from operators.compare.cause import Cause, Kind
from operators.compare.result import TITLES, Difference, Line, Story, Told, reason_of, subject_of
from sinks.render.pages import pages_in

FOLDER = Path(__file__).parents[2] / "templates" / "replay"
MOST_PEOPLE = 40
NAMED = (Kind.ONLY_OLD, Kind.ONLY_NEW, Kind.SEVERITY, Kind.ENDED)
"""Kinds of which the page lists the earliest differences."""


@cache
def _environment() -> Environment:
    made = pages_in(FOLDER)
    made.filters |= {"count": lambda number: f"{number:,}", "change": lambda number: f"{number:+,}"}
    made.globals |= {
        "titles": TITLES,
        "reason_of": _reason,
        "subject_of": subject_of,
        "width": WIDTH,
        "height": HEIGHT,
        "differs": _differs,
    }
    return made


def _reason(cause: Cause) -> str:
    return reason_of(cause).replace("->", "\N{RIGHTWARDS ARROW}")


def _differs(line: Line, other: Story) -> bool:
    """Return True if nothing of the kind stands in the story of the other side, whenever."""
    return not any((line.what, line.reason, line.text) == (one.what, one.reason, one.text) for one in other.lines)


def style() -> str:
    """Return the style sheet of the page."""
    return _environment().get_template("difference.css.jinja").render()


def policy() -> str:
    """Return the content security policy under which the page works: its own style sheet and nothing else."""
    digest = b64encode(sha256(style().encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def page_of(found: Difference, zone: tzinfo = UTC) -> str:
    """Return the page of a difference; times and hours of the day are those of the zone."""
    highest = max((max(abs(one.new - one.old), 1) for one in found.people[:MOST_PEOPLE]), default=1)
    view: dict[str, Any] = {
        "found": found,
        "style": style(),
        "policy": policy(),
        "zone": str(zone),
        "moment": lambda second: datetime.fromtimestamp(second, zone).strftime("%Y-%m-%d %H:%M:%S"),
        "day": lambda second: datetime.fromtimestamp(second, zone).strftime("%m-%d %H:%M"),
        "time": steps(found.hours),
        "day_hours": (day := by_hour_of_day(found.hours, zone)),
        "day_highest": max(max(bar.old, bar.new) for bar in day),
        "people": [_person(one, highest) for one in found.people[:MOST_PEOPLE]],
        "more_people": max(0, len(found.people) - MOST_PEOPLE),
        "heaviest": max((one.alerts + one.messages for one in found.causes), default=1),
        "named": [(kind, found.examples[kind], found.alerts[kind]) for kind in NAMED if kind in found.examples],
        "kinds": [(TITLES[kind], found.alerts[kind]) for kind in Kind],
    }
    return _environment().get_template("difference.html.jinja").render(view)


def _person(told: Told, highest: int) -> dict[str, Any]:
    change = told.new - told.old
    half = WIDTH / 2
    length = half * abs(change) / highest
    return {"told": told, "change": change, "x": half if change >= 0 else half - length, "length": length}


def write_page(found: Difference, path: Path, zone: tzinfo = UTC) -> None:
    """Write the page of a difference."""
    path.write_text(page_of(found, zone), encoding="utf-8", errors="replace")
