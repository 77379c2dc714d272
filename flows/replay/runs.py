"""Replays that somebody else asked for, such as a page of the console: a child process each, few at a time, results as files."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

import msgspec

from flows.replay.progress import Seen

PROGRAM = (sys.executable, "-c", "from flows.cli import main; main()")
STATUS, DIFFERENCE, PAGE, REQUEST, SAID = (
    "status.json",
    "difference.json",
    "difference.html",
    "request.json",
    "said.txt",
)
BROKEN_OFF = "it was broken off"
LONGEST_SAID = 4000
"""Bytes of what a run said that are told."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: two sets of rules by name, and a span of the archive."""

    rules: str
    against: str
    since: int | None = None
    until: int | None = None
    businesses: tuple[str, ...] = ()
    asked_by: str = ""


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """A replay, how far it is, and where its results lie."""

    id: str
    request: Request
    seen: Seen
    directory: str

    @property
    def is_over(self) -> bool:
        """Return True if nothing of it will change any more."""
        return self.seen.state in ("done", "failed")


class BusyError(Exception):
    """As many replays run as may."""


class UnknownRulesError(ValueError):
    """A set of rules that there is not."""


class Runs:
    """Starts replays of the archive of a store, at most `limit` at a time, and keeps the last `keep` with their results.

    `sets` are the directories of rules that may be named. A run is a directory in `place` of its own; whoever starts
    anew finds those of before.
    """

    def __init__(
        self, place: Path, sets: Mapping[str, Path], *, store: str, settings_path: str | None = None, limit: int = 1,
        keep: int = 20,
    ) -> None:  # fmt: skip
        self._place, self.sets = place, dict(sets)
        self._store, self._settings_path = store, settings_path
        self._limit, self._keep = limit, keep
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, request: Request) -> str:
        """Start a replay; return its id. Raises BusyError, UnknownRulesError, OSError."""
        command = self._command(request)
        if self._running_now() >= self._limit:
            raise BusyError(f"{self._limit} replays run already")
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{token_hex(3)}"
        directory = self._place / name
        directory.mkdir(parents=True, mode=0o700)
        (directory / REQUEST).write_bytes(msgspec.json.encode(request))
        (directory / STATUS).write_bytes(msgspec.json.encode(Seen()))
        with (directory / SAID).open("wb") as said:
            self._running[name] = subprocess.Popen(  # noqa: S603 - a list of our own program's options
                [*command, "--out", str(directory)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said,
                start_new_session=True,
            )  # fmt: skip
        self._forget()
        return name

    def _command(self, request: Request) -> list[str]:
        """Return the command of a replay: options and values as a list, which no shell reads."""
        for name in (request.rules, request.against):
            if name not in self.sets:
                raise UnknownRulesError(f"no set of rules {name!r}: there are {', '.join(sorted(self.sets))}")
        command = [*PROGRAM, "replay", "--from-store", f"--store={self._store}", "--json"]
        command += [f"--rules={self.sets[request.rules]}", f"--against={self.sets[request.against]}"]
        given = {"settings": self._settings_path, "since": request.since, "until": request.until}
        command += [f"--{name}={value}" for name, value in given.items() if value is not None]
        return command + [f"--biz={business}" for business in request.businesses]

    def _running_now(self) -> int:
        """Return how many work still; one that has said that it is done is only leaving."""
        runs = (self.run(name) for name, process in self._running.items() if process.poll() is None)
        return sum(run is not None and not run.is_over for run in runs)

    def run(self, name: str) -> Run | None:
        """Return a run by its id."""
        directory = self._place / Path(name).name
        try:
            request = msgspec.json.decode((directory / REQUEST).read_bytes(), type=Request)
            seen = msgspec.json.decode((directory / STATUS).read_bytes(), type=Seen)
        except (OSError, msgspec.DecodeError):
            return None
        return Run(id=directory.name, request=request, seen=self._judged(directory, seen), directory=str(directory))

    def _judged(self, directory: Path, seen: Seen) -> Seen:
        """Return how far a run is; one whose process is gone before its end has failed, and why stands in what it said."""
        process = self._running.get(directory.name)
        if (process is not None and process.poll() is None) or seen.state in ("done", "failed"):
            return self._with_reasons(directory, seen) if seen.state == "failed" else seen
        failed = msgspec.structs.replace(seen, state="failed", errors=())
        return self._with_reasons(directory, failed)

    def _with_reasons(self, directory: Path, seen: Seen) -> Seen:
        said = (directory / SAID).read_bytes()[-LONGEST_SAID:].decode("utf-8", "replace")
        lines = tuple(
            line for line in said.splitlines() if line.strip() and not line.startswith(("reading", "comparing"))
        )
        return msgspec.structs.replace(seen, errors=lines or seen.errors or (BROKEN_OFF,))

    def all(self) -> list[Run]:
        """Return every run that is kept, the newest first."""
        names = sorted((one.name for one in self._place.glob("*-*") if one.is_dir()), reverse=True)
        return [run for name in names if (run := self.run(name)) is not None]

    def difference(self, name: str) -> bytes | None:
        """Return the difference that a run came to, as JSON (operators/compare/result.py); None before its end."""
        return self._result(name, DIFFERENCE)

    def page(self, name: str) -> bytes | None:
        """Return the page of a run's difference, to be served under `flows.replay.page.policy()`; None before its end."""
        return self._result(name, PAGE)

    def _result(self, name: str, file: str) -> bytes | None:
        run = self.run(name)
        if run is None or run.seen.state != "done":
            return None
        try:
            return (Path(run.directory) / file).read_bytes()
        except OSError:
            return None

    def stop(self, name: str) -> None:
        """End a run that is not over."""
        process = self._running.get(name)
        if process is not None and process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait()

    def close(self) -> None:
        """End every run of this process."""
        for name in self._running:
            self.stop(name)

    def _forget(self) -> None:
        """Let go of the oldest runs that are over."""
        over = [run for run in self.all() if run.is_over]
        for run in over[self._keep :]:
            shutil.rmtree(run.directory, ignore_errors=True)
            self._running.pop(run.id, None)
