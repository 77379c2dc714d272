"""What `--json` printed, read again."""

from typing import Any

import msgspec

from flows.cli.answer import Answer


def answer(output: str) -> Answer:
    """Return the one answer of an output; fail where it holds anything else."""
    (line,) = output.splitlines()
    return msgspec.json.decode(line, type=Answer, strict=True)


def items(output: str) -> list[Any]:
    """Return the items of an answer."""
    return list(answer(output).items)
