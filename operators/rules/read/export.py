"""A rule book as plain documents again, and the JSON schema of a rule file for editors."""

import types
from collections.abc import Callable
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from operators.rules.book import KINDS, RuleBook
from operators.rules.index import id_order
from operators.rules.read.meanings import KINDS_MEAN, MEANINGS
from operators.rules.shapes.model import Condition, DimensionConfig, UserRef
from operators.rules.shapes.words import Reader

Schema = dict[str, Any]


def to_documents(book: RuleBook) -> dict[str, list[dict[str, Any]]]:
    """Return the documents of a book by kind, by id; loaded again they make a book of the same version."""
    return {kind: [to_document(kind, thing) for thing in _things(book, kind)] for kind in KINDS}


def _things(book: RuleBook, kind: str) -> list[Any]:
    held = getattr(book, kind)
    return [held[name] for name in sorted(held, key=id_order)] if isinstance(held, dict) else list(held)


def to_document(kind: str, thing: msgspec.Struct) -> dict[str, Any]:
    """Return one document as plain values: normal forms, without what is left at its default."""
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(thing))
    config = document.get("dimension_config")
    if kind == "shields" and config is not None:
        conditions = {key: value for key, value in config.items() if key != "equals"}
        document["dimension_config"] = {**config.get("equals", {}), **conditions}
    return document


def schema() -> Schema:
    """Return the JSON schema of a rule file."""
    shapes: dict[str, Schema] = {}
    kinds = {
        kind: {"type": "array", "items": _schema_of(shape, shapes), "description": KINDS_MEAN.get(kind, "")}
        for kind, shape in KINDS.items()
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Tocsin rule file",
        "type": "object",
        "properties": kinds,
        "additionalProperties": False,
        "$defs": shapes,
    }


def _schema_of(hint: Any, shapes: dict[str, Schema]) -> Schema:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return _shape(hint, shapes)
    made = _SCHEMAS.get(get_origin(hint))
    return made(get_args(hint), shapes) if made else dict(_PLAIN[hint])


def _shape(shape: type[msgspec.Struct], shapes: dict[str, Schema]) -> Schema:
    name = shape.__name__
    if name not in shapes:
        shapes[name] = {}
        hints = get_type_hints(shape, include_extras=True)
        shapes[name] = {
            "type": "object",
            "description": (shape.__doc__ or "").partition("\n")[0],
            "properties": {
                field: _schema_of(hints[field], shapes) | {"description": MEANINGS.get(f"{name}.{field}", "")}
                for field in shape.__struct_fields__
            },
            "required": [field.name for field in msgspec.structs.fields(shape) if field.required],
            "additionalProperties": False,
        }
        if shape in _OTHER_FORMS:
            shapes[name] |= _OTHER_FORMS[shape](shapes[name])
    return {"$ref": f"#/$defs/{name}"}


def _annotated(arguments: tuple[Any, ...], shapes: dict[str, Schema]) -> Schema:
    for mark in arguments[1:]:
        if isinstance(mark, Reader):
            return dict(mark.schema)
    bounds = {
        name: bound
        for mark in arguments[1:]
        if isinstance(mark, msgspec.Meta)
        for name, bound in (("minimum", mark.ge), ("exclusiveMinimum", mark.gt), ("maximum", mark.le))
        if bound is not None
    }
    return _schema_of(arguments[0], shapes) | bounds


def _union(arguments: tuple[Any, ...], shapes: dict[str, Schema]) -> Schema:
    return {"anyOf": [_schema_of(one, shapes) for one in arguments]}


_SCHEMAS: dict[Any, Callable[[tuple[Any, ...], dict[str, Schema]], Schema]] = {
    Annotated: _annotated,
    tuple: lambda arguments, shapes: {"type": "array", "items": _schema_of(arguments[0], shapes)},
    dict: lambda arguments, shapes: {"type": "object", "additionalProperties": _schema_of(arguments[1], shapes)},
    Literal: lambda arguments, _: {"enum": list(arguments)},
    types.UnionType: _union,
    Union: _union,
}

_PLAIN: dict[Any, Schema] = {
    Any: {},
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
}


def _or_text(made: Schema) -> Schema:
    return {"type": ["object", "string"], "description": made["description"]}


def _or_key(made: Schema) -> Schema:
    return {"properties": {**made["properties"], "key": {"type": "string", "description": MEANINGS["Condition.key"]}}}


def _free(made: Schema) -> Schema:
    conditions = {"dimension_conditions": made["properties"]["dimension_conditions"]}
    return {"properties": conditions, "additionalProperties": True}


_OTHER_FORMS: dict[type, Callable[[Schema], Schema]] = {
    Condition: _or_key,
    DimensionConfig: _free,
    UserRef: _or_text,
}
"""Shape -> what else a file may hold for it (forms.py)."""
