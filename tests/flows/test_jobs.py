"""Split into jobs with topics between, the pipeline says what it says in one process."""

import json
import os
import signal
import subprocess
import sys
import time

import msgspec
import pytest
import yaml

from flows.jobs import for_job
from flows.recovery.ids import STAGES, flow_id
from flows.rules.templates import renderer
from flows.settings.sections import KafkaSettings, TopicSettings
from flows.settings.settings import Settings, SettingsError
from flows.sources.kafka_client import read_topics
from operators.converge.in_one_order import InOneOrder
from operators.intake.handover import time_of
from operators.intake.intake import Intake
from operators.intake.name import InForce
from operators.intake.poll import Polled, Raw
from operators.lifecycle.worker import Worker
from operators.model.alert import Alert
from operators.model.check import Check
from operators.model.event import Event
from operators.model.records import Action, DeadLetter, LogEntry, Notice
from operators.model.slot import SLOTS
from operators.plan.send import PLANNED
from operators.rules.read.load import load
from sinks.outbox import State, open_outbox
from sinks.store.interface import StoreError
from sinks.store.query import AlertQuery
from sinks.store.sqlite import SqliteStore
from tests.tree import EXAMPLES

DEMO = EXAMPLES / "demo"
LINES = (DEMO / "events.jsonl").read_bytes().splitlines()
BOOK, _ = load([str(DEMO / "rules")])
SETTINGS = Settings()
encode = msgspec.json.encode


class Job:
    """The stages of a job, driven by hand."""

    def __init__(self, job):
        words, stages = renderer(SETTINGS), STAGES[job]
        self.intake = Intake(SETTINGS, lambda: BOOK, hears_all=job in ("all", "alerts"))
        self.worker = Worker(SETTINGS) if "alerts" in stages else None
        self.notices = InOneOrder(SETTINGS, words) if "notices" in stages else None
        self.take()

    def take(self, raw=b"", kind="event", at=None, clock=None, *, is_end=False):
        """What the job says and hands on of one record, or of a clock."""
        raws = [Raw(at, "topic", "0:0", raw, kind)] if raw else []
        named = said = self.intake.take(Polled(raws, clock, is_end))
        if self.worker is not None:
            for record in named.records:
                self.worker.fold(record)
            self.worker.advance(named.clock)
            if is_end:
                self.worker.close()
            said = self.worker.drain()
        if self.notices is None:
            return list(said.documents), [one for one in said.handed if not isinstance(one, InForce)]
        told = [thing for handed in said.handed for thing in self.notices.take(handed)]
        return [*said.documents, *told, *self.notices.advance(said.clock)], []

    def restarted(self, job):
        """The job in the place of its own snapshots."""
        new = Job(job)
        if self.worker is not None:
            for key in SLOTS:
                new.worker.restore_slot(key, self.worker.snapshot_slot(key))
            new.worker.restore_shared(self.worker.snapshot_shared())
        for slot, store in self.notices.slots.items() if self.notices is not None else ():
            new.notices.restore(slot, store.snapshot())
        new.intake.restore(self.intake.snapshot())
        new.take()
        return new


def refused(job, raw, kind, at=None):
    return [thing for thing in Job(job).take(raw, kind, at)[0] if isinstance(thing, DeadLetter)]


class Split:
    """Three jobs by hand; `restart` puts each in the place of its own snapshot."""

    def __init__(self):
        self.jobs = {job: Job(job) for job in ("intake", "alerts", "notices")}
        self.said = []

    def line(self, raw, twice=False):
        if b'"command"' in raw:
            at = json.loads(raw)["at"]
            self._hand(self._of("alerts", raw, "command", at), twice)
            self._of("notices", raw, "command", at)
            return
        documents, _ = self.jobs["intake"].take(raw, "event", json.loads(raw)["at"])
        for thing in documents:
            if isinstance(thing, (Event, Check)):
                self._hand(self._of("alerts", encode(thing), "keyed", self.jobs["intake"].intake.clock), twice)
            else:
                self.said.append(thing)

    def _of(self, job, *record):
        documents, handed = self.jobs[job].take(*record)
        self.said += documents
        return handed

    def _hand(self, handed, twice=False):
        for thing in handed * (2 if twice else 1):
            self._of("notices", encode(thing), "planned", time_of(thing))

    def restart(self):
        self.jobs = {name: job.restarted(name) for name, job in self.jobs.items()}

    def end(self, until):
        for name, job in self.jobs.items():
            documents, handed = job.take(clock=until, is_end=True)
            self.said += documents if name != "intake" else []
            self._hand(handed)


