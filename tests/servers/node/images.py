"""Images that a node has: a file of JSON, name -> {root, config}, read anew for each container. Nothing is ever pulled."""

import json
from pathlib import Path

from tests.servers.node.api import Thing
from tests.servers.node.environment import RefusedError, expanded


class Images:
    """What can be started here."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def find(self, name: str) -> Thing:
        """Return an image; RefusedError if this node has none of that name."""
        found: dict[str, Thing] = json.loads(self._path.read_text())
        if name not in found:
            raise RefusedError(f"image {name!r} is not on this node and none is ever pulled")
        return found[name]


def command_of(container: Thing, config: Thing, env: dict[str, str]) -> list[str]:
    """Return what a container runs: its words instead of the image's, its arguments behind either's."""
    asked, given = container.get("command"), container.get("args")
    begin = asked or config.get("Entrypoint") or []
    end = given if given is not None else ([] if asked else config.get("Cmd") or [])
    return [expanded(word, env) for word in (*begin, *end)]


def user_of(pod: Thing, container: Thing, config: Thing) -> tuple[int, int]:
    """Return user and group; RefusedError if it would be root and must not be."""
    said = {**pod["spec"].get("securityContext", {}), **container.get("securityContext", {})}
    theirs = (config.get("User") or "0").split(":")
    user = said.get("runAsUser", int(theirs[0]))
    if said.get("runAsNonRoot") and user == 0:
        raise RefusedError("container has runAsNonRoot and image will run as root")
    return user, said.get("runAsGroup", int(theirs[-1]))
