"""What a worker's fingerprints share, beside the scene: shields set by command, shield notices, and all of it as bytes."""

from collections.abc import Callable
from typing import Any

import msgspec

from operators import snapshot
from operators.commands import Command
from operators.converge import Converge
from operators.noise import Noise
from operators.quota import Counter
from operators.records import Message
from operators.rules.book import RuleBook
from operators.rules.model import Strategy
from operators.rules.patch import patch
from operators.scene import Scene
from operators.shield_notices import ShieldNews, shield_notices

VERSION = 1


class Kept(msgspec.Struct, frozen=True):
    """The snapshot of everything shared."""

    clock: int
    alert_quota: dict[str, Counter]
    action_quota: dict[str, Counter]
    converge: bytes
    noise: bytes
    retired: dict[str, Strategy]
    news: ShieldNews
    shields: dict[str, dict[str, Any] | None]
    """Set by command: a document, or None where one was ended."""
    rules_version: str


class Shared:
    """Keeps what belongs to no single fingerprint."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._shields: dict[str, dict[str, Any] | None] = {}
        self._news = ShieldNews()
        self._notices_due: int | None = None
        self.rules_version = ""
        """Of the book that open alerts were last promised a look at."""

    def next_due(self) -> int | None:
        """Return the next second at which noise reduction, converge or a shield notice is due."""
        dues = (self._scene.noise.next_due(), self._scene.converge.next_due(), self._notices_due)
        return min((due for due in dues if due is not None), default=None)

    def remember_shield(self, command: Command) -> None:
        """Keep a shield set or ended by command: it outlives the rules on disk."""
        if command.command == "shield" and command.shield is not None:
            self._shields[str(command.shield["id"])] = command.shield
        else:
            self._shields[str(command.id)] = None

    def with_shields(self, book: RuleBook, check_template: Callable[[str], str | None] | None) -> RuleBook:
        """Return the book with the shields set by command; one that no longer fits is left out."""
        for shield_id, document in self._shields.items():
            put = {"shields": [document]} if document is not None else {}
            delete = {"shields": [shield_id]} if document is None and shield_id in book.shields else {}
            patched = patch(book, put, delete, check_template)
            book = book if isinstance(patched, list) else patched
        return book

    def plan_shield_notices(self, now: int) -> None:
        """Ask for a look at the shields: the rules are new, or the clock has only just begun."""
        if self._news.rules_version != self._scene.book.version:
            self._notices_due = now

    def fire_shield_notices(self, now: int) -> list[Message]:
        """Return the shield notices due at a second."""
        if self._notices_due is None or self._notices_due > now:
            return []
        messages, self._news = shield_notices(self._scene.book, self._news, now, self._scene.settings)
        self._notices_due = self._news.next_time
        return messages

    def snapshot(self, clock: int) -> bytes:
        """Return everything shared as bytes."""
        scene = self._scene
        kept = Kept(
            clock,
            scene.alert_quota.counters,
            scene.action_quota.counters,
            scene.converge.snapshot(),
            scene.noise.snapshot(),
            scene.retired,
            self._news,
            self._shields,
            self.rules_version,
        )
        return snapshot.pack(VERSION, kept)

    def restore(self, data: bytes) -> int:
        """Take over what a snapshot kept; return its clock. Raises SnapshotError."""
        kept = snapshot.unpack("shared state", VERSION, data, Kept)
        scene = self._scene
        scene.alert_quota.counters = kept.alert_quota
        scene.action_quota.counters = kept.action_quota
        scene.converge = Converge.restore(kept.converge, scene.settings)
        scene.noise = Noise.restore(kept.noise, scene.settings)
        scene.retired = kept.retired
        self._shields = kept.shields
        self._news, self._notices_due = kept.news, kept.news.next_time
        self.rules_version = kept.rules_version
        return kept.clock
