"""What a format makes of a body, decoded."""

import json

from operators.intake.decode import decode
from operators.intake.formats.table import FORMATS
from operators.model.event import Event

NOW = 1_700_000_000


def made(name, body, at=NOW):
    """(events as the job takes them, commands, refusals as (place, reason))."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    out = FORMATS[name].read(raw, at)
    events = [decode(line) for line in out.events]
    assert all(isinstance(event, Event) for event in events), events
    return events, [json.loads(line) for line in out.commands], [(one.place, str(one.reason)) for one in out.refused]


def only(name, body, at=NOW):
    """The only event of a body."""
    (event,), commands, refused = made(name, body, at)
    assert (commands, refused) == ([], [])
    return event
