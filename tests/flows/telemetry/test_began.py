"""The job says in one line what it is."""

from structlog.testing import capture_logs

from flows.settings.settings import load_settings
from flows.telemetry.began import facts, tell_what_begins
from operators.rules.book import RuleBook
from operators.rules.read.load import build
from tests.flows.rules.made import CPU, OPS, found


def test_the_line_says_everything_and_no_login():
    book, _ = build(found(strategies=[CPU], user_groups=[OPS]).documents)
    variables = {
        "TOCSIN__STORE__DSN": "http://u:geheim@es:9200", "TOCSIN__OUTBOX__DSN": "redis://:geheim@r:1/0/k",
        "TOCSIN__KAFKA__BROKERS": "k:9092", "TOCSIN__KAFKA__TOPICS": "{raw: {}}", "TOCSIN__METRICS__PORT": "9464",
    }  # fmt: skip
    said = facts(load_settings(None, variables), book)
    assert "geheim" not in str(said)
    assert said["rules"] == "1 strategies, 1 user_groups"
    assert said["rules_version"] == book.version
    assert said["reads"] == ["kafka k:9092: raw"]
    assert said["ways_without_channel"] == ["mail"]
    assert said["listens"] == "127.0.0.1:9464"


def test_a_job_without_rules_and_port_says_so():
    said = facts(load_settings(None, {"TOCSIN__SOURCE__FILES": "[a.jsonl]"}), RuleBook.empty())
    assert (said["rules"], said["reads"], said["listens"]) == ("none", ["a.jsonl"], "nowhere")


def test_workers_that_merge_by_themselves_say_that_they_inhibit_by_themselves():
    named = [{"field": "alert.name", "value": ["a"]}]
    book, _ = build(
        found(strategies=[CPU], user_groups=[OPS], inhibits=[{"id": 1, "source": named, "target": named}]).documents
    )
    said = {}
    for workers, job in (("2", "all"), ("2", "alerts"), ("1", "all")):
        settings = load_settings(None, {"TOCSIN__KAFKA__WORKERS": workers, "TOCSIN__JOB": job})
        with capture_logs() as logs:
            tell_what_begins(settings, book)
        said[workers, job] = [one["event"] for one in logs if one["log_level"] == "warning"]
    assert said.pop(("2", "all")) == [
        "each worker inhibits among its own alerts only: run `notices` as a job (docs/jobs.md)"
    ]
    assert list(said.values()) == [[], []]


def test_a_job_that_follows_gateways_says_so():
    assert facts(load_settings(None, {"TOCSIN__SOURCE__SPOOL": "spool"}), RuleBook.empty())["reads"] == ["spool spool"]
