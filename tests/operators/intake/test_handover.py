"""What passes between stages and jobs: its time, its slot, its bytes (design.md 5; docs/jobs.md)."""

import msgspec
import pytest

from operators.intake.decode import Refusal
from operators.intake.handover import Party, Planned, Stands, horizon, read_handed, slot_of_handed, time_of
from operators.model.check import Check, CheckResult
from operators.model.memory import Told
from operators.model.records import Message
from operators.model.settings import ConvergeSettings, CoreSettings
from operators.model.slot import slot_of_business
from operators.rules.ask.inhibition import Side
from tests.operators.check.made import T0, alert, event
from tests.operators.plan.told import action

MESSAGE = Message(
    time=7, way="mail", receivers=("a",), followed=False, signal="shield", notice_type="normal", collect_type="action",
    alert_ids=(), action_ids=(), bk_biz_id="3",
)  # fmt: skip
PLANNED = Planned(
    alert(), action(bk_biz_id=3), 7, target=(Side("1", "x", True),), told=Told("1", "normal", {"mail": ["a"]})
)
STANDS, PARTY = Stands(alert(bk_biz_id=3), 7), Party(alert(bk_biz_id="3"), 7, (Side("1", "x"),))
HANDED = [MESSAGE, PLANNED, STANDS, PARTY]
KINDS = ["message", "planned", "stands", "party"]


@pytest.mark.parametrize("handed", HANDED, ids=KINDS)
def test_all_that_may_be_merged_meets_in_the_slot_of_its_business(handed):
    assert (time_of(handed), slot_of_handed(handed)) == (7, slot_of_business("3"))


@pytest.mark.parametrize("handed", HANDED, ids=KINDS)
def test_what_a_job_hands_over_another_reads(handed):
    assert read_handed(msgspec.json.encode(handed), "planned") == handed


@pytest.mark.parametrize(
    "keyed",
    [event(id="a", dedupe_md5="b" * 32, at=T0), Check("b" * 32, CheckResult(time=T0, anomaly=True, level=2), event())],
    ids=["an event", "a check"],
)
def test_what_a_job_names_another_reads(keyed):
    assert read_handed(msgspec.json.encode(keyed), "keyed") == keyed


@pytest.mark.parametrize("kind", ["keyed", "planned"])
@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"\xff", b'{"stands":1}', b'{"dedupe_md5":5}', b"[" * 9999],
    ids=["empty", "cut", "a list", "no utf-8", "a number", "no text", "deep"],
)
def test_what_no_job_wrote_is_refused(raw, kind):
    found = read_handed(raw, kind)
    assert isinstance(found, Refusal)
    assert (found.reason, found.detail[:35]) == ("wrong_type", "not written by a job of this versio")


def test_an_event_whose_severity_is_still_a_word_was_named_by_no_job():
    raw = msgspec.json.encode(event(id="a", dedupe_md5="b" * 32, at=T0))
    found = read_handed(raw.replace(b'"severity":2', b'"severity":"warning"'), "keyed")
    assert isinstance(found, Refusal)
    assert found.reason == "wrong_type"


def test_a_summary_may_name_an_alert_until_both_windows_and_a_look_have_passed():
    settings = CoreSettings(converge=ConvergeSettings(window=100, delay=20), check_interval=10)
    assert horizon(settings) == 150
