"""Sources wait by the monotonic clock: a wall clock that is set back holds nothing up (engine.md 1.3)."""

import threading

import pytest

from flows.settings.sections import SourceSettings
from flows.sources.files import FilesPart
from flows.sources.places import Places
from flows.stop import AT_ONCE, Stop

T = 1_700_000_000


class Wall:
    """A wall clock that people set."""

    def __init__(self):
        self.now = float(T)

    def __call__(self):
        return self.now


@pytest.fixture
def wall():
    return Wall()


@pytest.fixture
def stop():
    return Stop()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'{"n": 1}\n')
    return path


@pytest.fixture
def part(file, wall, stop):
    made = FilesPart(
        SourceSettings(files=(str(file),), follow=True, clock="wall"), size=10, stop=stop, places=Places(), now=wall
    )
    yield made
    made.close()


def polled(part):
    return [one for one in part.next_batch() if one.raws or one.clock is not None]


def on_and_on(part):
    while True:
        part.next_batch()


@pytest.mark.parametrize("back", [1, 25, 600, 86400 * 365])
def test_a_clock_set_back_holds_up_neither_records_nor_the_engine(part, wall, file, back):
    (first,) = polled(part)
    assert (first.raws[0].at, first.clock) == (T, T)
    assert polled(part) == []  # nothing new: it rests from now on
    wall.now -= back
    with file.open("ab") as more:
        more.write(b'{"n": 2}\n')
    assert part.next_awake() == AT_ONCE
    (second,) = polled(part)
    assert (second.raws[0].raw, second.raws[0].at, second.clock) == (b'{"n": 2}', T, T)  # time never runs back


@pytest.mark.parametrize("forward", [1, 25, 600])
def test_a_clock_set_forward_moves_the_stream_at_once(part, wall, forward):
    polled(part)
    wall.now += forward
    (tick,) = polled(part)
    assert (list(tick.raws), tick.clock) == ([], T + forward)


def test_the_moment_the_engine_is_given_lies_behind_every_clock(part):
    assert part.next_awake().timestamp() == 0
    polled(part)
    polled(part)
    assert part.next_awake().timestamp() == 0


def test_a_stop_ends_the_rest(part, stop, wall):
    polled(part)
    polled(part)
    wall.now -= 600
    threading.Thread(target=stop.ask).start()
    with pytest.raises(StopIteration):
        on_and_on(part)
