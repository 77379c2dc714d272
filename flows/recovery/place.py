"""Where parts of savepoints lie: a folder that all workers reach, or an object store by URL (s3://, gs://, az://)."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from obstore.store import ObjectStore


Range = tuple[int, int]
"""Where a piece begins, and its bytes."""
CHUNK = 8 << 20
"""Bytes of one upload of several."""
UPLOADS = 4


RETRIES: Any = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
"""A worker that has state of its own is not to wait for minutes at its start."""


class PlaceUnavailableError(Exception):
    """A place that does not do what it is asked; the text names it."""


class Place(Protocol):
    """Keeps named bytes; what was put is whole or not there."""

    def put(self, name: str, data: bytes) -> None:
        """Keep bytes under a name. Raises PlaceUnavailableError."""

    def put_from(self, name: str, pieces: Iterator[bytes]) -> None:
        """Keep bytes that come one by one, never all of them in memory. Raises PlaceUnavailableError, and what they raise."""

    def get(self, name: str) -> bytes:
        """Return what is kept. Raises PlaceUnavailableError."""

    def get_ranges(self, name: str, ranges: Sequence[Range]) -> list[bytes]:
        """Return pieces of what is kept, each by its place and its length. Raises PlaceUnavailableError."""

    def names(self, under: str) -> list[str]:
        """Return every name under a folder. Raises PlaceUnavailableError."""

    def version(self, name: str) -> str:
        """Return a text that changes when a name is put anew. Raises PlaceUnavailableError."""

    def drop(self, name: str) -> None:
        """Forget a name, if it is there. Raises PlaceUnavailableError."""


def open_place(where: str) -> Place:
    """Return the place at a path or URL; credentials and endpoint of an object store come from its usual variables."""
    if "://" not in where:
        return Folder(Path(where))
    from obstore.exceptions import BaseError  # noqa: PLC0415 - only where it is wanted
    from obstore.store import from_url  # noqa: PLC0415

    plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
    terms: Any = {"client_options": {"connect_timeout": "5s", "allow_http": plain}, "retry_config": RETRIES}
    try:
        return Bucket(where, from_url(where, **terms))
    except (BaseError, ValueError) as error:
        raise PlaceUnavailableError(f"{where}: {error}") from error


def in_chunks(pieces: Iterable[bytes], size: int = CHUNK) -> Iterator[bytes]:
    """Join short pieces, so that none of them is a call of its own."""
    held: list[bytes] = []
    length = 0
    for piece in pieces:
        held.append(piece)
        length += len(piece)
        if length >= size:
            yield b"".join(held)
            held, length = [], 0
    if held:
        yield b"".join(held)


class Folder:
    """A directory; what is put is on the disk when that returns."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __str__(self) -> str:
        return str(self._path)

    def put(self, name: str, data: bytes) -> None:
        """Write a sibling and rename it."""
        self.put_from(name, iter([data]))

    def put_from(self, name: str, pieces: Iterator[bytes]) -> None:
        """Write a sibling and rename it."""
        path = self._path / name
        sibling = path.with_name(f".{path.name}.new")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with sibling.open("wb") as out:
                out.writelines(pieces)
                out.flush()
                os.fsync(out.fileno())
            sibling.rename(path)
        except OSError as error:
            raise PlaceUnavailableError(f"{path}: {error.strerror}") from error

    def get(self, name: str) -> bytes:
        """Read a file."""
        try:
            return (self._path / name).read_bytes()
        except OSError as error:
            raise PlaceUnavailableError(f"{self._path / name}: {error.strerror}") from error

    def get_ranges(self, name: str, ranges: Sequence[Range]) -> list[bytes]:
        """Read where it is asked."""
        try:
            with (self._path / name).open("rb") as file:
                return [os.pread(file.fileno(), size, at) for at, size in ranges]
        except OSError as error:
            raise PlaceUnavailableError(f"{self._path / name}: {error.strerror}") from error

    def names(self, under: str) -> list[str]:
        """Return the files under a folder, those half written left out."""
        found = (path for path in (self._path / under).rglob("*") if path.is_file() and not path.name.startswith("."))
        return [str(path.relative_to(self._path)) for path in found]

    def version(self, name: str) -> str:
        """Return its time and place on the disk: what is put is another file each time."""
        try:
            known = (self._path / name).stat()
        except OSError as error:
            raise PlaceUnavailableError(f"{self._path / name}: {error.strerror}") from error
        return f"{known.st_mtime_ns}-{known.st_ino}-{known.st_size}"

    def drop(self, name: str) -> None:
        """Remove a file, and its folder with the last one."""
        path = self._path / name
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise PlaceUnavailableError(f"{path}: {error.strerror}") from error
        with suppress(OSError):
            path.parent.rmdir()


class Bucket:
    """An object store."""

    def __init__(self, where: str, store: "ObjectStore") -> None:
        self._where, self._store = where, store

    def __str__(self) -> str:
        return self._where

    def put(self, name: str, data: bytes) -> None:
        """Put an object."""
        self._told(lambda: self._store.put(name, data))

    def put_from(self, name: str, pieces: Iterator[bytes]) -> None:
        """Put an object, in several uploads at a time where it is long."""
        self._told(lambda: self._store.put(name, in_chunks(pieces), chunk_size=CHUNK, max_concurrency=UPLOADS))

    def get_ranges(self, name: str, ranges: Sequence[Range]) -> list[bytes]:
        """Get pieces of an object."""
        starts, lengths = [at for at, _ in ranges], [size for _, size in ranges]
        found = self._told(lambda: self._store.get_ranges(name, starts=starts, lengths=lengths)) if ranges else []
        return [bytes(one) for one in found]

    def get(self, name: str) -> bytes:
        """Get an object."""
        return bytes(self._told(lambda: self._store.get(name).bytes()))

    def names(self, under: str) -> list[str]:
        """List objects."""
        listed = self._told(lambda: [one for chunk in self._store.list(under) for one in chunk])
        return [one["path"] for one in listed]

    def version(self, name: str) -> str:
        """Return its tag, time and size."""
        found = self._told(lambda: self._store.head(name))
        return f"{found['e_tag']}-{found['last_modified'].timestamp()}-{found['size']}"

    def drop(self, name: str) -> None:
        """Delete an object."""
        self._told(lambda: self._forgotten(name))

    def _forgotten(self, name: str) -> None:
        from obstore.exceptions import NotFoundError  # noqa: PLC0415 - as above

        with suppress(NotFoundError):
            self._store.delete(name)

    def _told(self, ask: Any) -> Any:
        from obstore.exceptions import BaseError  # noqa: PLC0415 - as above

        try:
            return ask()
        except (BaseError, OSError) as error:
            raise PlaceUnavailableError(f"{self._where}: {error}") from error
