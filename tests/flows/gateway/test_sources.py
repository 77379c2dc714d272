"""Any JSON over HTTP, read by rules of kind `sources`: answers, dead letters, tokens, and rules that change meanwhile."""

import hashlib
import json
import time

import pytest
import yaml

from tests.flows.gateway.stand import Stand

RULE = {"id": "shop", "event": {"alert_name": "what", "severity": {"path": "level", "words": {"bad": 1}}}}


def written(folder, *rules):
    fresh = folder / "rules" / "new"
    fresh.parent.mkdir(exist_ok=True)
    fresh.write_text(yaml.safe_dump({"strategies": [], "sources": list(rules)}))
    fresh.rename(folder / "rules" / "sources.yaml")
    return str(folder / "rules")


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    tokens = [
        {"name": name, "sha256": hashlib.sha256(name.encode()).hexdigest(), "scopes": [scope]}
        for name, scope in (("shop", "send:shop"), ("all", "send"), ("other", "send:grafana"))
    ]
    (folder / "tokens.yaml").write_text(yaml.safe_dump({"tokens": tokens}))
    rules = written(folder, RULE, {"id": "off", "is_enabled": False, "event": {"alert_name": "what"}})
    stand = Stand(folder, "--rules", rules, "--tokens", str(folder / "tokens.yaml"), "--settings", "/dev/null")
    yield stand
    assert stand.stop() == 0


def send(shop, body, source="shop", token="all"):
    return shop.post(f"/webhook/{source}", body, Authorization=f"Bearer {token}")


def test_a_record_is_an_event_of_its_rule(shop):
    answer = send(shop, {"what": "Cart", "level": "bad"})
    assert (answer.status, answer.json()) == (202, {"accepted": 1, "refused": []})
    assert {"alert_name": "Cart", "severity": 1, "plugin_id": "shop"}.items() <= shop.kept()[-1].items()


def test_what_cannot_be_read_is_told_and_kept_for_the_dead_letters(shop):
    answer = send(shop, {"level": "bad"})
    assert (answer.status, answer.json()["refused"][0]["reason"]) == (422, "missing_field")
    last = shop.kept()[-1]
    assert (last["kind"], last["reason"], json.loads(last["body"])) == ("refused", "missing_field", {"level": "bad"})
    assert last["detail"].startswith("webhook/shop: body: ")


def test_what_can_be_read_beside_it_is_taken(shop):
    answer = send(shop, [{"what": "A"}, 5])
    assert (answer.status, answer.json()["accepted"], answer.json()["refused"][0]["place"]) == (202, 1, "[1]")


@pytest.mark.parametrize(
    ("source", "token", "status"),
    [("shop", "shop", 202), ("shop", "all", 202), ("shop", "other", 403), ("shop", "wrong", 401), ("none", "all", 404), ("off", "all", 404), ("none", "shop", 403)],
)  # fmt: skip
def test_a_source_needs_its_rule_and_its_scope(shop, source, token, status):
    assert send(shop, {"what": "A"}, source, token).status == status


def test_a_rule_that_is_new_counts_without_a_restart(shop):
    written(shop.folder, RULE, {"id": "late", "event": {"alert_name": "what"}})
    deadline = time.monotonic() + 60
    while (answer := send(shop, {"what": "A"}, "late")).status == 404:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert answer.status == 202
