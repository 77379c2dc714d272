"""What a worker's fingerprints share beside the scene: changes of the rules, shield notices, and all of it as bytes."""

import msgspec

from operators.limits.noise import Noise
from operators.limits.quota import Counter
from operators.model import snapshot
from operators.model.records import Message
from operators.plan.shield_notices import ShieldNews, shield_notices
from operators.rules.read.overlay import Documents, Overlay
from operators.rules.shapes.model import Strategy
from operators.state.scene import Scene

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
    overlay: Documents
    rules_version: str


class Shared:
    """Keeps what belongs to no single fingerprint."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.overlay = Overlay()
        """What the stream changed of the rules: it outlives the rules on disk."""
        self._news = ShieldNews()
        self._notices_due: int | None = None
        self.rules_version = scene.book.version
        """Of the book that open alerts were last promised a look at."""

    def next_due(self) -> int | None:
        """Return the next second at which noise reduction, converge or a shield notice is due."""
        dues = (self._scene.noise.next_due(), self._scene.converge.next_due(), self._notices_due)
        return min((due for due in dues if due is not None), default=None)

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
            self.overlay.documents,
            self.rules_version,
        )
        return snapshot.pack(VERSION, kept)

    def restore(self, data: bytes) -> int:
        """Take over what a snapshot kept; return its clock. Raises SnapshotError."""
        kept = snapshot.unpack("shared state", VERSION, data, Kept)
        scene = self._scene
        scene.alert_quota.counters = kept.alert_quota
        scene.action_quota.counters = kept.action_quota
        scene.converge = type(scene.converge).restore(kept.converge, scene.settings)
        scene.noise = Noise.restore(kept.noise, scene.settings)
        scene.retired = kept.retired
        self.overlay = Overlay(kept.overlay)
        self._news, self._notices_due = kept.news, kept.news.next_time
        self.rules_version = kept.rules_version
        return kept.clock
