"""From a form to commands: until when, who, why, and for which alerts."""

from contextlib import closing
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from flows.console.chosen import MOST, Chosen, chosen
from flows.console.deeds import LONGEST_TEXT, command_ids, commands_of, message_of, shields_asked
from flows.console.until import end_of, tomorrow
from flows.gateway.service import AnswerError
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.sinks.store.samples import NOW, alert

UTC, SHANGHAI, BERLIN = (ZoneInfo(name) for name in ("UTC", "Asia/Shanghai", "Europe/Berlin"))


def at(text, zone=UTC):
    return int(datetime.fromisoformat(text).replace(tzinfo=zone).timestamp())


@pytest.mark.parametrize(
    ("given", "end"),
    [
        ({"for": "1h"}, NOW + 3600),
        ({"for": "4h"}, NOW + 4 * 3600),
        ({"for": "tomorrow"}, at("2025-11-24T09:00")),
        ({"until": "2025-11-23T13:00"}, at("2025-11-23T13:00")),
        ({"until": "2025-11-23T13:00", "for": "1h"}, at("2025-11-23T13:00")),
        ({"until": "  ", "for": "1h"}, NOW + 3600),
        ({"until": "2025-11-23T13:00+00:30"}, at("2025-11-23T12:30")),
    ],
)
def test_an_end_is_a_moment_or_a_span_from_now(given, end):
    assert end_of(given, NOW, UTC) == end


def test_a_moment_is_on_the_clocks_of_the_business():
    assert end_of({"until": "2025-11-23T21:00"}, NOW, SHANGHAI) == at("2025-11-23T13:00")


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({}, "for: one of 1h, 4h, tomorrow"),
        ({"for": ""}, "for: one of 1h, 4h, tomorrow"),
        ({"for": "open"}, "for: one of 1h, 4h, tomorrow"),
        ({"for": "2h"}, "for: one of 1h, 4h, tomorrow"),
        ({"until": "soon"}, "until: soon is no moment"),
        ({"until": "9" * 200}, f"until: {'9' * 40} is no moment"),
        ({"until": "2025-11-23T12:13:20"}, "until: this moment is over"),
        ({"until": "2025-11-23T12:00"}, "until: this moment is over"),
    ],
)
def test_what_is_no_end_is_refused_with_the_reason(given, why):
    with pytest.raises(AnswerError) as told:
        end_of(given, NOW, UTC)
    assert (told.value.status, str(told.value)) == (422, why)


@pytest.mark.parametrize("given", [{}, {"for": "open"}])
def test_an_ack_may_be_without_an_end(given):
    assert end_of(given, NOW, UTC, may_be_open=True) is None
    with pytest.raises(AnswerError, match="for: one of 1h, 4h, tomorrow, open"):
        end_of({"for": "x"}, NOW, UTC, may_be_open=True)


@pytest.mark.parametrize(
    ("now", "zone", "morning"),
    [
        ("2025-11-23T00:00", UTC, "2025-11-24T09:00"),
        ("2025-11-23T23:59:59", UTC, "2025-11-24T09:00"),
        ("2025-12-31T12:00", SHANGHAI, "2026-01-01T09:00"),
        ("2025-10-25T12:00", BERLIN, "2025-10-26T09:00"),  # clocks go back in that night
        ("2025-03-29T12:00", BERLIN, "2025-03-30T09:00"),
    ],
)
def test_tomorrow_is_the_next_mornings_nine_of_the_zone(now, zone, morning):
    assert tomorrow(at(now, zone), zone) == at(morning, zone)


@pytest.mark.parametrize("given", [{}, {"message": ""}, {"message": " \n "}])
def test_a_deed_without_a_reason_is_refused(given):
    with pytest.raises(AnswerError, match="say why, in a few words"):
        message_of(given)


def test_of_an_endless_reason_only_the_beginning_is_kept():
    assert message_of({"message": "  " + "x" * (LONGEST_TEXT + 1)}) == "x" * LONGEST_TEXT


def made(deed, *alerts, **form):
    given = {"message": "why", **form}
    return commands_of(deed, alerts or (alert(1), alert(2)), given, who="ann", now=NOW, zone=UTC)


@pytest.mark.parametrize("deed", ["unack", "close", "comment"])
def test_a_deed_is_one_command_an_alert(deed):
    assert made(deed) == [{"command": deed, "alert_id": one.id, "message": "why"} for one in (alert(1), alert(2))]


def test_an_ack_has_its_end_if_one_was_chosen():
    assert made("ack", alert(1)) == [{"command": "ack", "alert_id": alert(1).id, "message": "why"}]
    assert made("ack", alert(1), **{"for": "1h"})[0]["until"] == NOW + 3600


@pytest.mark.parametrize("text", ["bob cleo", "bob,cleo", " bob;cleo, ", "bob\ncleo"])
def test_an_alert_is_assigned_to_everybody_who_is_named(text):
    assert [one["appointee"] for one in made("assign", alert(1), users=text)] == [["bob", "cleo"]]


