"""`why` agrees with what a replay did, whatever happened."""

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from operators.explain.heard import ON_ITS_WAY, hearing
from operators.model.notice import NoticeDocument
from operators.model.reason import Reason
from operators.model.records import Action, Notice
from tests.replay.driver import T0, finished, lines_of, replay_of
from tests.replay.scenes import SERIES, SETTINGS, scenes
from tests.replay.test_laws import KNOWN

MANY = settings(
    max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.reuse, Phase.generate)
)
"""Not shrunk: that takes minutes of such scenes."""


@MANY
@given(scenes(KNOWN), st.integers(0, 5000))
def test_why_somebody_was_told_or_not_is_what_a_replay_did(lines, more):
    driver = replay_of(SERIES, SETTINGS)
    for one in lines_of(lines):
        driver.fold(one)
    last = max([0, *(line["at"] - T0 for line in lines if isinstance(line, dict))]) + more
    outcome = driver.outcome
    out = finished(driver, last)
    actions = [msgspec.convert(one, Action) for one in out.actions]
    notices = [as_document(one) for one in outcome.notices.values()]
    logged = {(entry["alert_id"], entry["reason"]) for entry in out.logs}
    for person in ("alice", "bob", "carol"):
        found = hearing(person, 0, T0 + last, actions, notices)
        assert {one.notice_id for one in found.told} == {one["id"] for one in out.notices if person in one["receivers"]}
        for one in found.untold:
            assert one.reason in set(Reason) | {ON_ITS_WAY}
            assert one.reason in (ON_ITS_WAY, Reason.VOICE_DUPLICATE) or (one.alert_id, one.reason) in logged
        meant = {
            one["alert_ids"][0]
            for one in out.actions
            if one["plugin_type"] == "notice" and person in str((one["receivers"], one.get("followers")))
        }
        about = {name for one in found.told for name in one.alert_ids} | {one.alert_id for one in found.untold}
        assert meant <= about
        assert not meant & {one.alert_id for one in found.elsewhere}


def as_document(notice: Notice) -> NoticeDocument:
    return NoticeDocument(
        id=notice.id, time=notice.time, way=notice.way, receivers=notice.receivers, followed=notice.followed,
        signal=notice.signal, alert_ids=notice.alert_ids, action_ids=notice.action_ids, title=notice.title, state="delivered",
    )  # fmt: skip


def test_a_merged_end_was_told_by_the_summary_that_names_its_alert():
    end = Action(
        id="end", time=T0, alert_ids=("a",), strategy_id="1", relation_id="n", plugin_type="notice", signal="recovered", notice_type="normal",
        execute_times=1, status="skipped", reason=Reason.MERGED, receivers={"mail": ["bob"], "sms": ["bob"]},
    )  # fmt: skip
    summary = NoticeDocument(
        id="n", time=T0 + 240, way="mail", receivers=("bob",), signal="recovered", alert_ids=("a", "b"), action_ids=("problem",),
        title="2 are well", state="delivered",
    )  # fmt: skip
    assert [one.ways for one in hearing("bob", T0, T0 + 300, [end], [summary]).untold] == [("sms",)]
    earlier = msgspec.structs.replace(summary, time=T0 - 1)
    assert [one.ways for one in hearing("bob", T0 - 9, T0 + 300, [end], [earlier]).untold] == [("mail", "sms")]
