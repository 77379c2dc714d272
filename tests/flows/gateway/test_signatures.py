"""Webhooks that sign what they send: whose secret it was, what was signed, and when."""

import base64
import gzip
import hashlib
import hmac
import json
import time

import pytest
import yaml

from flows.gateway.signatures import OLDEST, Signed, is_right, is_signed, key_of, signed_in
from flows.gateway.tokens import Tokens, TokensError
from tests.flows.gateway.stand import Stand

KEY = b"a secret of 24 bytes ..."
BODY = json.dumps({"alerts": [{"status": "firing", "labels": {"alertname": "A"}}]}).encode()


def standard(body=BODY, at=None, key=KEY, name="msg_1"):
    at = int(time.time()) if at is None else at
    digest = hmac.new(key, f"{name}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": name,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }


def grafana(body=BODY, at=None, key=b"plain"):
    at = int(time.time()) if at is None else at
    digest = hmac.new(key, f"{at}:".encode() + body, hashlib.sha256).hexdigest()
    return {"X-Grafana-Alerting-Timestamp": str(at), "X-Grafana-Alerting-Signature": digest}


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signed")
    (folder / "secret").write_text(f"whsec_{base64.b64encode(KEY).decode()}\n")
    tokens = [
        {"name": "svix", "hmac": {"file": str(folder / "secret")}, "scopes": ["send:alertmanager"]},
        {"name": "grafana", "hmac": {"env": "GRAFANA_SECRET"}, "scopes": ["send:grafana"]},
    ]
    (folder / "tokens.yaml").write_text(yaml.safe_dump({"tokens": tokens}))
    options = ("--tokens", str(folder / "tokens.yaml"), "--settings", "/dev/null")
    stand = Stand(folder, *options, env={"GRAFANA_SECRET": "plain"})
    yield stand
    assert stand.stop() == 0


def send(guarded, headers, path="/webhook/alertmanager", body=BODY):
    return guarded.post(path, body, **headers).status


def test_what_is_signed_is_taken(guarded):
    assert send(guarded, standard()) == 200
    assert send(guarded, grafana(), "/webhook/grafana") == 200


def test_what_is_signed_is_the_body_as_it_came(guarded):
    packed = gzip.compress(BODY)
    assert send(guarded, {**standard(packed), "Content-Encoding": "gzip"}, body=packed) == 200
    assert send(guarded, {**standard(BODY), "Content-Encoding": "gzip"}, body=packed) == 401


@pytest.mark.parametrize(
    ("headers", "path", "status"),
    [
        (lambda: standard(key=b"other"), "/webhook/alertmanager", 401),
        (lambda: standard(b"other"), "/webhook/alertmanager", 401),
        (lambda: standard(at=int(time.time()) - OLDEST - 60), "/webhook/alertmanager", 401),
        (lambda: standard(at=int(time.time()) + OLDEST + 60), "/webhook/alertmanager", 401),
        (lambda: standard(at=int(time.time()) - OLDEST // 2), "/webhook/alertmanager", 200),
        (lambda: {**standard(), "webhook-id": "msg_2"}, "/webhook/alertmanager", 401),
        (lambda: {**standard(), "webhook-timestamp": "soon"}, "/webhook/alertmanager", 401),
        (lambda: {**standard(), "webhook-signature": "v1,!!"}, "/webhook/alertmanager", 401),
        (lambda: {**standard(), "webhook-signature": ""}, "/webhook/alertmanager", 401),
        (lambda: {**standard(), "Authorization": "Bearer wrong"}, "/webhook/alertmanager", 401),
        (standard, "/webhook/grafana", 403),
        (standard, "/v1/events", 403),
        (lambda: {**grafana(), "X-Grafana-Alerting-Signature": "zz"}, "/webhook/grafana", 401),
    ],
)
def test_what_is_not_is_refused(guarded, headers, path, status):
    assert send(guarded, headers(), path) == status


@pytest.mark.parametrize("path", ["/api/v2/silences", "/api/v2/status"])
def test_a_signature_commands_and_reads_nothing(guarded, path):
    ask = guarded.post(path, BODY, **standard()) if path.endswith("silences") else guarded.get(path, **standard(b""))
    assert ask.status == 401


def test_one_of_several_signatures_is_enough_while_a_secret_changes():
    headers = standard()
    headers["webhook-signature"] += " v1," + base64.b64encode(bytes(32)).decode() + " v1a,ignored"
    assert is_signed(headers)
    assert is_right(signed_in(headers), BODY, KEY)


def test_a_vector_of_standard_webhooks_is_right():
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    digest = base64.b64decode("g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    assert is_right(Signed(1614265330, b"msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.", (digest,)), body, key)


@pytest.mark.parametrize(
    ("token", "why"),
    [
        ({"hmac": {"env": "NOBODY_SETS_THIS"}}, "tokens[0].hmac: NOBODY_SETS_THIS is empty"),
        ({"hmac": {"file": "/no/such/file"}}, "tokens[0].hmac: /no/such/file: No such file"),
        ({"hmac": {}}, "tokens[0].hmac: give either `env` or `file`"),
        ({"hmac": {"env": "A"}, "sha256": "0" * 64}, "give either `sha256`"),
        ({}, "give either `sha256`"),
        ({"sha256": "0" * 64, "scopes": ["sned"]}, "tokens[0].scopes: unknown scope 'sned'"),
    ],
)
def test_a_token_that_cannot_be_is_refused_with_its_place(tmp_path, token, why):
    (tmp_path / "tokens.yaml").write_text(yaml.safe_dump({"tokens": [{"name": "a", **token}]}))
    with pytest.raises(TokensError) as refused:
        Tokens(str(tmp_path / "tokens.yaml"))
    assert why in str(refused.value)
