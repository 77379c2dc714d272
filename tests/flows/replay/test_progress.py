"""How far a replay is, as people and programs are told."""

import json

import pytest

from flows.replay.progress import Progress, Seen, both, into


@pytest.fixture
def told():
    return []


@pytest.mark.parametrize(
    ("span", "at", "share"),
    [
        (None, 150, None),
        ((100, 200), None, None),
        ((100, 200), 100, 0.0),
        ((100, 200), 150, 0.5),
        ((100, 200), 200, 1.0),
        ((100, 200), 99, 0.0),
        ((100, 200), 900, 1.0),
        ((100, 100), 100, 0.0),
        ((0, 3), 1, 0.3333),
    ],
)
def test_the_share_is_that_of_the_span_from_nought_to_one(told, span, at, share):
    progress = Progress(told.append, span)
    progress.saw(7, at)
    assert (told[0].share, told[0].at, told[0].lines, told[0].state) == (share, at, 7, "reading")


@pytest.mark.parametrize("span", [None, (100, 200)])
def test_what_is_done_is_wholly_done(told, span):
    Progress(told.append, span).say("done")
    assert (told[0].state, told[0].share) == ("done", 1.0)


def test_lines_are_told_once_a_second_and_a_state_at_once(told):
    progress = Progress(told.append)
    for lines in range(100):
        progress.saw(lines, None)
    assert [one.lines for one in told] == [0]
    progress.say("failed", "events.jsonl: Input/output error")
    assert (told[1].lines, told[1].state, told[1].errors) == (99, "failed", ("events.jsonl: Input/output error",))


def test_the_newest_word_is_kept_in_a_file_that_is_always_whole(tmp_path):
    tell = into(tmp_path / "progress.json")
    for state in ("reading", "done"):
        tell(Seen(state=state, lines=3))
        assert json.loads((tmp_path / "progress.json").read_bytes())["state"] == state
    assert [path.name for path in tmp_path.iterdir()] == ["progress.json"]


def test_several_are_told_the_same(told):
    again = []
    both(told.append, again.append)(seen := Seen(lines=1))
    assert told == again == [seen]
