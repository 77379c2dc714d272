"""What webhooks and queues are sent: addresses, headers and bodies for programs (spec/notices.md 9, 11.2)."""

import json
from collections.abc import Callable
from typing import Any

from sinks.render.case import Case
from sinks.render.escapes import clean, one_line
from sinks.render.payload import push_documents, webhook_document
from sinks.render.sandbox import RENDER_ERRORS, explain
from sinks.render.tools import dump

QUEUE = "message_queue"

Run = Callable[[str, Case], str]
"""Renders a template; raises one of RENDER_ERRORS."""


def config_of(case: Case, run: Run, errors: list[str]) -> dict[str, Any]:
    """Return the configuration of a webhook or push with its address and headers rendered."""
    config = dict(case.message.config or {})
    for name in ("url", "headers"):
        if config.get(name):
            config[name] = _each(config[name], case, run, name, errors)
    return config


def _each(value: Any, case: Case, run: Run, place: str, errors: list[str]) -> Any:
    if isinstance(value, dict):
        return {name: _each(one, case, run, f"{place}.{name}", errors) for name, one in value.items()}
    if not isinstance(value, str) or "{" not in value:
        return value
    try:
        return one_line(clean(run(value, case))).strip()
    except RENDER_ERRORS as error:
        errors.append(f"{place}: {explain(error)}")
        return value


def body_of(case: Case, run: Run, errors: list[str]) -> str:
    """Return the body: JSON lines for a queue; for a webhook its own template, else the notice as JSON."""
    if case.message.way == QUEUE or (case.message.config or {}).get("dsn"):
        return push_documents(case)
    template = (case.message.config or {}).get("body") or ""
    if not template:
        return dump(webhook_document(case))
    try:
        return render_body(template, lambda text: run(text, case))
    except RENDER_ERRORS as error:
        errors.append(f"body: {explain(error)}")
        return dump(webhook_document(case))


def render_body(template: str, run: Callable[[str], str]) -> str:
    """Render a body; one that is JSON is rendered inside its texts, so that no value can break out of them."""
    try:
        document = json.loads(template)
    except ValueError:
        return run(template)
    if not isinstance(document, dict | list):
        return run(template)
    return json.dumps(_inside(document, run), ensure_ascii=False)


def _inside(value: Any, run: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {run(name): _inside(one, run) for name, one in value.items()}
    if isinstance(value, list):
        return [_inside(one, run) for one in value]
    return run(value) if isinstance(value, str) and "{" in value else value
