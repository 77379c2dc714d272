"""Commands that the gateway passes on: each carries an id, under which its outcome is found once the job has acted."""

import asyncio
import re
import secrets
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from flows.gateway.durable import NotKeptError
from flows.gateway.service import AnswerError, Service, json, let_in, not_kept, said
from sinks.store.interface import StoreError
from sinks.store.query import CommandQuery

HEADER = "Tocsin-Command"
"""Names the command, or the commands, in the answer of an API that has no room for it."""
_ID = re.compile("[A-Za-z0-9_.:-]{1,128}")


async def pass_on(service: Service, command: dict[str, Any], operator: str, source: str) -> str:
    """Make a command durable that came by an API; return its id. Raises AnswerError."""
    now, name = int(service.now()), secrets.token_hex(16)
    try:
        given = {"operator": operator, "command_id": name, "origin": origin_of(source)}
        line = json({"kind": "command", "at": now, **given, **command})
        await service.durable.keep([line], now, "command")
    except NotKeptError as error:
        raise not_kept(error) from error
    return name


def with_ids(lines: Sequence[bytes], source: str) -> tuple[list[bytes], list[str]]:
    """Return the commands that a format made, each with an id of its own and where it was given, and the ids."""
    names = [secrets.token_hex(16) for _ in lines]
    origin = json(origin_of(source))
    heads = (b'{"command_id":"%b","origin":%b,' % (name.encode(), origin) for name in names)
    return [head + raw[1:] for head, raw in zip(heads, lines, strict=True)], names


def origin_of(source: str) -> str:
    """Return where a command was given that an API of the gateway took, as the page Audit shows it."""
    return f"gateway, {source}"


async def outcome(service: Service, request: Request) -> Response:
    """Say what became of a command: applied, refused and why, or nothing yet."""
    let_in(service, request, "read")
    name = request.path_params["id"]
    if service.store is None or not _ID.fullmatch(name):
        raise AnswerError(404, "no such command")
    try:
        found = await asyncio.to_thread(service.store.commands, CommandQuery(id=name, limit=1))
    except StoreError as error:
        raise AnswerError(503, str(error), **{"Retry-After": "1"}) from error
    return said(
        {
            "command_id": name,
            "outcome": found[0].outcome if found else "pending",
            "command": found[0] if found else None,
        }
    )
