"""The page Replay: what another set of rules would have done, worked out by `tocsin replay` in a process of its own, one at a time."""

import os
import secrets
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from flows.gateway.service import AnswerError
from flows.replay.progress import Seen
from flows.settings.settings import Settings

SPANS = ("1h", "6h", "1d", "7d", "30d")
KEPT = 20
"""Replays that are kept; the oldest goes when one is begun."""
KINDS = ("only_old", "only_new", "severity", "told_more", "told_fewer", "told_others", "ended")
ASKED, OUTPUT, SAID = "asked.json", "out", "said.txt"
LONGEST_SAID = 2000


class Asked(msgspec.Struct, frozen=True):
    """What somebody wants to know."""

    id: str
    rule_set: str
    since: str
    business: str
    by: str
    at: int


class Shown(msgspec.Struct, frozen=True):
    """One replay: what was asked, how far it is, and what came of it."""

    asked: Asked
    state: str
    """running, done or failed."""
    progress: Seen
    said: str = ""
    """Of one that failed."""
    difference: dict[str, Any] | None = None


class Replays:
    """Begins replays and finds what came of them. Kept in a folder, so that they outlive the console."""

    def __init__(self, settings: Settings, folder: Path, settings_path: str | None = None) -> None:
        self._settings, self._folder, self._settings_path = settings, folder, settings_path
        self._lock = threading.Lock()
        self._running: tuple[str, subprocess.Popen[bytes]] | None = None

    @property
    def rule_sets(self) -> tuple[str, ...]:
        """The sets that may be tried: those of the settings."""
        return tuple(self._settings.console.rule_sets)

    def begin(self, given: Mapping[str, str], by: str, now: int) -> str:
        """Begin a replay; return its id. Raises AnswerError."""
        rule_set, since, business = (given.get(name, "").strip() for name in ("rules", "since", "biz"))
        if rule_set not in self._settings.console.rule_sets:
            raise AnswerError(422, f"rules: one of {', '.join(self.rule_sets) or 'none; setting console.rule_sets'}")
        if since not in SPANS:
            raise AnswerError(422, f"since: one of {', '.join(SPANS)}")
        if business and not (business.isascii() and business.replace("-", "").isalnum()):
            raise AnswerError(422, "biz: the id of a business")
        asked = Asked(secrets.token_hex(6), rule_set, since, business, by, now)
        with self._lock:
            if self._running is not None and self._running[1].poll() is None:
                raise AnswerError(409, "a replay runs already; there is one at a time")
            try:
                self._begin(asked)
            except OSError as error:
                raise AnswerError(503, f"{self._folder}: {error.strerror}") from error
        return asked.id

    def all(self) -> list[Shown]:
        """Return the replays, the newest first, without what came of them."""
        names = (path.parent.name for path in self._folder.glob(f"*/{ASKED}"))
        found = (self.one(name, is_whole=False) for name in names)
        return sorted(filter(None, found), key=lambda one: -one.asked.at)

    def one(self, name: str, *, is_whole: bool = True) -> Shown | None:
        """Return one replay, or None if there is none of this id."""
        place = self._folder / name
        if not (name.isascii() and name.isalnum()) or not (place / ASKED).is_file():
            return None
        asked = msgspec.json.decode((place / ASKED).read_bytes(), type=Asked)
        progress = _read(place / OUTPUT / "status.json", Seen) or Seen()
        difference = self.difference(name)
        if difference is not None:
            return Shown(asked, "done", progress, difference=msgspec.json.decode(difference) if is_whole else None)
        if self._runs(name):
            return Shown(asked, "running", progress)
        said = (place / SAID).read_bytes()[-LONGEST_SAID:].decode(errors="replace")
        return Shown(asked, "failed", progress, said=said)

    def difference(self, name: str, kind: str = "json") -> bytes | None:
        """Return what came of a replay as it was written: json or html."""
        if not (name.isascii() and name.isalnum()):
            return None
        path = self._folder / name / OUTPUT / f"difference.{kind}"
        return path.read_bytes() if path.is_file() and not self._runs(name) else None

    def stop(self) -> None:
        """End the one that runs."""
        with self._lock:
            if self._running is not None and self._running[1].poll() is None:
                self._running[1].terminate()
                self._running[1].wait(30)

    def _begin(self, asked: Asked) -> None:
        self._make_room()
        place = self._folder / asked.id
        place.mkdir(parents=True, mode=0o700)
        (place / ASKED).write_bytes(msgspec.json.encode(asked))
        with (place / SAID).open("wb") as said:
            self._running = asked.id, self._started(asked, place, said.fileno())

    def _runs(self, name: str) -> bool:
        running = self._running
        return running is not None and running[0] == name and running[1].poll() is None

    def _started(self, asked: Asked, place: Path, said: int) -> "subprocess.Popen[bytes]":
        options = ["--rules", self._settings.console.rule_sets[asked.rule_set], "--against", self._settings.rules]
        options += ["--since", asked.since, "--out", str(place / OUTPUT)]
        options += ["--biz", asked.business] if asked.business else []
        options += ["--settings", self._settings_path] if self._settings_path else []
        command = [sys.executable, "-c", "from flows.cli import main; main()", "replay", "--from-store", *options]
        environment = {**os.environ, "TOCSIN__STORE__DSN": self._settings.store.dsn}  # an address may hold a password
        return subprocess.Popen(  # noqa: S603 - our own program; what was typed is checked above
            [*_politely(), *command],
            stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=environment, start_new_session=True,
        )  # fmt: skip

    def _make_room(self) -> None:
        for old in self.all()[KEPT - 1 :]:
            place = self._folder / old.asked.id
            for path in sorted(place.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            place.rmdir()


def _politely() -> list[str]:
    """Return what lets whoever is on call go first, where the machine has it."""
    found = shutil.which("nice")
    return [found, "-n", "10"] if found else []


def _read(path: Path, shape: type[Seen]) -> Seen | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=shape)
    except (OSError, msgspec.DecodeError):
        return None
