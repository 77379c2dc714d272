"""The lines of a replay's inputs, and what its files hold."""

import json

import pytest

from flows.replay.files import alert_document, event_document, line_of, naming, read_lines
from flows.replay.replay import Line
from flows.replay.spill import Spill
from flows.sources.lines import InputError
from operators.intake.decode import MIXED
from tests.sinks.store.samples import alert, event


def test_lines_of_all_inputs_come_in_turn_with_their_place_and_blank_ones_are_passed_over(tmp_path):
    (tmp_path / "a").write_bytes(b'{"n": 1}\n\n  \n{"n": 2}')
    (tmp_path / "b").write_bytes(b'{"n": 3}\r\n')
    one, two = str(tmp_path / "a"), str(tmp_path / "b")
    assert list(read_lines([one, two])) == [
        Line(one, 1, b'{"n": 1}', MIXED), Line(one, 4, b'{"n": 2}', MIXED), Line(two, 1, b'{"n": 3}', MIXED),
    ]  # fmt: skip


def test_lines_of_another_format_hold_events_alone(tmp_path):
    (tmp_path / "a").write_bytes(b"{}\n")
    (line,) = read_lines([str(tmp_path / "a")], "zabbix")
    assert (line.kind, line.format) == ("event", "zabbix")


@pytest.mark.parametrize(("name", "text"), [("none", None), ("cut.gz", b"\x1f\x8b\x08"), ("no.zst", b"plain")])
def test_an_input_that_cannot_be_read_is_named(tmp_path, name, text):
    if text is not None:
        (tmp_path / name).write_bytes(text)
    with pytest.raises(InputError, match=rf"^{tmp_path / name}: "):
        list(read_lines([str(tmp_path / name)]))


def test_an_entry_is_one_line_with_sorted_keys_no_blanks_and_plain_letters():
    assert line_of({"b": [1, None], "a": "磁盘 é"}) == '{"a":"磁盘 é","b":[1,null]}\n'.encode()


def test_an_event_has_its_empty_fields_and_leaves_out_null_alone():
    document = json.loads(line_of(event_document(event(tags=(), description="", ip=None, extra_info={}))))
    assert (document["tags"], document["description"], document["extra_info"]) == ([], "", {})
    assert "ip" not in document or document["ip"] is None
    assert document["severity"] == 2


def test_an_alert_holds_the_whole_of_its_event():
    document = json.loads(line_of(alert_document(alert(event_changes={"tags": ()}))))
    assert document["event"]["tags"] == []
    assert document["status"] == "ABNORMAL"


@pytest.mark.parametrize(("filename", "named"), [(None, "out.jsonl"), ("other.jsonl", "other.jsonl")])
def test_an_error_of_writing_names_the_file(tmp_path, filename, named):
    with pytest.raises(OSError, match="No space left on device") as told, naming(tmp_path / "out.jsonl"):
        raise OSError(28, "No space left on device", filename)
    assert str(told.value.filename).endswith(named)


@pytest.mark.parametrize(
    "room", [1, 250, 60_000, 100_000], ids=["each-written-out", "some-written-out", "in-several-frames", "all-held"]
)
def test_what_was_put_comes_back_by_key_and_as_it_came_where_keys_are_equal(tmp_path, room):
    spill = Spill(tmp_path, room)
    for number in range(700):
        spill.put((number * 7 % 5, "k"), b"%d" % number)
    found = list(spill.drain())
    assert found == sorted(found, key=lambda one: (one[0], int(one[1])))
    assert len(found) == 700
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"


def test_nothing_put_is_nothing_drained(tmp_path):
    assert list(Spill(tmp_path).drain()) == []
