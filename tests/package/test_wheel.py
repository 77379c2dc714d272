"""The wheel is whole: installed into an empty environment it runs the demo from an empty folder."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.flows.cli.answers import items
from tests.tree import EXAMPLES, ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, built from a copy: a build leaves folders behind."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        (source / name).write_bytes((ROOT / name).read_bytes())
    for name in ("operators", "sinks", "flows", "templates", "examples"):
        (source / name).symlink_to(ROOT / name)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", out]
    subprocess.run([*build, source], check=True, capture_output=True)
    (made,) = out.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def tocsin(wheel, tmp_path_factory) -> Path:
    """The program, installed into an environment of its own; what it needs is lent by this one."""
    place = tmp_path_factory.mktemp("venv")
    venv.create(place, with_pip=False)
    (packages,) = place.glob("lib/python*/site-packages")
    install = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        place / "bin" / "python",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*install, wheel], check=True, capture_output=True)
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin" / "tocsin"


def test_the_wheel_carries_templates_assets_and_the_demo_and_no_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {Path(name).parts[0] for name in names if ".dist-info" not in name} == {
        "flows",
        "operators",
        "sinks",
        "templates",
    }
    for folder, packed in (
        (ROOT / "templates", "templates"),
        (EXAMPLES / "demo" / "rules", "flows/demo/example/rules"),
    ):
        ours = {path.relative_to(folder) for path in folder.rglob("*") if path.suffix in (".jinja", ".yaml")}
        assert ours
        assert {f"{packed}/{path}" for path in ours} <= set(names)
    assets = ROOT / "flows" / "console" / "assets"
    assert {f"flows/console/assets/{path.name}" for path in assets.iterdir()} <= set(names)


def test_the_demo_runs_from_an_empty_folder(tocsin, tmp_path):
    environment = {name: text for name, text in os.environ.items() if not name.startswith(("TOCSIN", "PYTHON"))}
    done = subprocess.run(
        [tocsin, "demo", "--json"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert items(done.stdout)[0]["lines"] > 10_000
    where = subprocess.run(
        [tocsin.with_name("python"), "-c", "import flows; print(flows.__file__)"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert str(ROOT) not in where.stdout
