"""What is looked for is found among alerts, people, shields, rules and refused records; who sees one business finds its alerts alone."""

import json
from contextlib import closing

import msgspec
import pytest

from flows.console.finding import MOST, find
from flows.console.letters import OF_ONE_REASON, TAIL, letters_of, letters_with
from flows.console.telling import EARLIER, alert_view
from flows.settings.settings import Settings
from operators.intake.changes import Changes
from operators.model.reason import DeadReason
from operators.model.records import DeadLetter
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.operators.rules.books import book_of
from tests.sinks.store.samples import NOW, alert, shield

MD5 = f"{1:032x}"
BOOK = book_of(
    strategies=[{"id": 1, "name": "CPU usage"}],
    user_groups=[{"id": "ops", "name": "Operations", "users": ["ann", "Anton"]}],
    shields=[{"id": "weekend", "category": "scope", "scope_type": "biz", "bk_biz_id": 2, "begin_time": NOW, "end_time": NOW + 9}],
)  # fmt: skip


@pytest.fixture
def store(tmp_path):
    """Two alerts of one fingerprint in two businesses, one of another, and a shield set by command."""
    with closing(SqliteStore(tmp_path / "store.sqlite3")) as made:
        alerts = [alert(1), alert(2, dedupe_md5=MD5, bk_biz_id=3), alert(3, alert_name="Disk full", bk_biz_id=3)]
        made.write(Batch(alerts=alerts, shields=[shield("Weekly")]))
        yield made


@pytest.fixture
def settings(tmp_path):
    return msgspec.convert(
        {"dead_letters": str(tmp_path / "refused.jsonl"), "recovery": {"directory": "none"}}, Settings
    )


def letter(position, *, reason=DeadReason.NOT_JSON, raw="{", detail="", time=NOW, source="events.jsonl"):
    return DeadLetter(time=time, source=source, position=str(position), reason=reason, detail=detail, raw=raw)


def refuse(settings, *letters, before=b""):
    with open(settings.dead_letters, "wb") as file:  # noqa: PTH123 - a path of the settings
        file.write(before)
        file.writelines(msgspec.json.encode(one) + b"\n" for one in letters)


# --- refused records


def test_without_a_file_nothing_was_refused(settings):
    assert letters_of(settings, BOOK, NOW) == ((), False)


def test_refused_records_are_told_by_reason_the_most_frequent_first_and_the_newest_of_each(settings):
    many = [letter(number) for number in range(OF_ONE_REASON + 2)]
    refuse(settings, many[0], letter("x", reason=DeadReason.TOO_LARGE), *many[1:])
    (first, second), is_tail = letters_of(settings, BOOK, NOW)
    assert (first.reason, first.count, second.reason, second.count) == ("not_json", OF_ONE_REASON + 2, "too_large", 1)
    assert [one.letter.position for one in first.newest] == ["6", "5", "4", "3", "2"]
    assert not is_tail


def test_lines_that_are_no_letters_are_left_out(settings):
    refuse(settings, letter(1), before=b"\n{}\nnot json\n\xff\n[1]\n")
    (only,), _ = letters_of(settings, BOOK, NOW)
    assert only.count == 1


def test_of_a_large_file_the_newest_part_is_read_and_that_is_said(settings):
    refuse(settings, letter("old"), letter("long", raw="x" * TAIL), letter("new"))
    (only,), is_tail = letters_of(settings, BOOK, NOW)
    assert ([one.letter.position for one in only.newest], is_tail) == (["new"], True)


EVENT = {
    "event_id": "e",
    "plugin_id": "p",
    "alert_name": "a",
    "severity": 2,
    "status": "ABNORMAL",
    "time": NOW,
    "bk_biz_id": 2,
}


@pytest.mark.parametrize(
    ("one", "is_judged"),
    [
        (letter(1, raw=json.dumps(EVENT)), True),
        (letter(1, raw="{"), True),
        (letter("alert a1", reason=DeadReason.REFUSED_BY_STORE, source="store", raw="{}"), False),
    ],
    ids=["an-event", "nonsense", "refused-by-the-store"],
)
def test_a_record_is_judged_anew_unless_the_job_never_took_it_in(settings, one, is_judged):
    refuse(settings, one)
    (only,), _ = letters_of(settings, BOOK, NOW)
    assert (only.newest[0].now is not None) is is_judged


