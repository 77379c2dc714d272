"""Put together the root of the image (Containerfile, stage `build`): what Tocsin runs on, and nothing else.

The interpreter, its standard library, the environment, the shared libraries they are linked to and the certificates of public
authorities: no shell, no package manager. What came from Debian's packages is named in var/lib/dpkg/status.d, where scanners
look, and in the bill of materials beside the Python packages.
"""

import json
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
KEEPER_OF_CERTIFICATES = Path("/usr/sbin/update-ca-certificates")
BILL = Path("share/sbom.cdx.json")
"""Where the bill of materials lies in the environment."""
UNUSED = (
    "site-packages",
    "dist-packages",
    "ensurepip",
    "idlelib",
    "lib2to3",
    "pydoc_data",
    "test",
    "tkinter",
    "turtledemo",
)
"""Parts of the standard library that Tocsin never imports."""
LINKED = re.compile(r"^\s*(?:\S+ => )?(/\S+) \(0x", re.MULTILINE)
COMPILE = ("-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash")
USER = "tocsin:x:10001:10001::/nonexistent:/usr/sbin/nologin\n"
GROUP = "tocsin:x:10001:\n"


def main(environment: Path, root: Path) -> None:
    """Assemble `root` around a virtual environment that was made by this interpreter."""
    skeleton(root)
    linking = [Path(sys.executable), *shared(environment), *shared(stdlib())]
    copied = [*interpreter(root), *(copy(root, path) for path in libraries(linking) if environment not in path.parents)]
    shutil.copytree(stdlib(), root / stdlib().relative_to("/"), symlinks=True, ignore=unused)
    packages = sorted(set(owners([*copied, stdlib() / "os.py", KEEPER_OF_CERTIFICATES])))
    name_packages(root, packages)
    (environment / BILL).parent.mkdir(exist_ok=True)
    bill = extended(bill_of(environment), packages)
    (environment / BILL).write_text(json.dumps(bill, indent=1))
    shutil.copytree(environment, root / environment.relative_to("/"), symlinks=True)
    programs = (root / Path(sys.executable).resolve().relative_to("/"), *shared(root / "usr"), *shared(root / "opt"))
    strip(programs)
    compile_all(root)
    said("ldconfig", "-r", root)


def said(*command: object, check: bool = True) -> str:
    """Run a tool of the stage, and return what it says; without `check`, also if it fails."""
    words = [str(word) for word in command]
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=check).stdout  # noqa: S603 - words of this file


def stdlib() -> Path:
    """Return the folder of the standard library."""
    return Path(sysconfig.get_path("stdlib"))


def unused(folder: str, names: list[str]) -> set[str]:
    """Return what is left out of a folder of the standard library."""
    gone = {name for name in names if name == "__pycache__" or name.startswith("config-")}
    return gone | ({*names} & {*UNUSED} if Path(folder) == stdlib() else set())


def shared(folder: Path) -> list[Path]:
    """Return the shared libraries below a folder, extension modules among them."""
    return [path for path in folder.rglob("*.so*") if path.is_file() and not path.is_symlink()]


def strip(paths: Iterable[Path]) -> None:
    """Take out what only a debugger reads: 50 MB of the wheels, and most of an interpreter built from source."""
    for path in paths:
        said("strip", "--strip-unneeded", path)


def skeleton(root: Path) -> None:
    """Make the folders and files that every program expects."""
    for folder in ("usr/bin", "usr/lib", "usr/lib64", "etc", "var/lib"):
        (root / folder).mkdir(parents=True)
    for name in ("bin", "lib", "lib64"):
        (root / name).symlink_to(f"usr/{name}")
    (root / "tmp").mkdir(mode=0o1777)
    (root / "tmp").chmod(0o1777)
    (root / "etc/passwd").write_text(f"root:x:0:0:root:/:/usr/sbin/nologin\n{USER}")
    (root / "etc/group").write_text(f"root:x:0:\n{GROUP}")
    (root / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")
    for path in (CERTIFICATES, Path("/etc/os-release"), Path("/etc/ld.so.conf"), *Path("/etc/ld.so.conf.d").iterdir()):
        copy(root, path)


def interpreter(root: Path) -> Iterator[Path]:
    """Copy the interpreter, with the names that lead to it."""
    path = Path(sys.executable)
    while path.is_symlink():
        place(root, path).symlink_to(path.readlink())
        path = path.parent / path.readlink()
    yield copy(root, path)


def libraries(programs: Iterable[Path]) -> list[Path]:
    """Return what programs are linked to, by the names under which the loader looks for it."""
    shown = (said("ldd", path, check=False) for path in programs)
    return sorted({Path(name) for text in shown for name in LINKED.findall(text)})


def copy(root: Path, path: Path) -> Path:
    """Copy a file to the same path below `root`, and return its real path."""
    shutil.copy2(path.resolve(), place(root, path))
    return path.resolve()


def place(root: Path, path: Path) -> Path:
    """Return where a path stands below `root`, in a folder that is there."""
    target = root / path.relative_to("/")
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def owners(paths: Iterable[Path]) -> Iterator[str]:
    """Name the packages of Debian that files came from; what no package brought is the interpreter's own."""
    for path in paths:
        for name in (str(path), str(path).removeprefix("/usr")):
            if found := said("dpkg", "-S", name, check=False):
                yield found.partition(": ")[0].split(",")[0]
                break


def name_packages(root: Path, packages: Iterable[str]) -> None:
    """Write the record of each package to where scanners of images without a package manager look."""
    folder = root / "var/lib/dpkg/status.d"
    folder.mkdir(parents=True)
    for package in packages:
        (folder / package.partition(":")[0]).write_text(said("dpkg-query", "-s", package))


def bill_of(environment: Path) -> dict[str, Any]:
    """Return the bill of materials of the Python packages."""
    command = ("/build/bin/cyclonedx-py", "environment", "--output-reproducible", "--pyproject", "pyproject.toml")
    bill: dict[str, Any] = json.loads(said(*command, environment / "bin/python"))
    return bill


def extended(bill: dict[str, Any], packages: Iterable[str]) -> dict[str, Any]:
    """Return a bill with the interpreter and Debian's packages."""
    version = ".".join(map(str, sys.version_info[:3]))
    found = [component("python", version, f"pkg:generic/python@{version}")]
    for package in packages:
        shown = said("dpkg-query", "--showformat", "${Version} ${Architecture}", "--show", package)
        version, machine = shown.split()
        name = package.partition(":")[0]
        found.append(component(name, version, f"pkg:deb/debian/{name}@{version}?arch={machine}"))
    return {**bill, "components": [*bill["components"], *found]}


def component(name: str, version: str, purl: str) -> dict[str, str]:
    """Return a part of a bill of materials."""
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def compile_all(root: Path) -> None:
    """Compile ahead, by content: a root that cannot be written keeps nothing, and an image's file times are all alike."""
    said(sys.executable, *COMPILE, "-s", root, root)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
