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


async def pass_on(service: Service, command: dict[str, Any], operator: str) -> str:
    """Make a command durable; return its id. Raises AnswerError."""
    now, name = int(service.now()), secrets.token_hex(16)
    try:
        line = json({"kind": "command", "at": now, "operator": operator, "command_id": name, **command})
        await service.durable.keep([line], now, "command")
    except NotKeptError as error:
        raise not_kept(error) from error
    return name


def with_ids(lines: Sequence[bytes]) -> tuple[list[bytes], list[str]]:
    """Return the commands that a format made, each with an id of its own, and the ids."""
    names = [secrets.token_hex(16) for _ in lines]
    return [b'{"command_id":"%b",' % name.encode() + raw[1:] for name, raw in zip(names, lines, strict=True)], names


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
