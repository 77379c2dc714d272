"""The bill of materials that `make sbom` writes names what the lock of the runtime pins."""

import json
import re
import subprocess

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.tree import ROOT


@pytest.fixture(scope="module")
def bill():
    target = ROOT / "build" / "sbom.cdx.json"
    subprocess.run(["make", "--silent", "sbom"], cwd=ROOT, check=True, capture_output=True, timeout=300)
    return target.read_text()


def test_it_is_a_bill_of_materials(bill):
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill) is None


def test_it_names_what_the_lock_pins(bill):
    pinned = set(re.findall(r"^([a-z0-9._-]+)==(\S+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    said = json.loads(bill)
    assert {(one["name"], one["version"]) for one in said["components"]} == pinned
    assert said["metadata"]["component"]["name"] == "tocsin"
