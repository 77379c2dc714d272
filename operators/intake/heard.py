"""Commands that were acted on already: state of workers that stood at different places of them is read on from the least.

Every worker reads all commands. One that takes over slots of several others reads on from where the hindmost of them stood, and
passes over what a slot has heard: nothing is done twice, nothing is left out.
"""

from collections.abc import Mapping

IN_FORCE = "~"
"""Key of the rules and shields: up to there they are as the commands made them."""
TOLD = "told"
"""Key of what the first worker, which speaks for all, has said of them."""

Places = Mapping[str, Mapping[str, int]]
"""`topic:partition` -> slot, or one of the keys above -> the offset up to which it has heard."""


class Heard:
    """Says of a command whether a slot has heard it; forgets a partition once all have."""

    def __init__(self, places: Places | None = None) -> None:
        self.places: dict[str, Mapping[str, int]] = dict(places or {})

    def has(self, key: str, source: str, position: str) -> bool:
        """Return True for a command that was acted on; it stands at `position`, a partition and an offset."""
        if not self.places:
            return False
        partition, _, offset = position.partition(":")
        name = f"{source}:{partition}"
        known = self.places.get(name)
        if known is None:
            return False
        if int(offset) >= max(known.values()):
            del self.places[name]
            return False
        return int(offset) < known.get(key, 0)
