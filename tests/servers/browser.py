"""A real browser for the tests: Debian's Chromium with a Chinese font, and the rules of axe-core; both fetched once into the cache."""

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import NamedTuple

from tests.servers.debian import unpacked
from tests.servers.process import fetch_once, run_or_tell

PACKAGES = ("chromium", "fonts-wqy-microhei")
AXE = "4.14.1"
SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><dir>/usr/share/fonts</dir><cachedir>{cache}</cachedir></fontconfig>
"""


class Chromium(NamedTuple):
    """A browser that can be started."""

    program: Path
    environment: dict[str, str]


def missing() -> str:
    """Say why there is no browser, or nothing."""
    lacking = [name for name in ("apt-get", "dpkg-deb", "npm") if not shutil.which(name)]
    return f"needs {', '.join(lacking)} to fetch a browser and axe-core" if lacking else ""


def chromium() -> Chromium:
    """Return the browser of the machine, if it has the font too; else one out of the cache."""
    installed = shutil.which("chromium")
    if installed and Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc").exists():
        return Chromium(Path(installed), dict(os.environ))
    root = unpacked("chromium", [*PACKAGES, *_libraries()])
    folders = [f"{root}/usr/lib/{os.uname().machine}-linux-gnu", f"{root}/lib/{os.uname().machine}-linux-gnu"]
    folders.append(f"{folders[0]}/pulseaudio")  # libpulse looks for its other half there, by a path of the machine
    fonts = root / "fonts.conf"
    fonts.write_text(_FONTS.format(fonts=root / "usr/share/fonts", cache=root / "fonts.cache"))
    found = {"LD_LIBRARY_PATH": ":".join(folders), "FONTCONFIG_FILE": str(fonts)}
    return Chromium(root / "usr/lib/chromium/chromium", {**os.environ, **found})


def axe() -> str:
    """Return the script that finds what shuts people out."""
    return (fetch_once(f"axe-core-{AXE}", _fetch_axe) / "axe.min.js").read_text(encoding="utf-8")


def _libraries() -> list[str]:
    """Return the packages that apt would install along: what the browser needs and the machine lacks."""
    asked = ["apt-get", "-s", "--no-install-recommends", "install", *PACKAGES]
    shown = subprocess.run(asked, capture_output=True, text=True, check=False)
    if shown.returncode:
        run_or_tell(["apt-get", "-qq", "update"])
        shown = subprocess.run(asked, capture_output=True, text=True, check=False)
    found = re.findall(r"^Inst (\S+)", shown.stdout, re.MULTILINE)
    return [name for name in found if name not in PACKAGES]


def _fetch_axe(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as packed:
        run_or_tell(["npm", "pack", "--silent", f"axe-core@{AXE}"], cwd=packed)
        (archive,) = Path(packed).glob("*.tgz")
        with tarfile.open(archive) as opened, (folder / "axe.min.js").open("wb") as kept:
            found = opened.extractfile("package/axe.min.js")
            assert found is not None
            shutil.copyfileobj(found, kept)
