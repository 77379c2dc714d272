"""What the courier finds too late is told in one digest by receiver and way (design.md 7.64)."""

import time
from contextlib import contextmanager
from zoneinfo import ZoneInfo

import pytest

from flows.courier.courier import Courier, CourierSettings
from flows.courier.gather import Digests
from operators.deliver.receipt import apply
from operators.model.alert import ABNORMAL, RECOVERED
from operators.model.records import Receipt, ReceiverResult
from sinks.outbox import MemoryOutbox, Terms
from sinks.render.digest import digest_words
from sinks.render.words import words
from tests.flows.courier.deliveries import Recording, notice, until
from tests.operators.explain.test_explain import action, alert

STALE = 900.0
UTC = ZoneInfo("UTC")


def late(name, behind=1000, **fields):
    return notice(name, time=int(time.time()) - behind, **fields)


@contextmanager
def running(outbox, channels, known=None, stale=STALE):
    receipts: list[Receipt] = []
    known = known or {}
    digests = Digests(
        stale=stale,
        standing=lambda _: known,
        words=lambda those, alerts: digest_words(those, alerts, words("en"), UTC),
    )

    def keep(logged):
        receipts.extend(one.receipt for one in logged)

    courier = Courier(outbox, channels, settings=CourierSettings(), write_back=keep, digests=digests)
    courier.start()
    try:
        yield receipts
    finally:
        courier.stop(60)


def delivered(given, known=None, stale=STALE):
    """Return what each channel sent, and the receipts by notice."""
    outbox, mail, voice, hook = MemoryOutbox(), Recording(), Recording(), Recording()
    outbox.put(given, time.time())
    with running(outbox, {"mail": mail, "voice": voice, "webhook": hook}, known, stale) as receipts:
        until(lambda: outbox.depth(time.time() + 10**6).ready == 0)
    return mail.sent, voice.sent, hook.sent, {one.notice_id: one for one in receipts}


def test_late_notices_are_one_digest_for_each_receiver():
    given = [late(f"n{n}", receivers=("alice", "bob"), title=f"Disk {n}") for n in range(40)]
    mail, _, _, receipts = delivered(given)
    assert sorted(one.receivers for one in mail) == [("alice",), ("bob",)]
    assert {one.notice_type for one in mail} == {"digest"}
    assert mail[0].title.startswith("40 notices since ")
    assert {result.message for n in range(40) for result in receipts[f"n{n}"].results.values()} == {"digested"}
    assert all(result.result for result in receipts["n0"].results.values())


@pytest.mark.parametrize(("behind", "stale", "is_late"), [(880, 900, False), (930, 900, True), (10**6, 0, False)])
def test_a_notice_in_time_goes_alone(behind, stale, is_late):
    mail, *_ = delivered([late("n1", behind)], stale=stale)
    assert [one.notice_type == "digest" for one in mail] == [is_late] * len(mail)


def test_a_digest_names_each_title_once_with_the_state_of_its_alerts_now():
    known = {"a1": alert(id="a1", status=RECOVERED), "a2": alert(id="a2", status=ABNORMAL)}
    given = [
        late("n1", title="[Warning] Disk", alert_ids=("a1",)),
        late("n2", title="[Warning] Disk", alert_ids=("a2",)),
    ]
    mail, *_ = delivered(given, known)
    assert "[Warning] Disk (2 times) - now 1 Abnormal, 1 Recovered" in mail[0].content


def test_a_long_digest_counts_what_it_does_not_show():
    mail, *_ = delivered([late(f"n{n}", title=f"<b>{n}</b>", receivers=("alice",)) for n in range(50)])
    assert "and 30 more" in mail[0].content
    assert "<b>" not in mail[0].content


@pytest.mark.parametrize("status", [ABNORMAL, RECOVERED])
def test_calls_and_escalations_about_what_has_ended_are_left_out(status):
    given = [
        late("v1", way="voice", receivers=("alice",), alert_ids=("a1",)),
        late("u1", notice_type="upgrade", receivers=("bob",), alert_ids=("a1",)),
    ]
    mail, voice, _, receipts = delivered(given, {"a1": alert(id="a1", status=status)})
    if status == ABNORMAL:
        assert (len(mail), len(voice)) == (1, 1)
    else:
        assert (mail, voice) == ([], [])
        assert {result.message for one in receipts.values() for result in one.results.values()} == {"stale"}


def test_what_programs_read_goes_alone_however_late():
    given = [late(f"h{n}", way="webhook", config={"url": "http://127.0.0.1/x"}) for n in range(3)]
    _, _, hooks, _ = delivered(given)
    assert len(hooks) == 3


def test_a_notice_that_was_tried_in_time_is_tried_again_alone():
    outbox = MemoryOutbox(Terms())
    outbox.put([notice("n1", time=int(time.time()))], time.time())
    busy = Recording(lambda one, before: None if before else {})
    with running(outbox, {"mail": busy}):
        until(lambda: outbox.depth(time.time() + 10**6).ready == 0)
    assert [one.notice_type for one in busy.sent] == ["normal", "normal"]


@pytest.mark.parametrize(
    ("message", "result", "expected"),
    [("digested", True, ("success", "digested", "")), ("stale", False, ("skipped", "stale", ""))],
)
def test_the_action_of_a_late_notice_says_what_became_of_it(message, result, expected):
    results = {"alice": ReceiverResult(result=result, message=message)}
    receipt = Receipt(notice_id="n", action_ids=("a1",), way="mail", results=results, time=1)
    told = apply(action(), receipt)
    assert (told.status, told.reason, told.failure_type) == expected
