"""Gateways and webhooks: bodies, headers, signatures, partial answers."""

import hashlib
import hmac
import json

import msgspec
import pytest
from werkzeug import Response

from operators.rules.shapes.model import Channel as ChannelRule
from operators.rules.shapes.model import Secret
from sinks.channels import build
from sinks.channels.http import Http
from sinks.channels.webhook import Webhook
from tests.sinks.channels.given import BY_WAY, ENVIRON, notice


@pytest.fixture
def hook(httpserver):
    """Return (url, requests, set what is answered)."""
    seen, said = [], {"body": b"", "status": 200}

    def handle(request):
        request.get_data()
        seen.append(request)
        return Response(said["body"], said["status"])

    httpserver.expect_request("/hook").respond_with_handler(handle)
    return httpserver.url_for("/hook"), seen, said


def test_a_post_without_a_template_is_the_notice_as_json(hook):
    url, seen, _ = hook
    BY_WAY["sms"].channel(url).send(notice("sms"))
    document = json.loads(seen[0].get_data())
    assert document["receivers"] == ["alice", "bob"]
    assert document["receiver"] == "alice,bob"
    assert (document["title"], document["content"]) == ("Tocsin [Fatal] CPU", "**[Fatal] CPU**\n**Target**: 10.0.0.1")
    assert "config" not in document
    assert seen[0].headers["Content-Type"] == "application/json; charset=utf-8"
    assert seen[0].headers["Idempotency-Key"] == "0123abcd"


@pytest.mark.parametrize(
    ("body", "expected", "kind"),
    [
        ('{"to": "{{ receiver }}", "text": "{{ content }}"}', '{"to": "alice,bob", "text": "say \\"hi\\"\\nthere"}', "application/json; charset=utf-8"),
        ("to={{ receivers|join('+')|urlencode }}&id={{ notice.id }}", "to=alice%2Bbob&id=0123abcd", "text/plain; charset=utf-8"),
        ('[{"n": {{ severity }} }]', '[{"n": 1}]', "application/json; charset=utf-8"),
        ('{"people": "{{ json.dumps(receivers) }}"}', '{"people": "[\\"alice\\",\\"bob\\"]"}', "application/json; charset=utf-8"),
    ],
)  # fmt: skip
def test_a_template_makes_the_body_and_json_stays_json(hook, body, expected, kind):
    url, seen, _ = hook
    BY_WAY["sms"].channel(url, body=body).send(notice("sms", content='say "hi"\nthere'))
    assert seen[0].get_data(as_text=True) == expected
    assert seen[0].headers["Content-Type"] == kind


def test_a_template_that_fails_refuses_the_notice(hook):
    url, seen, _ = hook
    results = BY_WAY["sms"].channel(url, body="{{ 1 / 0 }}").send(notice("sms"))
    assert {one.message for one in results.values()} == {
        "the body's template failed: ZeroDivisionError: division by zero"
    }
    assert not seen


def test_headers_may_be_secret_and_are_never_shown(hook):
    url, seen, said = hook
    said.update(status=401, body=b"token token-secret is unknown")
    channel = BY_WAY["sms"].channel(url, headers={"Authorization": Secret(env="TOKEN"), "X-Plain": "p"}, method="PUT")
    results = channel.send(notice("sms"))
    assert seen[0].method == "PUT"
    assert seen[0].headers["Authorization"] == "token-secret"
    assert seen[0].headers["X-Plain"] == "p"
    assert results["alice"].message == "HTTP 401: token *** is unknown"


