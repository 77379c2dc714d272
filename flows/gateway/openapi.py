"""The gateway described: OpenAPI for programs, and a page of it for people that asks for nothing else."""

from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from flows.gateway.service import TOOLS, said

SHARED = {
    "send": ("401", "403", "408", "413", "415", "429", "503", "507"),
    "read": ("401", "403", "429", "503"),
    "command": ("401", "403", "408", "413", "415", "429", "503", "507"),
    "life": (),
}
"""Tag -> the refusals that its operations share."""
WHY = {
    "401": "No token or signature, or one that is not known",
    "403": "A token without the scope",
    "408": "The body did not come within 10 s",
    "413": "More than 4 MiB, 32 MiB unpacked, 200,000 members, or 10,000 events",
    "415": "A content encoding that is not known",
    "429": "Too much waits, or more than the token's rate; come again in a second (webhooks get 503)",
    "503": "Nothing can be kept or read now; come again",
    "507": "The disk is full",
}
SECURITY = {"send": ("bearer", "basic", "signature"), "read": ("bearer", "basic"), "command": ("bearer", "basic")}


def description(*, is_guarded: bool = True) -> dict[str, Any]:
    """Return the description; without tokens nobody is asked who they are."""
    made: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "openapi.yaml").read_text(encoding="utf-8"))
    made["info"]["version"] = version("tocsin")
    for path, operations in made["paths"].items():
        media = "application/json" if path.startswith(TOOLS) else "text/plain"
        for operation in operations.values():
            (tag,) = operation["tags"]
            for status in SHARED[tag]:
                operation["responses"].setdefault(status, _text(WHY[status], media))
            if is_guarded:
                operation["security"] = [{name: []} for name in SECURITY.get(tag, ())]
    return made


def _text(why: str, media: str) -> dict[str, Any]:
    return {"description": why, "content": {media: {"schema": {"type": "string"}}}}


def page(made: dict[str, Any]) -> str:
    """Return the page: what each path takes and answers."""
    parts = [_of_tag(tag, made) for tag in made["tags"]]
    return _PAGE.format(
        title=escape(made["info"]["title"]), about=escape(made["info"]["description"]), parts="".join(parts)
    )


def _of_tag(tag: dict[str, str], made: dict[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{method.upper()}&nbsp;{escape(path)}</code><td>{escape(operation['summary'])}<td>{_answers(operation)}"
        for path, operations in made["paths"].items()
        for method, operation in operations.items()
        if operation["tags"] == [tag["name"]]
    ]
    head = "<tr><th>path<th>what<th>answers"
    return f"<h2>{escape(tag['name'])}</h2><p>{escape(tag['description'])}</p><table>{head}{''.join(rows)}</table>"


def _answers(operation: dict[str, Any]) -> str:
    told = ((status, WHY.get(status, "")) for status in sorted(operation["responses"]))
    return " ".join(f'<abbr title="{escape(why)}">{status}</abbr>' if why else status for status, why in told)


_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif }} body {{ max-width: 70rem; margin: 2rem auto; padding: 0 1rem }}
table {{ border-collapse: collapse; width: 100% }}
td, th {{ text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #8884 }}
</style>
<h1>{title}</h1><p>{about} <a href="openapi.json">openapi.json</a> has every field.</p>{parts}
</html>
"""


def described(*, is_guarded: bool) -> list[Route]:
    """Return the routes of the description."""
    made = description(is_guarded=is_guarded)
    text = page(made)

    async def as_json(_: Request) -> Response:
        return said(made)

    async def as_page(_: Request) -> Response:
        return HTMLResponse(text, headers={"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'"})

    return [Route("/openapi.json", as_json), Route("/", as_page)]
