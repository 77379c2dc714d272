"""Lengths of time, ends and moments as they are typed, and what of them is refused with how to say it."""

import time
from datetime import datetime
from zoneinfo import ZoneInfo

import click
import pytest

from flows.cli.chosen import LISTED, called, in_short
from flows.cli.given import LATEST, LONGEST, read_end, read_moment, read_span, typed
from flows.cli.view import severity_text, shown
from flows.cli.waiting import in_words
from flows.replay.progress import Seen
from tests.sinks.store.samples import NOW, alert

BERLIN = ZoneInfo("Europe/Berlin")
CONTEXT = click.Context(click.Command("x"))
OPTION = click.Option(["--for"])


def read(reader, text):
    return reader(CONTEXT, OPTION, text)


@pytest.fixture
def berlin(monkeypatch):
    """A machine in Berlin."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None), ("1s", 1), ("45m", 2700), ("2h", 7200), ("3d", 3 * 86400), ("1h30m", 5400), ("1d12h", 129600),
        ("90m", 5400), ("366d", LONGEST), ("8784h", LONGEST),
    ],
)  # fmt: skip
def test_a_length_of_time_is_a_number_and_its_unit(text, seconds):
    assert read(read_span, text) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0m",
        "5",
        "m",
        "-1h",
        "1.5h",
        "1h 30m",
        " 1h",
        "1h ",
        "2H",
        "1w",
        "366d1s",
        "9999999d",
        "eternity",
        "\uff11h",
        "2h!",
    ],
)
def test_what_is_no_length_of_time_is_refused_with_how_to_say_it(text):
    with pytest.raises(click.BadParameter) as told:
        read(read_span, text)
    assert told.value.message == f"{text!r} is no length of time: give `45m`, `2h`, `3d`"
    assert told.value.param is OPTION


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("0", 0),
        (str(NOW), NOW),
        (str(LATEST), LATEST),
        ("2025-11-23", NOW - 13 * 3600 - 13 * 60 - 20),
        ("2025-11-23T13:13:20", NOW),
        ("2025-11-23T12:13:20+00:00", NOW),
        ("2025-11-23T12:13:20Z", NOW),
        ("2025-07-01T00:00", 1751320800),
        (None, None),
    ],
)
def test_a_moment_is_a_second_or_iso_text_in_the_zone_of_this_machine(berlin, text, moment):
    assert read(read_moment, text) == moment


@pytest.mark.parametrize(("text", "ago"), [("30s", 30), ("5m", 300), ("2h", 7200), ("3d", 259200), ("0s", 0)])
def test_a_moment_may_be_so_long_ago(text, ago):
    before = int(time.time())
    assert before - ago <= read(read_moment, text) <= int(time.time()) - ago


@pytest.mark.parametrize(
    "text", ["", "soon", "h", "-5", "1.5", "1h30m", str(LATEST + 1), "99999d", "2025-13-01", "12:30"]
)
def test_what_is_no_moment_is_refused_with_how_to_say_it(text):
    with pytest.raises(click.BadParameter) as told:
        read(read_moment, text)
    assert told.value.message == f"{text!r} is no time: give `2h`, `3d`, Unix seconds, or 2026-11-23T18:00"


@pytest.mark.parametrize(
    ("text", "moment"), [(None, None), (str(LATEST), LATEST), ("2099-01-01T00:00+00:00", 4070908800)]
)
def test_an_end_is_a_moment_to_come(text, moment):
    assert read(read_end, text) == moment


@pytest.mark.parametrize("text", ["00:00", "9:00", "09:00", "23:59"])
def test_an_end_may_be_the_next_time_the_clocks_show_a_time_of_day(berlin, text):
    before = int(time.time())
    end = read(read_end, text)
    assert before < end <= before + 25 * 3600
    assert datetime.fromtimestamp(end, BERLIN).strftime("%H:%M") == text.rjust(5, "0")


@pytest.mark.parametrize(
    "text", ["", "soon", "24:00", "12:60", "1:2", "2h", "0", "2001-01-01", str(LATEST + 1), "123:00"]
)
def test_what_is_no_end_is_refused_with_how_to_say_it(text):
    with pytest.raises(click.BadParameter) as told:
        read(read_end, text)
    assert told.value.message == f"{text!r} is no end: give a time to come: `09:00`, Unix seconds, or 2026-11-23T18:00"


@pytest.mark.parametrize(
    ("text", "found"), [("磁盘", "磁盘"), ("plain", "plain"), ("\udcff", "\ufffd"), ("\udce7\udca3\udc81", "磁")]
)
def test_what_a_locale_could_not_read_is_utf_8_or_a_mark(text, found):
    assert typed(text) == found


ALERTS = [alert(1), alert(2), alert(17)]


@pytest.mark.parametrize(
    ("part", "found"),
    [
        (alert(2).id, [2]),
        ("0011", [17]),
        ("0001", [1]),
        ("001", []),
        (str(NOW)[:6], [1, 2, 17]),
        ("0000000", []),
        ("", []),
    ],
)
def test_a_part_of_an_id_means_the_alerts_that_begin_or_end_with_it(part, found):
    assert called(part, ALERTS) == [one for one in ALERTS if int(one.id[10:], 16) in found]


@pytest.mark.parametrize(
    ("count", "more"), [(1, []), (LISTED, []), (LISTED + 1, ["  and 1 more"]), (50, ["  and 42 more"])]
)
def test_of_many_alerts_some_are_named(count, more):
    lines = in_short([alert(n + 1, event_changes={"target": "web-1"}) for n in range(count)])
    assert lines[0] == f"  {alert(1).id}  CPU usage on web-1"
    assert lines[min(count, LISTED) :] == more


def test_an_alert_without_a_target_says_so():
    assert in_short([alert(1, event_changes={"target": None})]) == [f"  {alert(1).id}  CPU usage on no target"]


@pytest.mark.parametrize(
    ("seen", "line"),
    [
        (Seen(), "reading 0 lines, 0 a second"),
        (Seen(lines=12345, rate=678), "reading 12,345 lines, 678 a second"),
        (Seen(lines=1, share=0.5), "reading  50%  1 lines, 0 a second"),
        (
            Seen(state="comparing", lines=1, share=1.0, at=NOW),
            "comparing 100%  1 lines, 0 a second, at 2025-11-23 12:13",
        ),
    ],
)
def test_how_far_a_replay_is_is_one_line(seen, line):
    assert in_words(seen) == line


@pytest.mark.parametrize(("severity", "word"), [(1, "fatal"), (2, "warning"), (3, "remind"), (7, "7")])
def test_a_severity_is_told_by_its_word(severity, word):
    assert severity_text(severity) == word


@pytest.mark.parametrize(
    ("text", "line"),
    [("plain", "plain"), ("a\nb\tc", "a b c"), ("\x1b[31mred", " [31mred"), ("[bold]x[/bold]", "[bold]x[/bold]"), (5, "5"), ("磁盘", "磁盘")],
)  # fmt: skip
def test_text_from_outside_is_one_line_without_control_and_markup(text, line):
    assert shown(text).plain == line
