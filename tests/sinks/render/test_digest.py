"""A digest tells late notices by title, each once, and how their alerts stand now (design 7.64)."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from operators.deliver.digest import Late
from operators.model.records import Notice
from sinks.render.digest import ROWS, digest_words
from sinks.render.words import words
from tests.sinks.render.given import NOW, alert

EN = words("en")


def notice(number, title="CPU on web-1", at=0, alerts=("a1",)):
    return Notice(
        id=f"n{number}", time=NOW + at, way="sms", receivers=("ann",), followed=False, signal="abnormal",
        notice_type="normal", collect_type="action", alert_ids=alerts, action_ids=(f"x{number}",), title=title,
        content="text",
    )  # fmt: skip


def told(notices, known=None, *, way="sms", zone=UTC, language=EN):
    title, content = digest_words(Late(way, ("ann",), tuple(notices)), known or {}, language, zone)
    return title, content.splitlines()


def test_the_title_counts_the_notices_and_says_since_when():
    title, lines = told([notice(1), notice(2, at=60)])
    assert title == EN.phrases["digest_title"].format(count=2, time="2023-11-14 22:14:20+00:00")
    assert lines[:2] == [title, EN.phrases["digest_lead"]]


def test_times_are_those_of_the_zone():
    assert "2023-11-15 06:14:20+08:00" in told([notice(1)], zone=ZoneInfo("Asia/Shanghai"))[0]


def test_notices_of_one_title_are_one_line_with_the_time_of_the_last():
    _, lines = told([notice(1), notice(2, "Disk on db-1", at=5), notice(3, at=60)])
    assert len(lines) == 4
    assert lines[2].startswith("2023-11-14 22:15:20+00:00 CPU on web-1")
    assert EN.phrases["digest_times"].format(count=2) in lines[2]
    assert lines[3] == "2023-11-14 22:14:25+00:00 Disk on db-1"


def test_it_says_how_the_alerts_stand_now_each_counted_once():
    known = {"a1": alert(1), "a2": alert(2, status="RECOVERED"), "a3": alert(3, status="RECOVERED")}
    _, lines = told([notice(1, alerts=("a1", "a2")), notice(2, alerts=("a2", "a3", "gone"))], known)
    states = EN.list_separator.join([f"1 {EN.states['ABNORMAL']}", f"2 {EN.states['RECOVERED']}"])
    assert lines[2].endswith(EN.phrases["digest_now"].format(states=states))


def test_of_alerts_that_nobody_knows_any_more_nothing_is_said():
    assert told([notice(1)])[1][2].endswith("CPU on web-1")


@pytest.mark.parametrize(("titles", "rows", "more"), [(ROWS, ROWS, 0), (ROWS + 1, ROWS, 1), (ROWS + 9, ROWS, 9)])
def test_only_so_many_titles_are_shown_and_the_rest_is_counted(titles, rows, more):
    _, lines = told([notice(number, f"title {number}") for number in range(titles)])
    assert [line.rpartition(" ")[2] for line in lines[2 : 2 + rows]] == [str(number) for number in range(rows)]
    assert lines[2 + rows :] == ([EN.phrases["digest_more"].format(count=more)] if more else [])


@pytest.mark.parametrize(
    ("way", "line"),
    [
        ("mail", "&lt;b&gt; &amp; *x*"),
        ("sms", "<b> & *x*"),
        ("wxwork-bot", r"&lt;b> & \*x\*"),
    ],
)
def test_titles_are_escaped_for_the_way(way, line):
    _, lines = told([notice(1, "<b> & *x*")], way=way)
    assert lines[2].removesuffix("<br>").endswith(line)
