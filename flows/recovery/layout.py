"""How a job's state is laid out over workers and partitions: fixed with its first snapshot (design.md 5)."""

import fcntl
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from flows.recovery.ids import FORMAT
from flows.settings.settings import Settings, SettingsError

FILE = "layout.json"
LOCK = "lock"
OWN = re.compile(r"worker-\d+|intake|alerts|notices")
"""Names of folders in a recovery directory that are recovery directories themselves."""


class Layout(msgspec.Struct, frozen=True):
    """Which share of the work a recovery directory belongs to."""

    workers: int
    index: int
    slots: int
    topics: Mapping[str, int]
    """Topic that is read -> its number of partitions."""
    job: str = "all"
    format: int = FORMAT
    """Of the state beside it (flows/recovery/ids.py)."""


def check_layout(saved: Layout | None, now: Layout) -> str | None:
    """Say why state laid out as `saved` cannot go on as `now`, or nothing. Topics may come and go, partitions not."""
    if saved is None:
        return None
    return _other_format(saved.format, now.format) or _other_share(saved, now) or _other_topics(saved, now)


def _other_share(saved: Layout, now: Layout) -> str | None:
    if saved.job != now.job:
        return f"the state is that of job `{saved.job}`, not of `{now.job}`: a wrong volume?"
    if saved.workers != now.workers:
        return f"the state is that of {saved.workers} workers, not of {now.workers}: {HOW}"
    if saved.index != now.index:
        return f"the state is that of worker {saved.index}, not of worker {now.index}: a wrong volume?"
    if saved.slots != now.slots:
        return f"the state has {saved.slots} slots, not {now.slots}: {HOW}"
    return None


def _other_topics(saved: Layout, now: Layout) -> str | None:
    for topic in sorted(saved.topics.keys() & now.topics.keys()):
        if saved.topics[topic] != now.topics[topic]:
            return f"topic {topic} had {saved.topics[topic]} partitions, now it has {now.topics[topic]}: {HOW}"
    return None


def of_worker(settings: Settings) -> Settings:
    """Return the settings with the recovery directory of this worker: one of several has a folder in that of its job."""
    recovery, kafka = settings.recovery, settings.kafka
    if recovery.directory in ("", "none") or kafka.workers == 1:
        return settings
    own = msgspec.structs.replace(recovery, directory=f"{recovery.directory}/worker-{kafka.worker}")
    return msgspec.structs.replace(settings, recovery=own)


def check_neighbours(directory: Path, now: Layout) -> str | None:
    """Say which state in the same place is of another form than `now`: of another number of workers, of one job or of three."""
    job = directory.parent if now.workers > 1 else directory
    top = job if now.job == "all" else job.parent
    for place in (top, *(path for path in sorted([*top.glob("*"), *top.glob("*/*")]) if OWN.fullmatch(path.name))):
        saved = saved_layout(place) if place != directory else None
        if saved is None:
            continue
        if (saved.job == "all") != (now.job == "all"):
            return (
                f"{place} holds the state of job `{saved.job}`, which job `{now.job}` does not go on with: move it away"
            )
        if saved.job == now.job and saved.workers != now.workers:
            return f"{place} holds the state of {saved.workers} workers, not of {now.workers}: {HOW}"
    return None


def _other_format(saved: int, now: int) -> str | None:
    if saved == now:
        return None
    if saved > now:
        return f"the state has format {saved}, this program reads up to {now}: start the newer program"
    return (
        f"the state has format {saved}, this program keeps format {now}. Move it: tocsin savepoint export FILE, "
        "move the directory away, tocsin savepoint import FILE"
    )


HOW = "stop the job and move its state with a savepoint (tocsin savepoint -h)"


def saved_layout(directory: str | Path) -> Layout | None:
    """Return the layout kept with the snapshots of a recovery directory, if any. Raises SettingsError."""
    path = Path(directory) / FILE
    if not path.exists():
        return None
    try:
        kept = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        return msgspec.convert({"format": 1, **kept}, Layout)  # the first format did not name itself
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise SettingsError(f"{path} is damaged: {error}; {MEND}") from error


MEND = "put it back from a copy, or move the directory away and begin with a savepoint (tocsin savepoint -h)"


def save_layout(directory: str | Path, layout: Layout) -> None:
    """Keep a layout with the snapshots of a recovery directory."""
    path = Path(directory) / FILE
    sibling = path.with_suffix(".new")
    sibling.write_bytes(msgspec.json.encode(layout))
    sibling.rename(path)


@contextmanager
def hold(directory: Path) -> Iterator[None]:
    """Have a recovery directory for ourselves; the system lets go of it when the process dies. Raises SettingsError."""
    with (directory / LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SettingsError(f"{directory}: another process has it in use; stop that job first") from error
        yield
