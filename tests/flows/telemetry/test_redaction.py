"""Secrets kept out of logs."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.settings.sections import KafkaSettings, Secret
from flows.settings.settings import Settings
from flows.telemetry.redaction import HIDDEN, Redactor, secrets_in, secrets_of
from operators.rules.read.load import build
from tests.flows.rules.made import found


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("redis://:pa55@h:6379/0/k", "redis://:***@h:6379/0/k"),
        ("redis://u:pa55@h", "redis://u:***@h"),
        ("mysql://u:p@55:x@h:1/d failed", "mysql://u:***@h:1/d failed"),
        ("mysql://root@h:1/d", "mysql://root@h:1/d"),
        ("https://t0ken@h/x", "https://***@h/x"),
        ("http://h:80/x", "http://h:80/x"),
        ("at http://h:80/x and mail a@b", "at http://h:80/x and mail a@b"),
        ("https://h/send?key=abc-1&x=2", "https://h/send?key=***&x=2"),
        ("https://h/send?x=2&access_token=abc#f", "https://h/send?x=2&access_token=***#f"),
        ("https://h/?SIGN=abc", "https://h/?SIGN=***"),
        ("https://h/?monkey=abc", "https://h/?monkey=abc"),
        ("https://hooks.slack.com/services/T0/B0/xyz", "https://hooks.slack.com/services/***"),
        ("Authorization: Bearer abcdefgh.ijk", "Authorization: Bearer ***"),
        ("Basic facts", "Basic facts"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_addresses_and_headers_lose_their_secrets(text: str, hidden: str):
    assert Redactor().text(text) == hidden


def test_known_values_are_hidden_wherever_they_stand():
    redactor = Redactor(["hunter22"])
    line = {"event": "pw hunter22!", "n": 1, "f": 1.5, "none": None, "ok": True, "in": [{"hunter22": ("hunter22",)}]}
    assert redactor(None, "info", line) == {
        "event": f"pw {HIDDEN}!", "n": 1, "f": 1.5, "none": None, "ok": True, "in": [{HIDDEN: [HIDDEN]}],
    }  # fmt: skip


def test_what_is_no_plain_value_is_hidden_as_text():
    class Odd:
        def __str__(self) -> str:
            return "odd hunter22"

    assert Redactor(["hunter22"]).hidden(Odd()) == f"odd {HIDDEN}"


def test_a_longer_secret_is_hidden_before_one_that_it_holds():
    redactor = Redactor(["abcd"])
    redactor.learn(["abcdef"])
    assert redactor.text("abcdef abcd") == f"{HIDDEN} {HIDDEN}"


@pytest.mark.parametrize(("secret", "text"), [("abc", "abc"), ("abcd", HIDDEN), ("", "")])
def test_a_secret_of_less_than_four_characters_is_no_secret(secret: str, text: str):
    assert Redactor([secret]).text(secret) == text


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=4), st.text(), st.text())
def test_a_known_secret_never_shows(secret: str, before: str, after: str):
    shown = Redactor([secret]).text(f"{before}{secret}{after}")
    assert HIDDEN in shown
    assert secret in HIDDEN or secret not in shown.replace(HIDDEN, "\0")


def test_the_secrets_of_channels_are_found_by_their_names(tmp_path: Path):
    (tmp_path / "s").write_text("from-file\n")
    channels = [
        {"way": "mail", "host": "h", "sender": "a@b", "username": "u", "password": {"env": "PW"}, "tls": True},
        {"way": "dingtalk", "url": {"file": str(tmp_path / "s")}, "secret": {"env": "GONE"}},
        {"way": "webhook", "headers": {"X-Key": {"env": "KEY"}, "Y": "plain"}},
    ]
    book, errors = build(found(channels=channels).documents)
    assert errors == []
    assert sorted(secrets_of(book, {"PW": "from-env", "KEY": "from-header"})) == [
        "from-env",
        "from-file",
        "from-header",
    ]


def test_the_secrets_of_settings_are_found_by_their_shape():
    options = {"sasl.password": Secret(env="PW"), "ssl.key.password": Secret(file="/gone"), "x": "plain"}
    settings = msgspec.structs.replace(Settings(), kafka=KafkaSettings(options=options))
    assert list(secrets_in(settings, {"PW": "from-env"})) == ["from-env"]


def test_the_secrets_of_actions_are_found_too():
    config = {"url": {"env": "HOOK"}, "headers": {"Authorization": {"env": "KEY"}, "X": "plain"}}
    queues = {"dsn": ["redis://h/0/k", {"env": "QUEUE"}]}
    actions = [{"id": 1, "config": config}, {"id": 2, "plugin_type": "message_queue", "config": queues}]
    book, errors = build(found(strategies=[{"id": 1, "name": "a", "actions": actions}]).documents)
    assert errors == []
    environment = {"HOOK": "https://hook", "KEY": "a key", "QUEUE": "redis://:pw@h/0/k", "OTHER": "no secret"}
    assert sorted(secrets_of(book, environment)) == ["a key", "https://hook", "redis://:pw@h/0/k"]
