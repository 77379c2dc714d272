"""The gateway's own description: every route is in it, and whatever it allows to be sent is answered as it says."""

import json
import re

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
)

from flows.gateway.app import application
from flows.gateway.gate import Gate
from flows.gateway.openapi import description, page
from flows.gateway.service import Service
from flows.telemetry.meter import Meter
from sinks.store.sqlite import SqliteStore
from tests.flows.gateway.stand import Stand
from tests.flows.gateway.test_openapi import PAGE as ALERTMANAGER

RULES = {
    "user_groups": [{"id": "ops", "name": "Ops", "users": ["alice"]}],
    "strategies": [],
    "sources": [{"id": "shop", "event": {"alert_name": "what"}}],
}
LENIENT = [negative_data_rejection, positive_data_acceptance]
"""What a sender spells otherwise is read where it can be; and what no schema can say (a label's name, two times) is refused."""
GENTLY = settings(
    max_examples=15,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    folder = tmp_path_factory.mktemp("described")
    (folder / "rules").mkdir()
    (folder / "rules" / "r.yaml").write_text(yaml.safe_dump(RULES))
    stand = Stand(folder, "--settings", "/dev/null", "--rules", str(folder / "rules"))
    yield stand
    assert stand.stop() == 0
    assert "Traceback" not in stand.log.read_text()


@pytest.fixture(scope="module")
def own(house):
    return schemathesis.openapi.from_url(f"http://{house.listen}/openapi.json")


@pytest.fixture(scope="module")
def theirs(house):
    if not ALERTMANAGER.exists():
        pytest.skip("Alertmanager's description is not part of the repository")
    loaded = schemathesis.openapi.from_dict(yaml.safe_load(ALERTMANAGER.read_text()))
    loaded.config.update(base_url=f"http://{house.listen}/api/v2")
    return loaded


def hold(operation):
    """Send what a description allows and what it does not, and hold each answer against it."""

    @GENTLY
    @given(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE)
        | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)
    )
    def each(case):
        answer = case.call()
        case.validate_response(
            answer, excluded_checks=[*LENIENT, *([] if answer.content else [content_type_conformance])]
        )

    each()


OURS = [(method, path) for path, methods in description()["paths"].items() for method in methods]
THEIRS = [
    ("get", "/status"), ("get", "/receivers"), ("get", "/silences"), ("post", "/silences"), ("get", "/silence/{silenceID}"),
    ("delete", "/silence/{silenceID}"), ("get", "/alerts"), ("post", "/alerts"), ("get", "/alerts/groups"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), OURS)
def test_our_own_description_is_kept(own, method, path):
    hold(own[path][method])


@pytest.mark.parametrize(("method", "path"), THEIRS)
def test_alertmanagers_description_is_kept(theirs, method, path):
    hold(theirs[path][method])


def test_no_operation_of_alertmanager_is_left_out(theirs):
    found = {(method, path) for path, methods in theirs.raw_schema["paths"].items() for method in methods}
    assert {(method, path) for method, path in found if method in ("get", "post", "put", "delete")} == set(THEIRS)


def routes(app):
    for route in app.routes:
        for method in route.methods - {"HEAD"}:
            yield method.lower(), re.sub(r":\w+}", "}", route.path)


def test_every_route_is_described_and_nothing_else(tmp_path):
    store = SqliteStore(tmp_path / "store.sqlite3")
    app = application(Service(None, Gate(None), Meter(programs=("gateway",)), store))
    found = set(routes(app))
    described = {(method, path) for path, methods in description()["paths"].items() for method in methods}
    assert found == described
    store.close()


def test_the_page_names_every_path_and_asks_for_nothing_else(house):
    answer = house.get("/")
    text = answer.data.decode()
    assert answer.headers["Content-Type"].startswith("text/html")
    assert all(path in text for path in description()["paths"])
    assert not re.findall(r"(?:src|href)=\"(?!openapi\.json)", text)
    assert "http" not in text.replace("<!doctype html>", "").replace("HTTP", "")


def test_who_is_asked_for_a_token_is_described():
    assert all("security" in one for one in description()["paths"]["/api/v2/alerts"].values())
    assert "security" not in description(is_guarded=False)["paths"]["/api/v2/alerts"]["get"]
    assert json.loads(json.dumps(description())) == description()
    assert "<script" not in page(description())
