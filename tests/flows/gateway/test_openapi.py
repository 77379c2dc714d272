"""Answers against Alertmanager's own description of its API, which stands beside the repository where it is at hand."""

import jsonschema
import pytest
import yaml

from tests.flows.gateway.test_alertmanager import silence, tools
from tests.tree import SHARED

PAGE = SHARED / "data" / "alertmanager-v2.openapi.yaml"
pytestmark = pytest.mark.skipif(not PAGE.exists(), reason="the description of the API is not part of the repository")

__all__ = ["tools"]

READS = ("/status", "/receivers", "/alerts", "/alerts/groups", "/silences")


@pytest.fixture(scope="module")
def description():
    return yaml.safe_load(PAGE.read_text())


def check(description, path, method, status, value):
    """Hold a value against the schema of an answer."""
    schema = description["paths"][path][method]["responses"][status]
    while "$ref" in schema:
        schema = description["responses"][schema["$ref"].rpartition("/")[2]]
    jsonschema.Draft4Validator(
        {**schema["schema"], "definitions": description["definitions"]}, format_checker=jsonschema.FormatChecker()
    ).validate(value)


@pytest.mark.parametrize("path", READS)
def test_what_is_read_is_as_described(tools, description, path):
    tools.post("/api/v2/silences", silence())
    answer = tools.get(f"/api/v2{path}")
    assert answer.status == 200
    check(description, path, "get", "200", answer.json())


def test_a_silence_is_as_described_when_it_is_posted_and_when_it_is_read(tools, description):
    posted = tools.post("/api/v2/silences", silence())
    check(description, "/silences", "post", "200", posted.json())
    read = tools.get(f"/api/v2/silence/{posted.json()['silenceID']}")
    check(description, "/silence/{silenceID}", "get", "200", read.json())


def test_every_path_of_the_description_is_answered(tools, description):
    for path, methods in description["paths"].items():
        place = f"http://{tools.listen}/api/v2{path.replace('{silenceID}', 'none')}"
        for method in set(methods) & {"get", "post", "delete"}:
            answer = tools.http.request(method.upper(), place)
            assert answer.status != 405, (path, method)
            assert answer.status != 404 or "{" in path, (path, method)
