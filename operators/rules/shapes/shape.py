"""Plain documents to shapes and back: one function a type, made from its annotations. All errors are collected."""

import types
from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec

from operators.rules.shapes.forms import AFTER, BEFORE
from operators.rules.shapes.nearest import GUESSED, nearest
from operators.rules.shapes.words import Reader, Reading, RefusedError, kind_of

Convert = Callable[[Any, Reading], Any]
_TOO_GREAT = 1 << 63
_Shape = TypeVar("_Shape", bound=msgspec.Struct)


def read(document: Any, shape: type[_Shape], reading: Reading) -> _Shape | None:
    """Return the document as a value of the shape, or None when errors were noted in the reading."""
    known = len(reading.errors)
    value = _struct(shape)(document, reading)
    return value if len(reading.errors) == known else None


def place_text(place: list[str | int]) -> str:
    """Return a place (inside out) as text: `notice.user_groups[1]`."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in reversed(place)]
    return "".join(steps).removeprefix(".")


def _place(reading: Reading, known: int, step: str | int) -> None:
    """Put a step in front of the places of the errors noted since."""
    for place, _ in reading.errors[known:]:
        place.append(step)


@cache
def _struct(shape: type[msgspec.Struct]) -> Convert:
    hints = get_type_hints(shape, include_extras=True)
    converts = {name: converter(hints[name]) for name in shape.__struct_fields__}
    fields = msgspec.structs.fields(shape)
    required = frozenset(field.name for field in fields if field.required)
    before, after = BEFORE.get(shape), AFTER.get(shape)

    def convert(document: Any, reading: Reading) -> Any:
        known = len(reading.errors)
        if before is not None:
            document = before(document, reading)
        if type(document) is not dict:
            return reading.fail(f"expected a mapping, got {kind_of(document)}")
        found = _fields(document, converts, reading)
        for name in sorted(required - found.keys()):
            reading.fail(f"missing key {name!r}")
        if len(reading.errors) != known:
            return None
        value = shape(**found)
        return value if after is None else after(value, reading)

    return convert


def _fields(document: dict[Any, Any], converts: dict[str, Convert], reading: Reading) -> dict[str, Any]:
    found = {}
    for name, value in document.items():
        convert = converts.get(name)
        if convert is None:
            reading.fail(f"unknown key {name!r}{nearest(name, converts) if len(reading.errors) < GUESSED else ''}")
            continue
        known = len(reading.errors)
        found[name] = convert(value, reading)
        if len(reading.errors) != known:
            _place(reading, known, name)
    return found


@cache
def converter(hint: Any) -> Convert:
    """Return how a value of an annotated type is read. Raises TypeError for a type that rule shapes do not use."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _annotated(arguments)
    if origin is tuple:
        return _list(converter(arguments[0]))
    if origin is dict:
        return _mapping(converter(arguments[0]), converter(arguments[1]))
    if origin is Literal:
        return _literal(arguments)
    if origin in (types.UnionType, Union):
        return _union(arguments)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _struct(hint)
    return _PLAIN[hint]


def _exact(kinds: tuple[type, ...], expected: str) -> Convert:
    def convert(value: Any, reading: Reading) -> Any:
        if type(value) in kinds:
            return value
        return reading.fail(f"expected {expected}, got {kind_of(value)}")

    return convert


def _integer(value: Any, reading: Reading) -> Any:
    if type(value) is not int:
        return reading.fail(f"expected an integer, got {kind_of(value)}")
    return value if abs(value) < _TOO_GREAT else reading.fail("the integer is too great")


def _anything(value: Any, reading: Reading) -> Any:
    """Return a value that is kept as given, if it can be kept: integers have at most 63 bits, keys are text."""
    todo = [value]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            if not all(isinstance(key, str) for key in one):
                return reading.fail("keys are text")
            todo += one.values()
        elif isinstance(one, list):
            todo += one
        elif isinstance(one, int) and abs(one) >= _TOO_GREAT:
            return reading.fail("an integer is too great")
    return value


