"""What the job tells about itself."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from flows.courier.telemetry import DeliveryTelemetry
from flows.rules.templates import renderer
from flows.settings.settings import Settings
from flows.telemetry import metrics
from flows.telemetry.documents import SHOWN, Documents
from flows.telemetry.health import Heart
from flows.telemetry.meter import Meter
from flows.telemetry.metrics import TOTAL
from flows.telemetry.redaction import Redactor
from flows.telemetry.telemetry import Telemetry
from operators.converge.in_one_order import InOneOrder
from operators.deliver.delivery import BuryReason
from operators.intake.enrich.event import Dropped
from operators.intake.handover import Handed
from operators.intake.intake import Intake
from operators.intake.name import InForce
from operators.intake.poll import Polled, Raw
from operators.lifecycle.worker import Worker
from operators.model.reason import DropReason
from operators.model.records import DeadLetter
from operators.rules.book import RuleBook
from operators.rules.read.documents import RuleError
from operators.rules.read.load import build
from sinks.outbox import Depth
from sinks.store.interface import Written
from tests.flows.rules.made import CPU, OPS, found

T0 = 1_700_000_000
RULES = {"strategies": [CPU], "user_groups": [OPS]}


class Clock:
    """A clock that a test moves."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Stage:
    """A worker with its telemetry."""

    def __init__(self, strategies: Sequence[str] = (), rules: dict[str, list[Any]] = RULES) -> None:
        settings = Settings()
        book, errors = build(found(**rules).documents)
        assert errors == []
        self.intake = Intake(settings, lambda: book)
        self.notices = InOneOrder(settings, renderer(settings))
        self.worker = Worker(settings, hand=self.hand)
        for record in self.intake.take(Polled()).records:
            self.worker.fold(record)
        self.clock, self.monotonic = Clock(T0 + 2.0), Clock(0.0)
        self.meter = Meter(strategies)
        self.heart = Heart(10.0, self.monotonic)
        self.redactor = Redactor()
        self.telemetry = Telemetry(
            self.meter, self.heart, data_ids={"raw": "7"}, redactor=self.redactor, clock=self.clock
        )
        self.telemetry.watch(self.intake, self.worker)

    def hand(self, handed: Handed | InForce) -> None:
        self.worker.said += self.notices.take(handed)

    def batch(self, *raws: bytes, at: int = T0, takes: float = 0.25) -> list[dict[str, Any]]:
        """Let a batch go all the way; return the log lines."""
        polled = [Raw(at, "raw", f"0:{place}", raw) for place, raw in enumerate(raws)]
        with capture_logs() as lines:
            self.telemetry.polled(polled)
            self.monotonic.now += takes
            for one in polled:
                self.worker.fold(self.intake.record(one))
            self.telemetry.observe([*self.worker.drain().documents, *self.notices.advance(self.worker.clock)])
        return lines

    def value(self, metric: metrics.Metric, *labels: str) -> float:
        return self.meter.value(metric, *labels)


def event(name: str = "e1", *, time: int = T0, target: str = "10.0.0.1", severity: int = 2, **more: Any) -> bytes:
    fields = {"event_id": name, "plugin_id": "p", "strategy_id": 1, "target_type": "HOST", "target": target}
    return msgspec.json.encode({**fields, "time": time, "severity": severity, **more})


def test_a_signal_counts_under_the_name_of_all_strategies():
    stage = Stage()
    stage.batch(event())
    assert stage.value(metrics.PUSHED, TOTAL, "abnormal") == 1


def test_a_strategy_on_the_list_counts_under_its_own_name():
    stage = Stage(strategies=["1"])
    stage.batch(event())
    assert stage.value(metrics.PUSHED, "1", "abnormal") == 1
    assert stage.value(metrics.CREATE_SECONDS, "1", "abnormal") == 1


def test_an_action_counts_once_when_it_is_created_and_in_every_state_it_reaches():
    stage = Stage()
    stage.batch(event(), event("e2", target="10.0.0.2"))
    stage.batch(event("e3", target="10.0.0.2", time=T0 + 300), at=T0 + 300)  # the summary went out meanwhile
    assert stage.value(metrics.CREATED, "success", "None") == 2
    assert stage.value(metrics.CREATED, "failed", "TemplateError") == 0
    assert stage.value(metrics.CREATE_SECONDS, TOTAL, "abnormal") == 2
    states = ("success", "skipped")
    assert [stage.value(metrics.ACTIONS, "notice", state) for state in states] == [1, 1]
    assert stage.value(metrics.NOTICES, "mail") == 2


