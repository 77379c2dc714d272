"""The names of settings: which one a mistaken name may have meant, in a file or in the environment."""

import re
from collections.abc import Iterator, Mapping
from typing import get_args, get_type_hints

import msgspec

from operators.rules.shapes.nearest import nearest

PREFIX = "TOCSIN__"
VARIABLES = ("TOCSIN_SETTINGS", "TOCSIN_STORE")
"""Variables that are no settings."""
_OURS = re.compile(r"tocsin[_.-]+", re.IGNORECASE)
_LINK = re.compile(r"(?:tcp|udp|sctp)://")
"""How Kubernetes tells a pod of a service; its variables may be called like settings."""


def paths_of(shape: type[msgspec.Struct], above: str = "") -> Iterator[str]:
    """Yield the dotted paths of a shape of settings, those that lead to further ones too."""
    for name, hint in get_type_hints(shape).items():
        yield f"{above}{name}"
        for one in (hint, *get_args(hint)):
            if isinstance(one, type) and issubclass(one, msgspec.Struct):
                yield from paths_of(one, f"{above}{name}.")


def did_you_mean(path: str, shape: type[msgspec.Struct]) -> str:
    """Return a question for the setting that a path may have meant; "" if none is near."""
    return nearest(path, tuple(paths_of(shape)))


def near_miss(environment: Mapping[str, str], shape: type[msgspec.Struct]) -> str | None:
    """Return what is wrong with a variable that is called almost like that of a setting, and is none; None if all is well."""
    known = {_letters(path): path for path in paths_of(shape)}
    for name, text in environment.items():
        path = known.get(_letters(_OURS.sub("", name, count=1)))
        is_meant = _OURS.match(name) and not name.startswith(PREFIX) and name not in VARIABLES
        if is_meant and path is not None and not _LINK.match(text):
            return f"{name}: no setting; did you mean {PREFIX}{path.upper().replace('.', '__')}?"
    return None


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def covers(place: str, path: str) -> bool:
    """Return True if a value at a place sets a path: the same, a mapping above it, or a part of it."""
    return place == path or path.startswith(f"{place}.") or place.startswith(f"{path}.")


def place_of(path: str, set_by: Mapping[str, str]) -> str | None:
    """Return the variable that set a path, such as `inventory[1]`, by the paths that variables set; None if it was none of them."""
    return next((name for one, name in set_by.items() if covers(one, path.partition("[")[0])), None)


_PLACED = re.compile(r"(?P<reason>.*?)(?: - at `(?:key in )?\$\.?(?P<path>[^`]*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>[^`]*)`", re.DOTALL)


def path_and_reason(text: str, shape: type[msgspec.Struct]) -> tuple[str, str]:
    """Take apart what msgspec says of a value that does not fit: `quota.alert.threshold`, ``expected `int`, got `str` ``."""
    found = _PLACED.fullmatch(text)
    assert found is not None  # every part of it may be empty
    path, reason = found["path"] or "", found["reason"]
    if unknown := _UNKNOWN.fullmatch(reason):
        path = ".".join(filter(None, (path, unknown["name"])))
        return path, f"unknown setting{did_you_mean(path, shape)}"
    return path, reason[:1].lower() + reason[1:]
