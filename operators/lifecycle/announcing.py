"""When people are told of shields: what was told of them, and when there may be more to tell."""

from collections.abc import Callable

from operators.model.records import Message
from operators.plan.shield_notices import shield_notices
from operators.state.scene import Scene, ShieldNews


class Announcing:
    """The notices of the shields in force, handed over as they become due."""

    def __init__(self, scene: Scene, hand: Callable[[Message], object]) -> None:
        self._scene, self._hand = scene, hand
        self.news = ShieldNews()
        self.due: int | None = None
        """The next second at which there may be something to tell."""

    def tell(self, now: int, *, speaks: bool) -> None:
        """Hand over the notices that are due, or leave them to the worker that speaks."""
        if self.due is None or self.due > now:
            return
        if not speaks:
            self.due = None
            return
        messages, self.news = shield_notices(self._scene.book, self.news, now, self._scene.settings)
        self.due = self.news.next_time
        for message in messages:
            self._hand(message)

    def restore(self, news: ShieldNews) -> None:
        """Take over what was told before."""
        self.news, self.due = news, news.next_time