@pytest.mark.parametrize(
    ("body", "alice", "bob", "message"),
    [
        (b"", True, True, ""),
        (b" OK\n", True, True, ""),
        (b"Accepted", True, True, ""),
        (b"Error 7", False, False, "the answer is no JSON object: Error 7"),
        (b'{"result": true, "message_id": 5}', True, True, ""),
        (b'{"username_check": {"invalid": ["bob"]}, "message": "no phone"}', True, False, "no phone"),
        (b'{"data": {"username_check": {"invalid": "bob, carol"}}}', True, False, "no such receiver"),
        (b'{"result": false, "username_check": {"invalid": ["bob"]}}', True, False, "no such receiver"),
        (b'{"message_detail": {"bob": "blocked"}}', True, False, "blocked"),
        (b'{"result": false, "message": "no credit"}', False, False, "code 0: no credit"),
        (b'{"code": 0, "data": []}', True, True, ""),
        (b'{"code": 200}', True, True, ""),
        (b'{"code": "1001", "msg": "bad"}', False, False, "code 1001: bad"),
        (b'{"status": "success"}', True, True, ""),
        (b'{"sid": "SM1", "status": "queued"}', True, True, ""),
        (b'{"code": 202}', True, True, ""),
        (b'{"code": -1}', False, False, "code -1"),
        (b'{"status": "Failed", "message": "why"}', False, False, "code Failed: why"),
        (b'{"status": {"x": 1}}', True, True, ""),
    ],
)
def test_a_gateway_says_whom_it_could_not_reach(hook, body, alice, bob, message):
    url, _, said = hook
    said["body"] = body
    results = BY_WAY["voice"].channel(url).send(notice("voice"))
    assert (results["alice"].ok, results["bob"].ok) == (alice, bob)
    assert results["bob"].message == message


def test_a_webhook_calls_each_receiver_and_answers_for_each(httpserver):
    httpserver.expect_request("/ok").respond_with_data("fine")
    httpserver.expect_request("/no").respond_with_data("gone", 410)
    fine, gone = httpserver.url_for("/ok"), httpserver.url_for("/no")
    results = BY_WAY["webhook"].channel("").send(notice("webhook", receivers=(fine, gone, "a name")))
    assert results[fine].ok
    assert (results[gone].ok, results[gone].message) == (False, "HTTP 410: gone")
    assert results["a name"].message == "the receiver is no address, and the channel has no 'url'"


def test_a_webhook_receiver_that_is_a_name_is_called_at_the_channels_address(hook):
    url, seen, _ = hook
    results = BY_WAY["webhook"].channel(url).send(notice("webhook", receivers=("ops",)))
    assert results["ops"].ok
    assert json.loads(seen[0].get_data())["receivers"] == ["ops"]


def test_a_webhook_with_a_secret_signs_its_body_and_time(hook):
    url, seen, _ = hook
    BY_WAY["webhook"].channel(url, secret=Secret(env="SIGNING")).send(notice("webhook", receivers=(url,)))
    request = seen[0]
    expected = hmac.new(b"signing-secret", b"1700000000." + request.get_data(), hashlib.sha256).hexdigest()
    assert request.headers["X-Tocsin-Timestamp"] == "1700000000"
    assert request.headers["X-Tocsin-Signature"] == f"sha256={expected}"


def test_a_user_and_password_in_an_address_are_sent_and_not_shown(httpserver):
    httpserver.expect_request("/in", headers={"Authorization": "Basic am9leTpwQHNz"}).respond_with_data("ok")
    httpserver.expect_request("/in").respond_with_data("joey p@ss unknown", 401)
    url = httpserver.url_for("/in").replace("http://", "http://joey:p%40ss@")
    results = BY_WAY["webhook"].channel("").send(notice("webhook", receivers=(url,)))
    assert results[url].ok


def call(config, content='{"a": 1}', **changes):
    """Call the webhook of a strategy; return its one result."""
    channel = build(ChannelRule(way="webhook"), ENVIRON)
    results = channel.send(notice("webhook", receivers=(), config=config, content=content, **changes))
    assert list(results) == ["webhook"]
    return results["webhook"]


