"""What an import or parts have laid into a worker's recovery directory, taken at its start of whatever the engine has no snapshot of."""

import mmap
from functools import cached_property
from pathlib import Path

from flows.recovery.ids import INTAKE, KEEPS, STAGES, step_id
from flows.recovery.layout import saved_layout
from flows.recovery.savepoint import FILE
from flows.recovery.store import stored
from operators.model.slot import KEYS, SLOTS, Owner
from operators.savepoint.file import FORMAT, ReadUpTo, Savepoint, SavepointError, SlotState
from operators.savepoint.format_1 import upgraded
from operators.savepoint.framing import frame_of, of_frames, parse, scan
from operators.savepoint.index import SLOT, Where
from operators.savepoint.inherit import States, read_on_from, states_for, twice

NOTHING = States(None, {}, {})


class Laid:
    """A savepoint in a file, of which slots are read one by one. Raises SavepointError."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            is_empty = not path.stat().st_size  # which cannot be mapped
            self._view = memoryview(b"" if is_empty else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        index = scan(self._view)
        self._slots: dict[str, Where] = {}
        for where in index.frames:
            if where.kind == SLOT and where.key in self._slots:
                raise twice(where.key)
            if where.kind == SLOT:
                self._slots[where.key] = where
        rest = [frame_of(one, self._bytes(one)) for one in index.frames if one.kind != SLOT]
        self.savepoint: Savepoint = of_frames(index, rest)
        """All but its slots."""

    def slot(self, key: str) -> bytes | None:
        """Return the state of a slot."""
        where = self._slots.get(key)
        frame = frame_of(where, self._bytes(where)) if where is not None else None
        return frame.data if isinstance(frame, SlotState) else None

    def _bytes(self, where: Where) -> memoryview:
        return self._view[where.at : where.at + where.size]


class Inheritance:
    """What a worker takes over; read when it is first asked for."""

    def __init__(self, directory: str, owner: Owner) -> None:
        self._path = Path(directory) / FILE
        self._owner = owner

    @cached_property
    def _laid(self) -> Laid | None:
        if not self._path.exists():
            return None
        try:
            return Laid(self._path)
        except SavepointError as error:
            raise SavepointError(f"{self._path}: {error}") from error

    @cached_property
    def _savepoint(self) -> Savepoint | None:
        """What was laid: without its slots, but where an older program wrote it."""
        laid = self._laid
        if laid is None or laid.savepoint.head.format == FORMAT:
            return laid.savepoint if laid is not None else None
        return upgraded(parse(self._path.read_bytes()))

    @cached_property
    def _states(self) -> States:
        found = self._savepoint
        return states_for(found, self._owner) if found is not None else NOTHING

    def intake(self) -> bytes | None:
        """Return the state of intake if the engine has no snapshot of it. Raises SnapshotError."""
        return self._states.intake

    def slot(self, key: str) -> bytes | None:
        """Return the state of a key of the lifecycle that the engine has no snapshot of. Raises SnapshotError."""
        known = self._states.slots.get(key)
        if known is not None or self._laid is None or key not in SLOTS or not self._owner.owns(key):
            return known
        return self._laid.slot(key)

    def business(self, slot: str) -> bytes | None:
        """Return the notices of a slot of businesses that the engine has no snapshot of. Raises SnapshotError."""
        return self._states.businesses.get(slot)

    def place(self) -> ReadUpTo | None:
        """Return where to read on if the engine does not know. Raises SnapshotError."""
        return read_on_from(self._savepoint.places) if self._savepoint else None


def drop_used(directory: Path) -> None:
    """Remove what was laid, once the engine has snapshots of everything."""
    path, layout = directory / FILE, saved_layout(directory)
    if not path.exists() or layout is None:
        return
    job = layout.job
    with stored(directory) as kept:
        found = set(kept)
    keys = {"alerts": KEYS, "notices": SLOTS}
    wanted = {(step_id(job, KEEPS[stage]), key) for stage in STAGES[job] for key in keys[stage]}
    if wanted <= found and any(step == step_id(job, INTAKE) for step, _ in found):
        path.unlink()