def test_a_template_that_fails_counts_as_a_failed_creation():
    notice = {"user_groups": ["ops"], "config": {"template": [{"signal": "abnormal", "title_tmpl": "{{ 1 // 0 }}"}]}}
    stage = Stage(rules={"strategies": [{**CPU, "notice": notice}], "user_groups": [OPS]})
    stage.batch(event())
    assert stage.value(metrics.CREATED, "failed", "TemplateError") == 1


def test_latency_is_from_arrival_to_the_end_of_the_batch():
    stage = Stage()
    stage.batch(event(), event("e2"), at=T0)
    stage.clock.now = T0 + 9.5
    stage.batch(event("e3", time=T0 + 5), at=T0 + 5)
    text = stage.meter.text().decode()
    where = 'bk_data_id="7"'
    assert f'alert_process_latency_sum{{{where},topic="raw"}} 8.5' in text
    assert f'alert_process_latency_bucket{{{where},le="2.0",topic="raw"}} 2.0' in text
    assert f'alert_process_latency_bucket{{{where},le="5.0",topic="raw"}} 3.0' in text
    assert stage.value(metrics.RECORDS, "raw") == 3


def test_latency_of_a_batch_that_said_nothing_is_noted_at_the_next_poll():
    stage = Stage()
    stage.telemetry.polled([Raw(T0, "raw", "0:0", b"")])
    assert stage.value(metrics.LATENCY_SECONDS, "7", "raw") == 0
    stage.telemetry.polled([])
    assert stage.value(metrics.LATENCY_SECONDS, "7", "raw") == 1


def test_a_record_without_arrival_time_has_no_latency():
    stage = Stage()
    stage.telemetry.polled([Raw(None, "a.jsonl", "1", b"")])
    stage.telemetry.polled([])
    assert stage.value(metrics.RECORDS, "a.jsonl") == 1
    assert stage.value(metrics.LATENCY_SECONDS, "0", "a.jsonl") == 0


def test_a_poll_is_a_sign_of_life():
    stage = Stage()
    stage.monotonic.now = 100.0
    assert stage.heart.trouble
    stage.telemetry.polled([])
    assert not stage.heart.trouble


def test_log_entries_count_by_what_and_why():
    stage = Stage()
    stage.batch(event(), event("e2", time=T0 + 1, severity=1))
    assert stage.value(metrics.LOG_ENTRIES, "CREATE", "opened") == 2
    assert stage.value(metrics.LOG_ENTRIES, "CLOSE", "worse") == 1


def test_the_lines_of_the_reference_tell_what_was_created_and_sent():
    stage = Stage()
    lines = stage.batch(event())
    (created,) = [line for line in lines if line["event"].startswith("[create actions(begin)]")]
    action_id, alert_id = re.fullmatch(
        r"\[create actions\(begin\)\]\((\w+)\) for alert\((\w+)\)", created["event"]
    ).groups()
    (begun,) = [line for line in lines if line["event"].startswith("--begin notice_action")]
    assert begun["event"] == f"--begin notice_action action {action_id}(mail)"
    assert begun["alert_ids"] == (alert_id,)


def summed(lines: list[dict[str, Any]]) -> list[str]:
    return [line["event"] for line in lines if line["event"].startswith("[alert.manager update alert")]


def test_what_was_done_to_alerts_is_summed_up_once_a_second():
    stage = Stage()
    assert summed(stage.batch(event())) == []
    stage.clock.now += 0.999
    assert summed(stage.batch(event("e2", status="CLOSED", time=T0 + 1))) == []
    stage.clock.now += 0.001
    lines = stage.batch(event("e3", target="10.0.0.2"))
    assert summed(lines) == [
        "[alert.manager update alert cache]: updated(2), finished(1)",
        "[alert.manager update alert snapshot]: 3",
    ]
    stage.clock.now += 5
    assert summed(stage.batch(event("e3", target="10.0.0.2"))) == []


