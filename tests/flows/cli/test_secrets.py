"""No command repeats a password of an address that it cannot use, and each names the place without it."""

import pytest
from click.testing import CliRunner

from flows.cli.main import main

SECRET = "geheim4711"
ELASTICSEARCH = f"http://u:{SECRET}@127.0.0.1:1?prefix=x_&timeout=1"
REDIS = f"redis://:{SECRET}@127.0.0.1:1/0/k"
MYSQL = f"mysql://u:{SECRET}@127.0.0.1:1/rules"


@pytest.fixture
def tocsin(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "events.jsonl").write_text("")

    def run(*words, **variables):
        return CliRunner(env={"TOCSIN_SETTINGS": None, "TOCSIN_STORE": None, **variables}).invoke(main, words)

    return run


@pytest.mark.parametrize(
    ("words", "place"),
    [
        (("alerts", "list", "--store", ELASTICSEARCH), "127.0.0.1:1"),
        (("explain", "a" * 32, "--store", ELASTICSEARCH), "127.0.0.1:1"),
        (("why", "ann", "--store", ELASTICSEARCH), "127.0.0.1:1"),
        (("retain", "--store", ELASTICSEARCH), "127.0.0.1:1"),
        (("replay", "--from-store", "--store", ELASTICSEARCH, "--rules", "none", "--out", "o"), "127.0.0.1:1"),
        (("outbox", "list", "--outbox", REDIS), "127.0.0.1:1"),
        (("outbox", "list", "--outbox", f"redis://:{SECRET}@h:port/0/k"), "redis://h:port/0/k"),
        (("outbox", "list", "--outbox", f"amqp://u:{SECRET}@h/q"), "amqp://h/q"),
        (("rules", "check", MYSQL), "127.0.0.1:1"),
        (("replay", "--rules", MYSQL, "--input", "events.jsonl", "--out", "o"), "127.0.0.1:1"),
        (("alerts", "list", "--store", f"ftp://u:{SECRET}@h/x"), "ftp"),
        (("oncall", "--rules", f"mysql://u:{SECRET}@h:port/db"), "mysql"),
    ],
    ids=lambda one: "-".join(one[:2]) if isinstance(one, tuple) else "",
)
def test_an_address_that_cannot_be_used_is_named_without_its_password(tocsin, words, place):
    done = tocsin(*words)
    assert done.exit_code != 0
    assert SECRET not in done.output
    assert place in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "variables",
    [
        {"TOCSIN__STORE__DSN": f"[http://u:{SECRET}@h]"},
        {"TOCSIN__OUTBOX__DSN": f"{{a: redis://:{SECRET}@h}}"},
        {"TOCSIN__KAFKA__OPTIONS": f"{{sasl.password: [{SECRET}]}}"},
        {"TOCSIN__HEARTBEAT__URL": f"[https://{SECRET}@h]"},
        {"TOCSIN_STORE__DSN": f"http://u:{SECRET}@h"},
    ],
    ids=lambda one: next(iter(one)),
)
def test_a_variable_that_cannot_be_used_is_named_without_what_it_holds(tocsin, variables):
    done = tocsin("settings", "--effective", **variables)
    assert done.exit_code == 1
    assert next(iter(variables)) in done.output
    assert SECRET not in done.output
