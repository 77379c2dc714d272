"""Files as a source: each record is handed on with the latest second at which it may say that it arrived."""

import pytest

from flows.settings.sections import SourceSettings
from flows.sources.files import FilesPart
from flows.sources.places import Places
from flows.stop import Stop

T = 1_700_000_000


@pytest.mark.parametrize(("clock", "at"), [("input", None), ("wall", T)])
def test_a_record_arrives_no_later_than_the_clock_of_the_wall_and_the_skew(tmp_path, clock, at):
    path = tmp_path / "events.jsonl"
    path.write_text("{}\n")
    settings = SourceSettings(files=(str(path),), clock=clock)
    part = FilesPart(settings, size=10, stop=Stop(), places=Places(), skew=300, now=lambda: T + 0.5)
    ((polled,),) = [part.next_batch()]
    assert [(raw.at, raw.latest) for raw in polled.raws] == [(at, T + 300)]
    part.close()
