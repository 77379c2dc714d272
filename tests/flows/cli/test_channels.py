"""`tocsin channels test`: a message to a real server, and what it answered."""

import json

import pytest
from click.testing import CliRunner

from flows.cli.main import main


@pytest.fixture
def tocsin(tmp_path, httpserver, monkeypatch):
    monkeypatch.setenv("HOOK", httpserver.url_for("/hook"))
    rules = {
        "channels": [
            {"way": "slack", "url": {"env": "HOOK"}},
            {"way": "sms", "url": {"env": "HOOK"}},
            {"way": "feishu", "url": {"env": "NOT_THERE"}},
        ],
        "users": [{"id": "alice", "phone": "+49 1"}],
        "strategies": [],
    }
    (tmp_path / "rules.json").write_text(json.dumps(rules))

    def run(*words):
        done = CliRunner().invoke(main, ["channels", "test", *words, "--rules", str(tmp_path / "rules.json")])
        return done.exit_code, done.output

    return run


def test_a_message_that_is_taken_is_shown_with_the_answer(tocsin, httpserver):
    httpserver.expect_request("/hook").respond_with_json({"result": True, "message_id": "m1"})
    assert tocsin("sms", "--to", "alice") == (0, "alice: taken as m1\n")
    assert httpserver.log[0][0].get_json()["receivers"] == ["+49 1"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"ok": False, "error": "channel_not_found"}, "room: refused (channel_not_found)\n"),
        ({"ok": False, "error": "ratelimited"}, "room: failed for now (ratelimited)\n"),
    ],
)
def test_a_message_that_is_not_taken_says_why_and_exits_1(tocsin, httpserver, answer, said):
    httpserver.expect_request("/hook").respond_with_json(answer)
    assert tocsin("slack", "--to", "room") == (1, said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("telegram", "--to", "x"), "no channel for 'telegram'; the rules have feishu, slack, sms\n"),
        (("feishu", "--to", "x"), "environment variable NOT_THERE is not set\n"),
    ],
)
def test_what_is_missing_is_said(tocsin, words, said):
    assert tocsin(*words) == (1, said)