def last(said, kind):
    return {thing.id: thing for thing in said if isinstance(thing, kind)}


def together(end=0):
    job, said = Job("all"), []
    for raw in LINES:
        said += job.take(raw, "command" if b'"command"' in raw else "event", json.loads(raw)["at"])[0]
    return said + job.take(clock=end or UNTIL, is_end=True)[0]


UNTIL = json.loads(LINES[-1])["at"] + 7200


@pytest.mark.parametrize("every", [0, 40])
def test_three_jobs_say_what_one_says(every):
    split = Split()
    for number, raw in enumerate(LINES, 1):
        split.line(raw, twice=True)
        if every and number % every == 0:
            split.restart()
    split.end(UNTIL)
    expected = together()
    documents = [{name: encode(one) for name, one in last(said, Alert).items()} for said in (split.said, expected)]
    assert documents[0] == documents[1]
    found, wanted = last(split.said, Action), last(expected, Action)
    assert {name: (one.status, one.revision) for name, one in found.items()} == {
        name: (one.status, one.revision) for name, one in wanted.items()
    }
    notices = [thing for thing in split.said if isinstance(thing, Notice)]
    assert {one.id: (one.time, one.title, one.content) for one in notices} == {
        one.id: (one.time, one.title, one.content) for one in expected if isinstance(one, Notice)
    }
    assert len(notices) == len({one.id for one in notices})
    logs = [sorted(encode(one) for one in said if isinstance(one, LogEntry)) for said in (split.said, expected)]
    assert logs[0] == logs[1]


def test_an_action_has_one_entry_in_the_log_and_the_stage_that_decides_writes_it():
    said = together()
    told = [one for one in said if isinstance(one, LogEntry) and one.reason in {*PLANNED.values(), "merged"}]
    handed = [one for one in last(said, Action).values() if one.status == "success" or one.reason == "merged"]
    assert len(told) == len(handed) == len({one.id for one in told})
    assert {one.reason for one in told} >= {"planned", "merged"}


def test_commands_and_changes_of_rules_in_a_topic_of_events_are_refused_by_intake():
    for body in ({"kind": "rules", "put": {}}, {"kind": "command", "command": "ack", "alert_id": "x"}):
        (letter,) = refused("intake", encode({**body, "at": 1_700_000_000}), "event", 0)
        assert letter.reason == "foreign_kind"


@pytest.mark.parametrize(("job", "kind"), [("alerts", "keyed"), ("notices", "planned")])
def test_what_no_job_of_ours_wrote_is_refused(job, kind):
    (letter,) = refused(job, b'{"event_id": 1}', kind, 1_700_000_000)
    assert letter.reason == "wrong_type"


@pytest.mark.parametrize(
    ("job", "topics"),
    [
        ("all", {"raw": "event", "checks": "check", "commands": "command"}),
        ("intake", {"raw": "event", "checks": "check", "commands": "command"}),
        ("alerts", {"keyed": "keyed", "commands": "command"}),
        ("notices", {"planned": "planned", "commands": "command"}),
    ],
)
def test_each_job_reads_its_topics(job, topics):
    kafka = KafkaSettings(
        topics={"raw": TopicSettings()}, checks="checks", commands="commands", keyed="keyed", planned="planned"
    )
    assert read_topics(for_job(Settings(job=job, kafka=kafka)).kafka) == topics


