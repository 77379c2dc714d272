"""What a worker says of itself in the store."""

from contextlib import closing

import pytest

from flows.settings.sections import KafkaSettings, StoreSettings
from flows.settings.settings import Settings
from flows.telemetry.health import Heart
from flows.telemetry.meter import Meter
from flows.telemetry.presence import Presence, Word, presence_of
from flows.telemetry.telemetry import Telemetry
from operators.intake.intake import Intake
from operators.intake.poll import Polled
from operators.model.worker import WorkerDocument
from operators.rules.book import RuleBook
from sinks.store.sqlite import SqliteStore

NOW = 1_700_000_000


class Job:
    """A worker whose rules, clock and input a test sets."""

    def __init__(self):
        self.settings = Settings(job="alerts", kafka=KafkaSettings(workers=4, worker=2))
        self.book, self.trouble, self.now = RuleBook(version="v1"), "", NOW
        self.telemetry = Telemetry(Meter(), Heart(10.0))
        self.intake = Intake(self.settings, lambda: self.book)
        self.word = Word(self.settings, self.intake, self.telemetry, lambda: self.trouble, lambda: self.now)


@pytest.fixture
def job():
    return Job()


def test_before_anything_is_read_a_worker_says_who_it_is(job):
    assert job.word() == WorkerDocument(id="alerts-2", time=NOW, job="alerts", worker=2, workers=4)


def test_a_worker_says_by_which_rules_it_works_and_since_when(job):
    job.intake.take(Polled([], NOW - 5))
    first = job.word()
    assert (first.rules_version, first.rules_since, first.clock) == ("v1", NOW, NOW - 5)
    job.book, job.now = RuleBook(version="v2"), NOW + 60
    assert job.word().rules_version == "v1"  # they are taken over with the next poll
    job.intake.take(Polled([], NOW + 60))
    second = job.word()
    assert (second.rules_version, second.rules_since) == ("v2", NOW + 60)


def test_why_newer_rules_are_not_in_force_is_said_too(job):
    job.trouble = "rules refused"
    assert job.word().rules_trouble == "rules refused"


def test_what_waits_is_said_in_records_of_kafka_or_bytes_of_a_spool(job):
    job.telemetry.lags({"events:0": 3, "events:1": 4})
    assert (job.word().waits, job.word().unit) == (7, "records")
    job.telemetry.unread(900)
    assert (job.word().waits, job.word().unit) == (900, "bytes")


def test_a_word_is_kept_in_the_store_and_the_next_replaces_it(job, tmp_path):
    path = tmp_path / "store.sqlite3"
    with closing(SqliteStore(path)) as store:
        presence = Presence(str(path), job.word)
        assert presence.say()
        job.now += 10
        assert presence.say()
        assert [one.time for one in store.workers()] == [NOW + 10]


def test_where_the_store_is_away_nothing_is_said_until_it_is_back(job, tmp_path):
    path = tmp_path / "store.sqlite3"
    presence = Presence(str(path), job.word)
    assert not presence.say()
    with closing(SqliteStore(path)) as store:
        assert presence.say()
        assert [one.id for one in store.workers()] == ["alerts-2"]


def test_without_a_store_nothing_is_said(job):
    settings = Settings(store=StoreSettings(dsn="none"))
    assert presence_of(settings, job.intake, job.telemetry, lambda: "") is None
