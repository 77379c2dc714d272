"""State is for nobody but the job: what is made is made for its user alone, and what others may write is not trusted.

The engine keeps snapshots as pickles, which run when they are read; the outbox holds the tokens of webhooks; whoever
may write a file of commands is an operator.
"""

import grp
import os
import pwd
import stat
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flows.settings.settings import Settings

OURS_ALONE = 0o077


def keep_private() -> None:
    """Make files 0600 and directories 0700 from now on, whoever makes them: SQLite and the engine too."""
    os.umask(os.umask(0o777) | OURS_ALONE)


def check_state(settings: "Settings") -> str | None:
    """Say what of the state that the settings name somebody else may write; None if nothing."""
    named = (settings.recovery.directory, settings.store.dsn, settings.outbox.dsn, settings.source.commands)
    paths = (one.removeprefix("sqlite:///") for one in named if one not in ("", "none"))
    return check_private(path for path in paths if "://" not in path)


def check_private(places: Iterable[str | Path]) -> str | None:
    """Say what of the places, of what is in them and of what leads to them somebody else may write; None if nothing."""
    for place in places:
        path = Path(place).absolute()
        for one in (*_leading_to(path), *_within(path)):
            if writer := _writer(one):
                return (
                    f"{one}: {writer} may write it, so what it holds is not trusted; "
                    f"see who did, then: chown -R {_user(os.geteuid())} and chmod -R go-w"
                )
    return None


def _leading_to(path: Path) -> Iterator[Path]:
    """Yield the directories whose writers may put something else in the path's place."""
    for parent in path.resolve().parents:
        if parent.exists() and not parent.stat().st_mode & stat.S_ISVTX:
            yield parent


def _within(path: Path) -> Iterator[Path]:
    if path.exists():
        yield path
        if path.is_dir():
            yield from path.rglob("*")


def _writer(path: Path) -> str:
    """Return who else may write a file or directory; empty if nobody. Root may write everything anyway."""
    try:
        known = path.stat()
    except FileNotFoundError:  # gone meanwhile, or a link to nothing
        return ""
    if known.st_mode & stat.S_IWOTH:
        return "everybody"
    if known.st_uid not in (0, os.geteuid()):
        return f"user {_user(known.st_uid)}"
    if known.st_mode & stat.S_IWGRP and (others := _members(known.st_gid) - {"root", _user(os.geteuid())}):
        return f"group {_group(known.st_gid)} ({', '.join(sorted(others)[:3])})"
    return ""


def _user(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)


@lru_cache(maxsize=16)
def _members(gid: int) -> frozenset[str]:
    """Return the users of a group, as far as this machine knows them."""
    first = {one.pw_name for one in pwd.getpwall() if one.pw_gid == gid}
    try:
        return frozenset(first.union(grp.getgrgid(gid).gr_mem))
    except KeyError:
        return frozenset(first)