def test_a_topic_between_jobs_must_have_a_name():
    with pytest.raises(SettingsError, match=r"kafka.planned: missing; job `notices` needs it"):
        read_topics(for_job(Settings(job="notices")).kafka)


def test_each_job_keeps_to_itself():
    of = {job: for_job(Settings(job=job)) for job in ("all", "intake", "alerts", "notices")}
    assert [one.recovery.directory for one in of.values()] == [
        "data/recovery", "data/recovery/intake", "data/recovery/alerts", "data/recovery/notices",
    ]  # fmt: skip
    assert [one.kafka.group for one in of.values()] == ["tocsin", "tocsin-intake", "tocsin-alerts", "tocsin-notices"]
    assert [job for job, one in of.items() if one.outbox.dsn == "none"] == ["intake", "alerts"]


@pytest.mark.parametrize(
    ("job", "name"), [("all", "tocsin"), ("intake", "tocsin-intake"), ("notices", "tocsin-notices")]
)
def test_ids_of_flows_are_part_of_the_recovery_store(job, name):
    assert flow_id(job) == name


def tocsin(*arguments: object) -> list[str]:
    return [sys.executable, "-c", "from flows.cli import main; main()", *map(str, arguments)]


@pytest.mark.servers
@pytest.mark.slow
def test_three_processes_on_kafka_keep_the_alerts_of_one(topics, tmp_path):
    raw, keyed, planned, commands = (topics.make(name, 4) for name in ("raw", "keyed", "planned", "commands"))
    for line in LINES:
        topics.put(commands if b'"command"' in line else raw, 0, (json.loads(line)["at"], line))
    env = {key: value for key, value in os.environ.items() if not key.startswith(("TOCSIN", "MESSAGE_QUEUE"))}
    settings = tmp_path / "tocsin.yaml"
    settings.write_text(
        yaml.safe_dump({
            "rules": str(DEMO / "rules"),
            "recovery": {"interval": 0.5, "partitions": 2},
            "kafka": {
                "brokers": topics.address, "topics": {raw: {}}, "keyed": keyed, "planned": planned,
                "commands": commands, "group": topics.prefix,
            },
        })
    )  # fmt: skip
    expected = together(int(time.time()))
    alerts = {one.id: (one.status, one.end_time, one.event_count) for one in last(expected, Alert).values()}
    told = {one.id for one in expected if isinstance(one, Notice) and one.signal != "shield"}
    jobs = []
    try:
        for job in ("intake", "alerts", "notices"):
            command = tocsin("run", "--settings", settings, "--data", tmp_path / "data", "--no-courier", "--job", job)
            with (tmp_path / f"{job}.log").open("ab") as out:
                jobs.append(subprocess.Popen(command, stdout=out, stderr=out, env=env, cwd=tmp_path))
        until(lambda: stored(tmp_path) == alerts and told <= waiting(tmp_path), jobs)
        for job in jobs:
            job.send_signal(signal.SIGTERM)
        assert [job.wait(120) for job in jobs] == [0, 0, 0]
    finally:
        for job in jobs:
            job.kill()
            job.wait()
    assert stored(tmp_path) == alerts


def stored(root):
    path = root / "data" / "tocsin.sqlite3"
    try:
        store = SqliteStore(path, read_only=True)
    except StoreError:  # the jobs have only begun
        return {}
    found = {one.id: (one.status, one.end_time, one.event_count) for one in store.alerts(AlertQuery(limit=10_000))}
    store.close()
    return found


def waiting(root):
    outbox = open_outbox(str(root / "data" / "outbox.sqlite3"))
    found = {entry.taken.notice.id for entry in outbox.entries(State.READY, 10_000, time.time())}
    outbox.close()
    return found


def until(holds, jobs):
    deadline = time.monotonic() + 120
    while not holds():
        assert all(job.poll() is None for job in jobs), "a job ended"
        assert time.monotonic() < deadline
        time.sleep(0.5)
