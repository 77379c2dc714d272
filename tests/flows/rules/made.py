"""Small rules for the tests of where rules come from."""

from pathlib import Path
from typing import Any

import yaml

from operators.rules.read.documents import Found, Sourced

OPS = {"id": "ops", "name": "Ops", "users": ["alice"], "ways": ["mail"]}
CPU = {"id": 1, "name": "CPU usage", "notice": {"user_groups": ["ops"]}}
HOST = {"bk_host_id": 1, "ip": "10.0.0.1", "bk_biz_id": 2}


def found(**kinds: list[Any]) -> Found:
    """Return what a source with these documents says."""
    return Found(
        tuple(
            Sourced(kind, one, "a.yaml", f"{kind}[{place}]")
            for kind, members in kinds.items()
            for place, one in enumerate(members)
        )
    )


def write(file: Path, **kinds: list[Any]) -> Path:
    """Write a rule file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(yaml.safe_dump(kinds, allow_unicode=True), encoding="utf-8")
    return file