@pytest.mark.parametrize("text", ["", "  ", ",;"])
def test_an_alert_is_assigned_to_somebody(text):
    with pytest.raises(AnswerError, match="to whom"):
        made("assign", users=text)


def test_a_shield_names_who_set_it_when_and_until_when():
    (one,) = made("shield", alert(1), **{"for": "1h"})
    assert (one["command"], one["message"]) == ("shield", "why")
    shield = one["shield"]
    assert shield["id"].startswith(f"ann-1123-121320-{alert(1).id[-4:]}")
    assert (shield["begin_time"], shield["end_time"]) == (NOW, NOW + 3600)


@pytest.mark.parametrize(
    ("form", "why"), [({"scope": "all", "for": "1h"}, "scope: one of "), ({"for": "open"}, "for: one of ")]
)
def test_a_shield_over_everything_or_without_an_end_is_refused(form, why):
    with pytest.raises(AnswerError, match=why):
        shields_asked([alert(1)], {"message": "why", **form}, who="ann", now=NOW, zone=UTC)


@pytest.mark.parametrize(
    ("first", "ids"),
    [
        ("0" * 32, ["0" * 32, "0" * 31 + "1", "0" * 31 + "2"]),
        ("f" * 32, ["f" * 32, "0" * 32, "0" * 31 + "1"]),
        ("0" * 30 + "ff", ["0" * 30 + "ff", "0" * 29 + "100", "0" * 29 + "101"]),
    ],
)
def test_commands_of_one_deed_have_ids_that_follow_each_other(first, ids):
    assert command_ids(first, 3) == ids


@pytest.fixture
def store(tmp_path):
    with closing(SqliteStore(tmp_path / "store.sqlite3")) as made:
        made.write(
            Batch(
                alerts=[
                    alert(1, alert_name="A"), alert(2, alert_name="A", bk_biz_id=3), alert(3, alert_name="B: b"),
                    alert(4, alert_name="A", status="RECOVERED", end_time=NOW + 9),
                ]
            )
        )  # fmt: skip
        yield made


def named(store, **what):
    return sorted(int(one.id[10:], 16) for one in chosen(store, Chosen(**what)))


@pytest.mark.parametrize(
    ("what", "found"),
    [
        ({"ids": (alert(3).id, alert(1).id, alert(3).id)}, [1, 3]),
        ({"ids": (alert(4).id,)}, [4]),
        ({"ids": (alert(3).id, "gone")}, [3]),
        ({"folds": ("name:A",)}, [1, 2]),
        ({"folds": ("name:B: b",)}, [3]),
        ({"folds": ("name:A",), "ids": (alert(1).id, alert(3).id)}, [1, 2, 3]),
        ({"folds": ("name:A",), "q": "biz:3"}, [2]),
        ({"folds": ("name:A",), "businesses": ("2",)}, [1]),
        ({"ids": (alert(1).id, alert(2).id), "businesses": ("2",)}, [1]),
        ({"folds": ("strategy:1",)}, [1, 2, 3]),
    ],
    ids=["each-once", "an-ended-one-by-its-id", "one-is-gone", "a-fold-of-open-ones", "a-name-with-a-colon", "both",
         "within-the-query", "a-fold-within-businesses", "ids-within-businesses", "by-strategy"],
)  # fmt: skip
def test_alerts_are_chosen_by_id_and_by_fold(store, what, found):
    assert named(store, **what) == found


@pytest.mark.parametrize(
    ("what", "status", "why"),
    [
        ({}, 404, "no alert is chosen"),
        ({"ids": ("gone",)}, 404, "no alert gone"),
        ({"ids": (alert(2).id,), "businesses": ("2",)}, 404, f"no alert {alert(2).id}"),
        ({"folds": ("name:none",)}, 404, "no alert is chosen"),
        ({"folds": ("person:ann",)}, 400, "person:ann: no fold of this console"),
        ({"folds": ("name",)}, 404, "no alert is chosen"),
        ({"ids": ("x",) * (MOST + 1)}, 422, f"{MOST + 1} alerts; at most {MOST} at once"),
    ],
    ids=["nothing", "gone", "of-another-business", "an-empty-fold", "no-fold", "a-fold-of-no-name", "too-many"],
)
def test_what_cannot_be_chosen_is_refused_with_the_reason(store, what, status, why):
    with pytest.raises(AnswerError) as told:
        chosen(store, Chosen(**what))
    assert (told.value.status, str(told.value)) == (status, why)


@pytest.mark.parametrize(("count", "fits"), [(MOST, True), (MOST + 1, False)])
def test_only_so_many_alerts_of_a_fold_are_acted_on_at_once(tmp_path, count, fits):
    with closing(SqliteStore(tmp_path / "store.sqlite3")) as store:
        store.write(Batch(alerts=[alert(number + 1, alert_name="A") for number in range(count)]))
        if fits:
            assert len(chosen(store, Chosen(folds=("name:A",)))) == count
        else:
            with pytest.raises(AnswerError, match=f"more than {MOST} alerts; choose fewer, or shield them by name"):
                chosen(store, Chosen(folds=("name:A",)))