def test_an_expired_event_is_told_with_its_id_and_strategy():
    stage = Stage()
    at = T0 + 86400
    lines = stage.batch(event(time=T0 - 1), event("e2", time=T0), at=at)
    (line,) = [line for line in lines if line["event"].startswith("[event drop]")]
    assert re.fullmatch(r"\[event drop\] event\(\w{32}\) strategy\(1\) is dropped or expired", line["event"])
    stage.telemetry.show()
    assert stage.value(metrics.EXPIRED) == 1


def test_a_dropped_event_is_counted_by_reason_and_told():
    stage = Stage()
    dropped = [Dropped(DropReason.HOST_CONFLICT, f"host {number}", f"e{number}", "7") for number in range(SHOWN + 3)]
    with capture_logs() as lines:
        stage.telemetry.observe(dropped)
    assert stage.value(metrics.DROPPED, "host_conflict") == SHOWN + 3
    assert len(lines) == SHOWN + 1
    assert lines[-1]["count"] == 3
    assert lines[1]["event"] == "[event drop] event(e1) strategy(7) is dropped or expired"
    assert (lines[1]["reason"], lines[1]["detail"]) == ("host_conflict", "host 1")


def test_a_word_that_was_not_understood_is_counted_each_time_and_told_once_a_source():
    stage = Stage()
    odd = {"severity": "banana", "status": "melting"}
    lines = stage.batch(event(**odd), event("e2", **odd), event("e3", **odd, plugin_id="other"), event("e4"))
    told = [line for line in lines if line["event"] == "word not understood"]
    assert [(line["plugin_id"], line["field"], line["word"], line["taken_as"]) for line in told] == [
        ("p", "severity", "banana", 3),
        ("p", "status", "melting", "ABNORMAL"),
        ("other", "severity", "banana", 3),
        ("other", "status", "melting", "ABNORMAL"),
    ]
    assert [stage.value(metrics.UNREAD_WORDS, field) for field in ("severity", "status")] == [3, 3]


def test_an_alert_that_closes_because_no_check_ever_came_is_counted_and_its_strategy_named_once():
    items = [{"id": 1, "name": "cpu", "query_configs": [{"metric_id": "cpu", "agg_interval": 60}]}]
    stage = Stage(rules={"strategies": [{**CPU, "items": items}], "user_groups": [OPS]})
    stage.batch(event(), event("e2", target="10.0.0.2"))
    lines = stage.batch(event("e3", target="10.0.0.3", time=T0 + 3600), at=T0 + 3600)
    told = [line["strategy_id"] for line in lines if line["event"] == "no check ever came"]
    assert (told, stage.value(metrics.UNCHECKED)) == (["1"], 2)


def test_events_from_ahead_count_by_source_of_which_a_hundred_have_a_name():
    stage = Stage()
    stage.batch(*(event(f"e{n}", time=T0 + 301, plugin_id=f"p{n}") for n in range(102)), event("e", time=T0 + 300))
    assert [stage.value(metrics.AHEAD, name) for name in ("p0", "p99", "p100", "__other__")] == [1, 1, 0, 2]


def test_dead_letters_count_by_reason_wherever_they_come_from():
    stage = Stage()
    lines = stage.batch(b"{", b"[]")
    letter = DeadLetter(time=T0, source="store", position="1", reason="refused_by_store", detail="", raw="")
    with capture_logs():
        stage.telemetry.stored(Written(conflicts=2, refused=(letter,)))
    reasons = ("not_json", "not_an_object", "refused_by_store")
    assert [stage.value(metrics.DEAD_LETTERS, reason) for reason in reasons] == [1, 1, 1]
    assert [line["place"] for line in lines if line["event"] == "record refused"] == ["raw:0:0", "raw:0:1"]
    assert stage.value(metrics.CONFLICTS) == 2


def test_counts_and_sizes_of_the_worker_are_shown():
    stage = Stage()
    stage.batch(event(), event(), event("e2", target="10.0.0.2", severity=1))
    stage.batch(event("e3", status="RECOVERED", time=T0 + 1), at=T0 + 1)
    stage.telemetry.show()
    wanted = {
        (metrics.EVENTS,): 4,
        (metrics.DUPLICATES,): 1,
        (metrics.ALERTS, "opened"): 2,
        (metrics.ALERTS, "recovered"): 1,
        (metrics.ALERTS, "closed"): 0,
        (metrics.STATES,): 2,
        (metrics.SLOTS,): 2,
        (metrics.OPEN_ALERTS, "1"): 1,
        (metrics.OPEN_ALERTS, "2"): 0,
        (metrics.CLOCK_LAG,): 1,
    }
    assert {key: stage.value(*key) for key in wanted} == wanted


