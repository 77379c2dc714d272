"""Who may ask."""

import hashlib
import os

import pytest
import urllib3
import yaml

from flows.gateway.gate import Denied, Gate
from flows.gateway.server import AddressError, address_of, bound
from flows.gateway.tokens import Token, Tokens, TokensError, secret_in
from tests.flows.gateway.stand import Stand


def sha(secret):
    return hashlib.sha256(secret.encode()).hexdigest()


def written(path, *tokens):
    path.write_text(yaml.safe_dump({"tokens": list(tokens)}))
    return str(path)


PROMETHEUS = {"name": "prometheus", "sha256": sha("s3cret"), "scopes": ["send:prometheus"]}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guarded")
    stand = Stand(folder, "--tokens", written(folder / "tokens.yaml", PROMETHEUS), "--settings", "/dev/null")
    yield stand
    stand.stop()


BASIC = urllib3.make_headers(basic_auth="who:s3cret")["authorization"]


@pytest.mark.parametrize(
    ("path", "authorization", "status"),
    [
        ("/api/v2/alerts", "Bearer s3cret", 200),
        ("/api/v2/alerts", "bearer  s3cret ", 200),
        ("/api/v2/alerts", BASIC, 200),
        ("/api/v2/alerts", "Bearer wrong", 401),
        ("/api/v2/alerts", "", 401),
        ("/api/v2/alerts", "Basic !!!", 401),
        ("/webhook/grafana", "Bearer s3cret", 403),
    ],
)
def test_only_a_token_with_the_scope_may_send(guarded, path, authorization, status):
    answer = guarded.post(path, [{"labels": {"alertname": "A"}}], Authorization=authorization)
    assert answer.status == status
    assert b"s3cret" not in answer.data


@pytest.mark.parametrize(
    ("secret", "headers", "status"),
    [
        ("s3cret", {}, 403),
        ("wrong", {}, 401),
        ("", {}, 401),
        ("s3cret", {"Authorization": "Bearer wrong"}, 401),
        ("r" * 32, {"Authorization": "Bearer s3cret"}, 403),
    ],
)
def test_a_sender_that_knows_no_head_says_its_token_in_the_body(guarded, secret, headers, status):
    body = {"routing_key": secret, "event_action": "resolve", "dedup_key": "k"}
    assert guarded.post("/v2/enqueue", body, **headers).status == status
    assert guarded.post("/v2/push/", {"data_id": 1, "access_token": secret, "data": []}, **headers).status == status


def test_the_log_holds_no_token(guarded):
    assert "s3cret" not in guarded.log.read_text()


def test_a_changed_file_is_read_and_a_broken_one_changes_nothing(tmp_path):
    now, path = [0.0], tmp_path / "tokens.yaml"
    tokens = Tokens(written(path, PROMETHEUS), lambda: now[0])
    written(path, {**PROMETHEUS, "name": "renamed"})
    os.utime(path, ns=(1, 1))
    now[0] += 3
    assert tokens.of("s3cret").name == "renamed"
    path.write_text("tokens: [")
    now[0] += 3
    assert tokens.of("s3cret").name == "renamed"
    assert "the last good ones stay" in tokens.trouble


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("tokens: [", "no YAML"),
        ("tokens: [{name: a}]", "sha256"),
        ("tokens: [{name: a, sha256: abc, scopes: []}]", "64 hex digits"),
        (f"tokens: [{{name: a, sha256: {sha('x')}, scopes: [], extra: 1}}]", "extra"),
        (
            f"tokens: [{{name: a, sha256: {sha('x')}, scopes: []}}, {{name: a, sha256: {sha('y')}, scopes: []}}]",
            "two tokens",
        ),
    ],
)
def test_a_file_with_mistakes_is_refused_with_the_place(tmp_path, text, why):
    path = tmp_path / "tokens.yaml"
    path.write_text(text)
    with pytest.raises(TokensError, match=why):
        Tokens(str(path))


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(TokensError, match="No such file"):
        Tokens(str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("header", "secret"),
    [
        ("Bearer a", "a"),
        ("basic dXNlcjpwYTpzcw==", "pa:ss"),
        ("Digest x", ""),
        ("", ""),
        ("Basic %", ""),
        ("Basic", ""),
    ],
)
def test_the_secret_of_a_header(header, secret):
    assert secret_in(header) == secret


class Asked:
    headers = {"authorization": "Bearer x"}  # noqa: RUF012 - as a request has them


def test_a_token_has_a_rate(tmp_path):
    now = [0.0]
    tokens = Tokens(written(tmp_path / "t", {"name": "a", "sha256": sha("x"), "scopes": ["send"], "rate": 2}))
    gate = Gate(tokens, lambda: now[0])
    answers = [gate.judge(Asked(), "send") for _ in range(3)]
    assert [type(one) for one in answers] == [Token, Token, Denied]
    assert answers[2].status == 429
    now[0] += 0.5
    assert isinstance(gate.judge(Asked(), "send"), Token)


@pytest.mark.parametrize("listen", ["0.0.0.0:1", "[::]:1", "example.org:1", "192.0.2.1:1"])
def test_without_tokens_nobody_else_may_ask(listen):
    with pytest.raises(AddressError, match="without tokens"):
        bound(listen, is_guarded=False)


@pytest.mark.parametrize("listen", ["", "1", "host", "host:x", ":1", "h:99999"])
def test_an_address_that_is_none_is_refused(listen):
    with pytest.raises(AddressError, match="expected HOST:PORT"):
        address_of(listen)
