"""What webhooks and queues are sent: addresses, headers and bodies for programs (spec/notices.md 9, 11.2)."""

import json
import re
from collections.abc import Callable
from typing import Any

from operators.rules.shapes.channel import is_reference
from sinks.render.case import Case
from sinks.render.escapes import clean, one_line
from sinks.render.payload import push_documents, webhook_document
from sinks.render.sandbox import caught, whole
from sinks.render.sandbox.tools import read_json
from sinks.render.sandbox.values import LanguageError, dump

QUEUE = "message_queue"

Run = Callable[[str], str]
"""Renders a template; may raise anything."""


def config_of(case: Case, run: Run, errors: list[str]) -> dict[str, Any]:
    """Return the configuration of a webhook or push with its address and headers rendered."""
    config = dict(case.message.config or {})
    for name in ("url", "headers"):
        if config.get(name):
            config[name] = _each(config[name], run, name, errors)
    return config


def _each(value: Any, run: Run, place: str, errors: list[str]) -> Any:
    if isinstance(value, dict) and (place == "headers" or not is_reference(value)):
        return {name: _each(one, run, f"{place}.{name}", errors) for name, one in value.items()}
    if not isinstance(value, str) or "{" not in value:
        return value
    return caught(lambda: one_line(clean(run(value))).strip(), value, place, errors)


def body_of(case: Case, run: Run, errors: list[str]) -> str:
    """Return the body: JSON lines for a queue; for a webhook its own template, else the notice as JSON."""
    if case.message.way == QUEUE or (case.message.config or {}).get("dsn"):
        return push_documents(case)
    template = (case.message.config or {}).get("body") or ""
    failures = len(errors)
    made = caught(lambda: render_body(template, run), "", "body", errors) if template else ""
    return made if template and len(errors) == failures else dump(webhook_document(case))


def render_body(template: str, run: Callable[[str], str]) -> str:
    """Render a body; one that is JSON is rendered value by value, so that nothing can break out of its place."""
    marked, bare = _marked(template)
    try:
        document = read_json(marked)
    except ValueError:
        return run(template)
    if not isinstance(document, dict | list):
        return run(template)
    return whole(json.dumps(_inside(document, run, bare), ensure_ascii=False))


_TEXT_OR_BARE = re.compile(r'"(?:[^"\\]|\\.)*"|\{\{.*?\}\}', re.DOTALL)
_MARK = "\ue000"
"""Begins what stands for an expression; no key of a keyboard makes it."""
_LITERALS = {"": None, "None": None, "True": True, "False": False}


def _marked(template: str) -> tuple[str, dict[str, str]]:
    """Return the template with a text for each expression that stands outside texts, and what each stands for."""
    bare: dict[str, str] = {}

    def mark(found: re.Match[str]) -> str:
        if found[0].startswith('"'):
            return found[0]
        name = f"{_MARK}{len(bare)}"
        bare[name] = found[0]
        return f'"{name}"'

    return _TEXT_OR_BARE.sub(mark, template), bare


def _inside(value: Any, run: Callable[[str], str], bare: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {run(bare.get(str(name), str(name))): _inside(one, run, bare) for name, one in value.items()}
    if isinstance(value, list):
        return [_inside(one, run, bare) for one in value]
    if isinstance(value, str) and value in bare:
        return _literal(run(bare[value]))
    return run(value) if isinstance(value, str) and "{" in value else value


def _literal(text: str) -> Any:
    """Return what an expression outside texts says: a value of JSON, else its text."""
    stripped = text.strip()
    if stripped in _LITERALS:
        return _LITERALS[stripped]
    try:
        return read_json(stripped)
    except (ValueError, LanguageError):
        return text
