"""Our own events: one, an array of them, or one a line. What the job could not use is refused here already."""

import msgspec

from operators.intake.decode import Refusal, decode
from operators.intake.formats.format import Made, Refused, line, over, unreadable

_parts = msgspec.json.Decoder(list[msgspec.Raw])


def read(body: bytes, at: int) -> Made:  # noqa: ARG001 - a format is told when its body came
    """Read a body; each event goes on as it stands, in one line."""
    text = body.lstrip()
    if text.startswith(b"["):
        try:
            parts = [bytes(part) for part in _parts.decode(text)]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Made([], refused=[unreadable(error)])
        return _made(parts, "events[{}]", 0)
    return _made(text.splitlines() if _is_lines(text) else [text], "line {}", 1)


def _is_lines(text: bytes) -> bool:
    """Return True if the first line is an object of its own: else the body is one event, written over several lines."""
    try:
        msgspec.json.decode(text.split(b"\n", 1)[0])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return b"\n{" in text
    return True


def _made(parts: list[bytes], place: str, first: int) -> Made:
    if many := over(parts):
        return Made([], refused=many)
    events: list[bytes] = []
    refused: list[Refused] = []
    for number, part in enumerate(parts, first):
        if not part.strip():
            continue
        decoded = decode(part, "event")
        if isinstance(decoded, Refusal):
            refused.append(Refused(place.format(number), decoded.reason, decoded.detail))
        else:
            events.append(part if b"\n" not in part else line(msgspec.json.decode(part)))
    return Made(events, refused=refused)
