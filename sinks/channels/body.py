"""Bodies of posts from templates: what `channels[].body` may name."""

from typing import Any

import msgspec

from operators.model.records import Notice
from sinks.channels.errors import RefusedError
from sinks.render.program import render_body
from sinks.render.sandbox import Budget, caught, run
from sinks.render.sandbox.tools import JSON, RE


def document(notice: Notice) -> dict[str, Any]:
    """Return the notice as a receiver sees it; the configuration of an action stays here."""
    found: dict[str, Any] = msgspec.to_builtins(notice)
    found.pop("config")
    return found


def body_text(template: str, notice: Notice) -> str:
    """Return the body of a post: the notice as JSON, or what the template makes of it.

    Raises RefusedError for a template that fails.
    """
    facts = document(notice)
    if not template:
        return msgspec.json.encode({**facts, "receiver": ",".join(notice.receivers)}).decode()
    variables = {**facts, "notice": facts, "receiver": ",".join(notice.receivers), "json": JSON, "re": RE}
    budget, errors = Budget(), list[str]()

    def made() -> str:
        return render_body(template, lambda text: run(text, variables, str, budget))

    body = caught(made, "", "the body's template failed", errors)
    if errors:
        raise RefusedError(errors[0])
    return body


def content_type(body: str) -> str:
    """Return the type of a body: JSON if it is a document, else text."""
    try:
        is_document = isinstance(msgspec.json.decode(body), dict | list)
    except (msgspec.DecodeError, RecursionError):
        is_document = False
    return "application/json; charset=utf-8" if is_document else "text/plain; charset=utf-8"
