"""The words of a rule file: what each becomes, and why it is refused (rules.md)."""

from zoneinfo import ZoneInfo

import pytest

from operators.rules.shapes import words
from operators.rules.shapes.nearest import FURTHEST, MOST, nearest
from operators.rules.shapes.shape import converter, place_text
from operators.rules.shapes.words import FOREVER, Reading

SHANGHAI = ZoneInfo("Asia/Shanghai")


def read(word, value):
    """Return what a value becomes, or the reason why it is refused."""
    reading = Reading(SHANGHAI, lambda text: "odd" if text == "{{" else None)
    found = converter(getattr(words, word))(value, reading)
    return reading.errors[0][1] if reading.errors else found


@pytest.mark.parametrize(
    ("word", "value", "found"),
    [
        ("Id", 0, "0"), ("Id", -5, "-5"), ("Id", "a b", "a b"), ("Plain", 1.5, "1.5"), ("Plain", True, "true"), ("Plain", False, "false"),
        ("Plain", "", ""), ("Way", "MAIL", "mail"), ("Way", "WeChat", "weixin"), ("Way", "phone", "voice"), ("DayTime", "00:00", "00:00"),
        ("DayTime", "23:59:59", "23:59:59"), ("DayTimeOrEmpty", "", ""), ("DayRange", " 09:00 -- 18:00 ", "09:00--18:00"),
        ("DayRange", "22:00--06:00", "22:00--06:00"), ("WorkTime", "09:00--18:00", "09:00--18:00"), ("WorkTime", "01 09:00--31 18:00", "01 09:00--31 18:00"),
        ("DateRange", "2026-01-01 -- 2026-01-31", "2026-01-01--2026-01-31"), ("DateRange", "2026-01-01--2026-01-01", "2026-01-01--2026-01-01"),
        ("Moment", 0, 0), ("Moment", FOREVER, FOREVER), ("Moment", "1970-01-01T08:00:00", 0), ("Moment", "1970-01-01T08:00:00+08:00", 0),
        ("Moment", "1970-01-01T00:00:00.9Z", 0), ("LastMoment", "1970-01-01T08:00", 59), ("LastMoment", "1970-01-01 08:00:00", 0),
        ("LastMoment", "1970-01-01T00:00Z", 59), ("LastMoment", 7, 7), ("LastMoment", "2100-01-01T00:00Z", FOREVER),
        ("LocalMoment", 0, "1970-01-01 00:00:00+00:00"), ("LocalMoment", "2026-01-31T09:00", "2026-01-31 09:00:00"),
        ("LocalMoment", "2026-01-31T09:00:00.5+08:00", "2026-01-31 09:00:00+08:00"), ("Zone", "Asia/Shanghai", "Asia/Shanghai"), ("Language", "", ""),
        ("Language", "zh-Hans", "zh-Hans"), ("Template", "{{ a }}", "{{ a }}"), ("Person", "user#a#b", "user#a#b"), ("Person", "group#operator", "group#operator"),
        ("Node", "module|28", "module|28"), ("Node", {"bk_obj_id": "set", "bk_inst_id": 3}, "set|3"), ("NodeOrEmpty", None, ""), ("NodeOrEmpty", "", ""),
        ("Severity", 1, 1), ("Severity", 3, 3), ("Count", 1, 1), ("Amount", 0, 0), ("WeekDay", 7, 7), ("MonthDay", 31, 31), ("Percent", 0, 0), ("Percent", 100, 100),
        ("Path", "", ""), ("Pattern", "a.*", "a.*"),
    ],
    ids=lambda value: repr(value)[:28],
)  # fmt: skip
def test_what_a_word_becomes(word, value, found):
    assert read(word, value) == found