_PLAIN: dict[Any, Convert] = {
    Any: _anything,
    str: _exact((str,), "text"),
    int: _integer,
    float: _exact((float, int), "a number"),
    bool: _exact((bool,), "true or false"),
    type(None): _exact((type(None),), "nothing"),
}


def _annotated(arguments: tuple[Any, ...]) -> Convert:
    for mark in arguments[1:]:
        if isinstance(mark, Reader):
            return _guarded(mark.read)
        if isinstance(mark, msgspec.Meta):
            return _bounded(converter(arguments[0]), mark)
    return converter(arguments[0])


def _guarded(read_value: Convert) -> Convert:
    def convert(value: Any, reading: Reading) -> Any:
        try:
            return read_value(value, reading)
        except RefusedError as refusal:
            return reading.fail(str(refusal))

    return convert


def _bounded(inner: Convert, meta: msgspec.Meta) -> Convert:
    lows = [low for low in (meta.ge, meta.gt) if low is not None]

    def convert(value: Any, reading: Reading) -> Any:
        known = len(reading.errors)
        number = inner(value, reading)
        if len(reading.errors) == known and any(number < low for low in lows):
            reading.fail(f"expected at least {lows[0]}, got {number}")
        elif len(reading.errors) == known and meta.gt is not None and number == meta.gt:
            reading.fail(f"expected more than {meta.gt}, got {number}")
        elif len(reading.errors) == known and meta.le is not None and number > meta.le:
            reading.fail(f"expected at most {meta.le}, got {number}")
        return number

    return convert


def _list(inner: Convert) -> Convert:
    def convert(value: Any, reading: Reading) -> Any:
        if type(value) is not list:
            return reading.fail(f"expected a list, got {kind_of(value)}")
        members = []
        for index, member in enumerate(value):
            count = len(reading.errors)
            members.append(inner(member, reading))
            if len(reading.errors) != count:
                _place(reading, count, index)
        return tuple(members)

    return convert


def _mapping(of_key: Convert, of_value: Convert) -> Convert:
    def convert(value: Any, reading: Reading) -> Any:
        if type(value) is not dict:
            return reading.fail(f"expected a mapping, got {kind_of(value)}")
        found = {}
        for key, member in value.items():
            count = len(reading.errors)
            found[of_key(key, reading)] = of_value(member, reading)
            if len(reading.errors) != count:
                _place(reading, count, key)
        return found

    return convert


def _literal(allowed: tuple[Any, ...]) -> Convert:
    known = {(type(one), one) for one in allowed}
    listed = ", ".join(repr(one) if one == "" else str(one) for one in allowed)

    def convert(value: Any, reading: Reading) -> Any:
        if isinstance(value, str | int) and (type(value), value) in known:
            return value
        return reading.fail(
            f"expected one of {listed}; got {value!r}" if _is_short(value) else f"expected one of {listed}"
        )

    return convert


def _is_short(value: Any) -> bool:
    return isinstance(value, str | int | float) and len(str(value)) < 80  # noqa: PLR2004 (a line of an error list)


def _union(arguments: tuple[Any, ...]) -> Convert:
    """Read nothing as nothing, a mapping as the shape among the types, and all else as the other one."""
    shapes = [one for one in arguments if isinstance(one, type) and issubclass(one, msgspec.Struct)]
    others = [one for one in arguments if one not in shapes and one is not type(None)]
    of_shape = converter(shapes[0]) if shapes else converter(others[0])
    of_other = converter(others[0]) if others else of_shape
    takes_nothing = type(None) in arguments

    def convert(value: Any, reading: Reading) -> Any:
        if value is None and takes_nothing:
            return None
        return of_shape(value, reading) if isinstance(value, dict) else of_other(value, reading)

    return convert