@pytest.mark.parametrize(
    ("config", "method", "body"),
    [
        ({}, "POST", '{"a": 1}'),
        ({"method": "PUT"}, "PUT", '{"a": 1}'),
        ({"method": "GET"}, "GET", ""),
        ({"method": "GET", "body": "x"}, "GET", '{"a": 1}'),
    ],
)
def test_the_webhook_of_a_strategy_is_called_as_configured(hook, config, method, body):
    url, seen, said = hook
    said["body"] = b"accepted"
    result = call({"url": url, "headers": {"X-A": "1", "Content-Type": "text/x"}, **config})
    assert result.ok
    assert result.message == "accepted"
    assert seen[0].method == method
    assert seen[0].get_data(as_text=True) == body
    assert seen[0].headers["X-A"] == "1"
    assert seen[0].headers["Content-Type"] == "text/x"
    assert seen[0].headers["Idempotency-Key"] == "0123abcd"


@pytest.mark.parametrize(
    ("config", "message", "retryable"),
    [
        ({"url": ""}, "the action names no address", False),
        ({}, "the action names no address", False),
        ({"url": "http://127.0.0.1:1/", "method": "TRACE"}, "no method 'TRACE'", False),
        ({"url": "http://127.0.0.1:1/?key=hunter2"}, "the host refuses connections", True),
        ({"url": "ftp://127.0.0.1/"}, "the address or a header is not valid", False),
        ({"url": "http://127.0.0.1:1/", "headers": {"X-A": "a\nb"}}, "the address or a header is not valid", False),
    ],
)
def test_the_webhook_of_a_strategy_fails_with_a_reason(config, message, retryable):
    result = call(config)
    assert (result.ok, result.message, result.retryable) == (False, message, retryable)


@pytest.mark.parametrize(
    ("body", "ok", "message"),
    [
        (b'{"errcode": 0, "errmsg": "ok"}', True, ""),
        (b'{"errcode": 93000, "errmsg": "invalid url"}', False, "code 93000: invalid url"),
        (b'{"errcode": -1}', False, "code -1"),
        (b'{"errcode": "E7"}', True, ""),
        (b'{"errcode": 1', True, ""),
        (b'["errcode"]', True, ""),
    ],
)
def test_a_webhook_believes_an_error_code_and_no_other_word(hook, body, ok, message):
    url, _, said = hook
    said["body"] = body
    results = BY_WAY["webhook"].channel("").send(notice("webhook", receivers=(url,)))
    assert (results[url].ok, results[url].message, results[url].retryable) == (ok, message, False)
    assert call({"url": url}).ok is ok


def test_what_a_webhook_answers_does_not_show_the_key_of_its_address(hook):
    url, _, said = hook
    said["body"] = b"you said key=hunter2secret"
    assert call({"url": f"{url}?key=hunter2secret"}).message == "you said key=***"


@pytest.mark.parametrize("place", ["env", "file"])
def test_an_action_reveals_its_secrets_to_nobody_but_its_address(place, httpserver, tmp_path, monkeypatch):
    """The notice, and so the outbox, the documents and the log, hold the references."""
    secrets = {"HOOK": httpserver.url_for("/secret-path-of-a-hook"), "TOKEN": "Bearer hunter2secret"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
        (tmp_path / name).write_text(value + "\n")
    references = {name: {place: name if place == "env" else str(tmp_path / name)} for name in secrets}
    httpserver.expect_request("/secret-path-of-a-hook", headers={"Authorization": "Bearer hunter2secret"}).respond_with_data("taken by hunter2secret")  # fmt: skip
    sent = notice(config={"url": references["HOOK"], "headers": {"Authorization": references["TOKEN"]}})
    (result,) = Webhook(Http(60.0), lambda: "", lambda: "").send(sent).values()
    assert (result.ok, result.message) == (True, "taken by ***")
    assert b"hunter2" not in msgspec.json.encode(sent)


def test_an_action_whose_secret_is_not_there_is_tried_again_and_says_which():
    sent = notice(config={"url": "http://127.0.0.1:1/", "headers": {"Authorization": {"env": "NOT_THERE"}}})
    (result,) = Webhook(Http(60.0), lambda: "", lambda: "").send(sent).values()
    assert (result.retryable, result.message) == (True, "environment variable NOT_THERE is not set")