@pytest.mark.parametrize(
    ("word", "value", "reason"),
    [
        ("Id", "", "an id cannot be empty"), ("Id", True, "expected an id (text or an integer), got a flag"),
        ("Id", 1.0, "expected an id (text or an integer), got a number"), ("Id", None, "expected an id (text or an integer), got nothing"),
        ("Plain", [], "expected text or a number, got a list"), ("Way", "mial", "unknown notice way 'mial'; did you mean 'mail'?"),
        ("DayTime", "24:00", "not a time of day"), ("DayTime", "9:00", "not a time of day"), ("DayTime", "09:60", "not a time of day"),
        ("DayTime", "09:00 ", "not a time of day"), ("DayTime", 900, "not a time of day"), ("DayRange", "09:00", "not a range of times"),
        ("DayRange", "09:00--10:00--11:00", "not a range of times"), ("WorkTime", "32 09:00--33 10:00", "not a work time"),
        ("WorkTime", "00 09:00--01 10:00", "not a work time"), ("DateRange", "2026-02-30--2026-03-01", "not a date and time"),
        ("DateRange", "2026-1-1--2026-1-2", "not a range of dates"), ("DateRange", "2026-02-01--2026-01-31", "ends before it begins"),
        ("Moment", -1, "not between 1970 and 2100"), ("Moment", FOREVER + 1, "not between 1970 and 2100"), ("Moment", 1.5, "not a date and time (2026-01-31 09:00:00, or with T and an offset) but a number: 1.5"),
        ("Moment", True, "not a date and time (2026-01-31 09:00:00, or with T and an offset) but a flag: True"), ("Moment", "0001-01-01T00:00:00", "not between 1970 and 2100"), ("Moment", "soon", "not a date and time"),
        ("LocalMoment", "1969-12-31 00:00:00", "not between 1970 and 2100"), ("Zone", "Mars/Base", "unknown time zone"), ("Zone", "../etc/passwd", "unknown time zone"),
        ("Zone", "", "unknown time zone"), ("Language", "e", "not a language code"), ("Template", "{{", "template: odd"), ("Person", "user#", "not a receiver"),
        ("Person", "role#a", "not a receiver"), ("Node", "module", "not a topology node"), ("Node", "a|b|c", "not a topology node"),
        ("Node", {"bk_obj_id": "a"}, "not a topology node"), ("Severity", 0, "expected at least 1, got 0"), ("Severity", 4, "expected at most 3, got 4"),
        ("Severity", True, "expected an integer, got a flag"), ("Count", 0, "expected at least 1, got 0"), ("Amount", -1, "expected at least 0, got -1"),
        ("Amount", 2**63, "the integer is too great"), ("WeekDay", 8, "expected at most 7"), ("MonthDay", 32, "expected at most 31"), ("Percent", 101, "expected at most 100"),
        ("Path", "a[", "not a path (JMESPath) 'a['"), ("Pattern", "(", "invalid pattern '('"), ("Pattern", r"(?=a)", "invalid pattern"),
    ],
    ids=lambda value: repr(value)[:28],
)  # fmt: skip
def test_why_a_word_is_refused(word, value, reason):
    assert read(word, value).startswith(reason)


@pytest.mark.parametrize(
    ("value", "is_local"),
    [("2026-01-31T09:00:00", True), ("2026-01-31T09:00:00Z", False), (5, False)],
    ids=["no offset", "offset", "seconds"],
)
def test_a_moment_without_an_offset_hangs_on_the_zone_of_its_reading(value, is_local):
    reading = Reading(SHANGHAI, lambda _: None)
    converter(words.Moment)(value, reading)
    assert reading.is_local is is_local


@pytest.mark.parametrize(
    ("place", "text"),
    [([], ""), (["a"], "a"), (["b", "a"], "a.b"), ([1, "a"], "a[1]"), (["b", 0, "a"], "a[0].b"), ([0], "[0]")],
    ids=str,
)
def test_a_place_reads_from_the_outside_in(place, text):
    assert place_text(place) == text


# --- did you mean


@pytest.mark.parametrize(
    ("name", "known", "said"),
    [
        ("sevrity", ["severity", "status"], "; did you mean 'severity'?"),
        ("SEVERITY", ["severity"], "; did you mean 'severity'?"),
        ("severity", ["Severity"], "; did you mean 'Severity'?"),
        ("colour", ["severity"], ""),
        ("x", [], ""),
        (5, ["severity"], ""),
    ],
    ids=["a letter less", "capitals", "small letters", "nothing near", "nothing known", "no text"],
)
def test_a_name_that_may_be_meant_is_asked_for(name, known, said):
    assert nearest(name, known) == said


def test_a_much_longer_name_is_not_meant_and_too_many_are_not_looked_at():
    assert nearest("abcdefgh", ["abcdefgh" + "i" * FURTHEST])
    assert not nearest("abcdefgh", ["abcdefgh" + "i" * (FURTHEST + 1)])
    many = [f"name{n}" for n in range(MOST)]
    assert nearest("nmae7", many)
    assert not nearest("nmae7", [*many, "more"])
