"""Every setting there is, with its default, its variable and what it means: one list for the page, the schema and the command.

docs/settings.md is made by `python -m flows.settings.page`; a test compares.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec

from flows.settings.meanings import MEANINGS
from flows.settings.names import PREFIX
from flows.settings.settings import Settings


class Setting(msgspec.Struct, frozen=True):
    """One setting. `values` are the JSON types and bounds that it takes."""

    path: str
    default: Any
    values: str
    meaning: str

    @property
    def variable(self) -> str:
        """The variable of the environment that sets it."""
        return PREFIX + self.path.upper().replace(".", "__")


def settings_there_are() -> list[Setting]:
    """Return every setting, in the order of the code."""
    return list(_leaves(Settings, Settings(), ""))


def _leaves(shape: type[msgspec.Struct], value: Any, above: str) -> Iterator[Setting]:
    said = _said(shape)
    hints = get_type_hints(shape, include_extras=True)
    for name in shape.__struct_fields__:
        path, default = f"{above}{name}", getattr(value, name)
        if isinstance(default, msgspec.Struct):
            yield from _leaves(type(default), default, f"{path}.")
        else:
            meaning = MEANINGS.get(path) or said.get(name) or " ".join((shape.__doc__ or "").split())
            yield Setting(path, default, _values(hints[name]), meaning)


@cache
def _said(shape: type[msgspec.Struct]) -> Mapping[str, str]:
    """Return what stands under each field in the code of a shape and of those it is made from."""
    found: dict[str, str] = {}
    for one in reversed(shape.__mro__):
        if not (issubclass(one, msgspec.Struct) and one is not msgspec.Struct):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(one))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, below in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name) and _text(below):
                found[field.target.id] = " ".join(_text(below).split())
    return found


def _text(node: ast.stmt) -> str:
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    return node.value.value if is_text else ""  # type: ignore[attr-defined]  # it was looked at above


def _values(hint: Any) -> str:
    """Return what a setting takes, in words: `integer, 0 to 65535`, `one of all, intake`, `text`."""
    schema = msgspec.json.schema(hint)
    kinds = [schema, *schema.get("anyOf", ())]
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    names = [_KINDS[kind["type"]] for kind in kinds if kind.get("type") in _KINDS] or ["mapping"]
    low, high = (next((kind[end] for kind in kinds if end in kind), None) for end in ("minimum", "maximum"))
    if low is None:
        return " or ".join(names)
    return f"{' or '.join(names)}, {low} to {high}" if high is not None else f"{' or '.join(names)}, from {low}"


_KINDS = {
    "integer": "integer", "number": "number", "string": "text", "boolean": "true or false", "array": "list",
    "object": "mapping", "null": "null",
}  # fmt: skip


# --- schema


def schema() -> dict[str, Any]:
    """Return the JSON schema of a file of settings, each one described."""
    made: dict[str, Any] = msgspec.json.schema(Settings)
    for shape in _shapes(Settings):
        described = made["$defs"].get(shape.__name__, {}).get("properties", {})
        for name, text in {**_of_shapes(shape), **_said(shape), **_meant(shape)}.items():
            if name in described:
                described[name] = {**described[name], "description": text}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Settings of Tocsin", **made}


def _shapes(shape: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    yield shape
    for hint in get_type_hints(shape).values():
        for one in (hint, *get_args(hint)):
            if isinstance(one, type) and issubclass(one, msgspec.Struct):
                yield from _shapes(one)


def _of_shapes(shape: type[msgspec.Struct]) -> dict[str, str]:
    """Return what the shapes of a shape's fields say of themselves."""
    hints = get_type_hints(shape)
    shapes = {name: hint for name, hint in hints.items() if isinstance(hint, type) and issubclass(hint, msgspec.Struct)}
    return {name: (one.__doc__ or "").partition("\n")[0] for name, one in shapes.items()}


def _meant(shape: type[msgspec.Struct]) -> dict[str, str]:
    """Return the meanings of a shape's own settings, wherever it stands."""
    names = {type_: above for above, type_ in _places(Settings(), "")}
    above = names.get(shape)
    return {} if above is None else {
        path.removeprefix(above): text for path, text in MEANINGS.items() if path.startswith(above) and "." not in path.removeprefix(above)
    }  # fmt: skip


def _places(value: msgspec.Struct, above: str) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    yield above, type(value)
    for name in value.__struct_fields__:
        below = getattr(value, name)
        if isinstance(below, msgspec.Struct):
            yield from _places(below, f"{above}{name}.")


# --- the page


def document() -> str:
    """Return docs/settings.md."""
    rows = [
        f"| `{one.path}` | `{_shown(one.default)}` | {one.values} | `{one.variable}` | {one.meaning} |".replace(
            "``", ""
        )
        for one in settings_there_are()
    ]
    return "\n".join([_HEAD, *rows, ""])


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


_HEAD = """\
# Settings

Made from the code by `python -m flows.settings.page`; a test compares. How files and variables are read: [running](running.md#settings).

```sh
tocsin settings                                   # this list
tocsin settings --check tocsin.yaml               # every mistake at once costs exit 1
tocsin settings --effective --settings tocsin.yaml    # each value that holds, and where it comes from
tocsin settings --schema > tocsin-settings.schema.json
tocsin setup kafka --settings tocsin.yaml --print     # topics; without --print they are made
tocsin setup store --settings tocsin.yaml             # templates and indices, so that the job needs fewer rights
```

An editor that knows YAML completes and checks with one line at the top of the file (of rules: `tocsin rules schema`):
`# yaml-language-server: $schema=tocsin-settings.schema.json`

Settings are read at start: a change needs a restart, which on Kubernetes follows by itself. Rules, inventory and channels
are watched, and need none. Durations are seconds. A variable holds YAML, so lists and mappings may stand in it.

| setting | default | takes | variable | meaning |
| --- | --- | --- | --- | --- |"""

if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
