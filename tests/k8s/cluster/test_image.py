"""The image holds what runs and no more, says what that is, and runs as it will run in a pod: not root, on a root it cannot write."""

import json
import re
import sys

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.k8s.cluster.sandbox import Sandbox

pytestmark = pytest.mark.kube

LIMIT = 200_000_000
USER = 10001
IMPORT_ALL = """
import importlib, pkgutil
names = [m.name for p in ("flows", "operators", "sinks") for m in pkgutil.walk_packages([importlib.import_module(p).__path__[0]], p + ".")]
print(len([importlib.import_module(name) for name in names]))
"""


def test_it_is_small(image_root, capsys):
    size = sum(path.lstat().st_size for path in image_root.rglob("*"))
    by_part = {
        "packages": image_root / "opt/tocsin",
        "standard library": image_root / "usr/lib/python3.11",
    }
    parts = {name: sum(one.lstat().st_size for one in path.rglob("*")) for name, path in by_part.items()}
    with capsys.disabled():
        said = ", ".join(f"{name} {part / 1e6:.0f}" for name, part in parts.items())
        sys.stdout.write(
            f"\nimage: {size / 1e6:.0f} MB ({said}, libraries and the rest {(size - sum(parts.values())) / 1e6:.0f})\n"
        )
    assert size < LIMIT


def test_it_has_no_shell_and_no_installer_no_tests_and_no_debugger(image_root):
    programs = {path.name for folder in ("usr/bin", "opt/tocsin/bin") for path in (image_root / folder).iterdir()}
    assert {"python3", "tocsin"} <= programs
    assert programs.isdisjoint({"sh", "bash", "dash", "busybox", "pip", "apt", "dpkg", "gcc", "ld"})
    packages = {path.name for path in (image_root / "opt/tocsin/lib/python3.11/site-packages").iterdir()}
    assert packages.isdisjoint({"pip", "setuptools", "pytest", "mypy", "cyclonedx"})


def test_it_says_what_it_is(image_config):
    labels = image_config["Labels"]
    ours = {name.rpartition(".")[2] for name in labels if name.startswith("org.opencontainers.image.")}
    assert ours >= {"title", "description", "licenses", "version", "revision", "name"}
    assert image_config["User"] == f"{USER}:{USER}"
    assert image_config["Entrypoint"] == ["tocsin"]


def test_its_bill_of_materials_names_all_that_is_in_it(image_root):
    text = (image_root / "opt/tocsin/share/sbom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    parts = [*bill["components"], bill["metadata"]["component"]]
    named = {one["name"].lower().replace("_", "-") for one in parts}
    installed = {path.name for path in (image_root / "opt/tocsin/lib/python3.11/site-packages").glob("*.dist-info")}
    packages = {name.removesuffix(".dist-info").rpartition("-")[0].lower().replace("_", "-") for name in installed}
    assert {name.replace(".", "-") for name in packages} <= named
    assert {path.name for path in (image_root / "var/lib/dpkg/status.d").iterdir()} <= named
    assert {"bytewax", "tocsin", "python", "libc6", "libssl3", "ca-certificates"} <= named


def test_every_module_finds_what_it_imports_and_is_compiled(image_root, sandbox: Sandbox):
    said = sandbox.run("python", "-c", IMPORT_ALL)
    assert said.returncode == 0, said.stdout
    assert int(said.stdout) > 200
    found = sandbox.run("python", "-v", "-c", "import flows.run")
    assert found.returncode == 0, found.stdout
    assert re.findall(r"code object from '(\S+\.py)'", found.stdout) == []


@pytest.mark.parametrize("words", [["--version"], ["demo", "--json"]])
def test_it_runs_from_nothing(sandbox: Sandbox, words):
    said = sandbox.run("tocsin", *words)
    assert said.returncode == 0, said.stdout
    assert said.stdout


def test_it_runs_a_job_over_a_file(sandbox: Sandbox):
    event = {"event_id": "e1", "plugin_id": "p", "alert_name": "Disk full", "severity": 2, "time": 1_700_000_000}
    (sandbox.home / "events.jsonl").write_text(json.dumps(event) + "\nnot json\n")
    (sandbox.home / "rules.yaml").write_text(json.dumps({"businesses": [{"id": 2, "name": "shop"}]}))
    words = ["run", "--rules", "rules.yaml", "--input", "events.jsonl", "--recording", "--data", "data"]
    done = sandbox.run("tocsin", *words)
    assert done.returncode == 0, done.stdout
    listed = sandbox.run("tocsin", "alerts", "list", "--data", "data", "--json")
    assert [one["alert_name"] for one in json.loads(listed.stdout)["items"]] == ["Disk full"]
    letters = (sandbox.home / "data" / "dead_letters.jsonl").read_text()
    assert json.loads(letters)["reason"] == "not_json"