def test_without_a_worker_nothing_is_shown():
    Telemetry(Meter(), Heart(10.0)).show()


def test_lag_and_snapshots_are_shown():
    stage = Stage()
    stage.telemetry.lag("raw", 3, 17)
    stage.telemetry.snapshot()
    for key in ("00", "~"):
        stage.telemetry.keeps(key)
        stage.telemetry.kept(key)
    assert stage.value(metrics.LAG_RECORDS, "raw", "3") == 17
    assert stage.value(metrics.SNAPSHOT_TIME) == T0 + 2
    assert stage.value(metrics.SNAPSHOT_PAUSE) == 1


def test_rules_are_shown_with_their_mistakes(monkeypatch: pytest.MonkeyPatch):
    stage = Stage()
    channel = {"way": "mail", "host": "h", "sender": "a@b", "password": {"env": "TOCSIN_TEST_PW"}}
    book, _ = build(found(channels=[channel]).documents)
    monkeypatch.setenv("TOCSIN_TEST_PW", "hunter22")
    stage.telemetry.on_rules(RuleBook.empty(), [], 5.0)
    stage.telemetry.on_rules(book, [], 6.0)
    stage.telemetry.on_rules(book, [RuleError("a", "b", "c")], 7.0)
    assert stage.value(metrics.RULES, book.version) == 1
    assert stage.value(metrics.RULES, RuleBook.empty().version) == 0
    assert stage.value(metrics.RULES_ERRORS) == 1
    assert stage.value(metrics.RULES_TIME) == 6
    assert [stage.value(metrics.RULES_LOADS, result) for result in ("ok", "refused")] == [2, 1]
    assert stage.redactor.text("hunter22") == "***"


def test_the_courier_counts_its_attempts():
    meter = Meter()
    telemetry = DeliveryTelemetry(meter)
    telemetry.on_result("mail", ok=True, seconds=0.2)
    telemetry.on_result("mail", ok=False, seconds=0.2)
    telemetry.on_buried("sms", BuryReason.NO_CHANNEL)
    telemetry.on_depth(Depth(ready=1, later=2, in_flight=3, dead=4, oldest_age=5.5))
    assert [meter.value(metrics.SENDS, "mail", result) for result in ("ok", "failed")] == [1, 1]
    assert meter.value(metrics.SEND_SECONDS, "mail") == 2
    assert meter.value(metrics.GIVEN_UP, "sms", "no_channel") == 1
    states = ("ready", "later", "in_flight", "dead")
    assert [meter.value(metrics.OUTBOX_DEPTH, state) for state in states] == [1, 2, 3, 4]
    assert meter.value(metrics.OUTBOX_AGE) == 5.5


def test_later_states_of_many_actions_are_still_known_as_such(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("flows.telemetry.documents.REMEMBERED", 4)
    documents = Documents(Meter(), lambda: 0.0)
    assert [documents._is_new(name) for name in "abcdea"] == [True] * 5 + [True]
    assert [documents._is_new(name) for name in "cde"] == [False] * 3


@pytest.mark.parametrize(("later", "shown"), [(9.9, 0), (10.0, 1)])
def test_the_sizes_of_the_worker_are_looked_at_every_ten_seconds(later: float, shown: int):
    stage = Stage()
    stage.batch(event())
    stage.clock.now += later
    stage.telemetry.polled([])
    assert stage.value(metrics.STATES) == shown


def test_a_worker_is_busy_from_reading_records_until_it_asks_for_more():
    stage = Stage()
    stage.telemetry.asked()
    stage.monotonic.now += 5  # nothing to read
    stage.telemetry.asked()
    stage.batch(event(), takes=0.25)
    stage.telemetry.asked()
    stage.monotonic.now += 5
    stage.telemetry.asked()
    assert stage.value(metrics.BUSY_SECONDS) == 0.25
    assert stage.value(metrics.WORKERS, "all") == 1