@pytest.mark.parametrize(
    ("text", "found"), [("needle", ["3", "1"]), ("hay", ["2"]), ("none", []), ("NEEDLE", [])], ids=str
)
def test_refused_records_are_found_by_what_they_hold_the_newest_first(settings, tmp_path, text, found):
    refuse(settings, letter(1, raw="a needle"), letter(2, raw="hay"), letter(3, detail="no needle"))
    assert [one.position for one in letters_with(tmp_path / "refused.jsonl", text, 9)] == found
    assert [one.position for one in letters_with(tmp_path / "refused.jsonl", text, 1)] == found[:1]


# --- find


def names(found):
    return [int(one.id[10:], 16) for one in found.alerts]


@pytest.mark.parametrize(
    ("q", "alerts"),
    [
        (alert(3).id, [3]),
        (MD5, [2]),
        ("disk", [3]),
        ("biz:3", [3, 2]),
        ("status:nonsense", []),
        ("", []),
    ],
    ids=["id", "fingerprint", "word", "field", "no-query", "nothing"],
)
def test_an_alert_is_found_by_id_by_fingerprint_the_newest_and_by_words(store, settings, q, alerts):
    assert names(find(store, BOOK, settings, q)) == alerts


@pytest.mark.parametrize(
    ("q", "field", "found"),
    [
        ("ANN", "people", ("ann",)),
        ("an", "people", ("Anton", "ann")),
        ("week", "shields", ("Weekly", "weekend")),
        ("nobody", "people", ()),
    ],
)
def test_people_and_shields_are_found_by_a_part_of_their_names(store, settings, q, field, found):
    assert sorted(getattr(find(store, BOOK, settings, q), field)) == sorted(found)


def test_rules_and_refused_records_are_found_too(store, settings):
    refuse(settings, letter(1, raw="about usage"))
    found = find(store, BOOK, settings, "usage")
    assert [(one.kind, one.id) for one in found.rules] == [("strategies", "1")]
    assert [one.position for one in found.letters] == ["1"]


def test_who_sees_one_business_finds_its_alerts_and_nothing_that_is_of_all(store, settings):
    refuse(settings, letter(1, raw="disk"))
    found = find(store, BOOK, settings, "disk", ("2",))
    assert found == type(found)("disk")
    assert names(find(store, BOOK, settings, MD5, ("2",))) == [1]
    assert find(store, BOOK, settings, "ann", ("2",)).people == ()


def test_only_so_many_alerts_are_found(store, settings):
    store.write(Batch(alerts=[alert(number + 10, alert_name="Flood") for number in range(MOST + 1)]))
    assert len(find(store, BOOK, settings, "flood").alerts) == MOST


# --- the page of an alert


@pytest.mark.parametrize(("businesses", "earlier"), [((), [2]), (("2",), []), (("2", "3"), [2])], ids=str)
def test_others_of_a_fingerprint_are_shown_to_who_may_see_them(store, settings, businesses, earlier):
    view = alert_view(store, alert(1).id, BOOK, settings, NOW + 9, businesses)
    assert [int(one.id[10:], 16) for one in view.earlier] == earlier


def test_an_alert_of_another_business_is_not_there(store, settings):
    assert alert_view(store, alert(3).id, BOOK, settings, NOW, ("2",)) is None
    assert alert_view(store, "none", BOOK, settings, NOW) is None


def test_the_newest_others_of_a_fingerprint_are_shown_and_only_so_many(store, settings):
    ended = {"dedupe_md5": MD5, "status": "CLOSED", "end_time": NOW + 500}
    store.write(Batch(alerts=[alert(number + 10, **ended) for number in range(EARLIER + 2)]))
    view = alert_view(store, alert(1).id, BOOK, settings, NOW + 999)
    assert [int(one.id[10:], 16) for one in view.earlier] == list(range(EARLIER + 11, 11, -1))


@pytest.mark.parametrize(("version", "changed"), [("", False), (BOOK.version, False), ("another", True)])
def test_rules_that_are_not_those_of_the_alert_are_said_to_be_others(store, settings, version, changed):
    store.write(Batch(alerts=[alert(20, rules_version=version)]))
    assert alert_view(store, alert(20).id, BOOK, settings, NOW).rules_changed is changed


def test_a_shield_set_by_command_is_no_change_of_the_rules(store, settings, monkeypatch):
    by_command = Changes(
        {"shields": {"s": {**shield("s").shield, "bk_biz_id": 2, "dimension_config": {"name": ["x"]}}}}
    )
    monkeypatch.setattr("flows.console.telling.last_changes", lambda _: by_command)
    versions = {BOOK.version, by_command.over(BOOK, None).version}
    assert len(versions) == 2
    for number, version in enumerate(sorted(versions), 30):
        store.write(Batch(alerts=[alert(number, rules_version=version)]))
        assert not alert_view(store, alert(number).id, BOOK, settings, NOW).rules_changed
