"""Outputs of replays as they are found and read to be compared, and what of them cannot be."""

import gzip
import json

import pytest
import zstandard

from flows.replay.compared import KINDS, Output, compare, output_at
from flows.sources.lines import InputError

MD5 = "0a" + "0" * 30
ALERT = {"id": "1700000000aaaaaaaaaaaa", "dedupe_md5": MD5, "status": "ABNORMAL", "severity": 2, "begin_time": 1}
LOG = {"time": 1, "alert_id": ALERT["id"], "op_type": "CREATE", "reason": "opened"}
NOTICE = {"time": 1, "way": "mail", "receivers": ["ann"], "alert_ids": [ALERT["id"]], "signal": "abnormal"}
FILES = {"alerts": ALERT, "logs": LOG, "notices": NOTICE}


def lay(folder, kinds=KINDS, suffix="", pack=bytes):
    folder.mkdir(exist_ok=True)
    for kind in kinds:
        (folder / f"{kind}.jsonl{suffix}").write_bytes(pack(json.dumps(FILES[kind]).encode() + b"\n"))
    return str(folder)


@pytest.mark.parametrize(("suffix", "pack"), [("", bytes), (".gz", gzip.compress), (".zst", zstandard.compress)])
def test_the_files_of_a_directory_are_found_packed_or_not(tmp_path, suffix, pack):
    found = output_at(lay(tmp_path / "out", suffix=suffix, pack=pack))
    assert found.files == {kind: f"{tmp_path}/out/{kind}.jsonl{suffix}" for kind in KINDS}
    assert compare(found, found).is_empty


def test_a_plain_file_counts_before_a_packed_one_beside_it(tmp_path):
    lay(tmp_path / "out", suffix=".gz", pack=gzip.compress)
    assert output_at(lay(tmp_path / "out", ["alerts"])).files["alerts"] == f"{tmp_path}/out/alerts.jsonl"


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_file_is_known_by_its_first_entry_whatever_it_is_called(tmp_path, kind):
    (tmp_path / "x").write_text(json.dumps(FILES[kind]))
    assert output_at(str(tmp_path / "x")) == Output(str(tmp_path / "x"), {kind: str(tmp_path / "x")})


def test_an_empty_file_is_one_without_alerts(tmp_path):
    (tmp_path / "x").touch()
    assert output_at(str(tmp_path / "x")).files.keys() == {"alerts"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"{}", "neither alerts, logs nor notices of a replay"),
        (b'{"events": 5}', "neither alerts, logs nor notices of a replay"),
        (b"no json", "no output of a replay ("),
        (b"\xff", "no output of a replay ("),
        (b"[]", "no output of a replay ("),
    ],
)
def test_a_file_of_something_else_is_refused_by_its_name(tmp_path, text, why):
    (tmp_path / "x").write_bytes(text)
    with pytest.raises(InputError) as told:
        output_at(str(tmp_path / "x"))
    assert str(told.value).startswith(f"{tmp_path}/x: {why}")


@pytest.mark.parametrize(
    ("make", "why"), [("nothing", "No such file or directory"), ("an empty directory", "no output of a replay (no alerts.jsonl")]
)  # fmt: skip
def test_a_place_without_an_output_is_refused_by_its_name(tmp_path, make, why):
    if make != "nothing":
        (tmp_path / "out").mkdir()
    with pytest.raises(InputError) as told:
        output_at(str(tmp_path / "out"))
    assert str(told.value).startswith(f"{tmp_path}/out: {why}")


def test_only_files_that_both_have_are_compared_and_the_others_are_named(tmp_path):
    old, new = (
        output_at(lay(tmp_path / "old", ["alerts", "logs"])),
        output_at(lay(tmp_path / "new", ["alerts", "notices"])),
    )
    assert sorted(compare(old, new).not_compared) == ["logs.jsonl", "notices.jsonl"]


def test_outputs_without_a_file_in_common_are_refused(tmp_path):
    old, new = output_at(lay(tmp_path / "old", ["logs"])), output_at(lay(tmp_path / "new", ["alerts"]))
    with pytest.raises(InputError) as told:
        compare(old, new)
    assert str(told.value) == f"{tmp_path}/old and {tmp_path}/new have no file in common: nothing to compare"


@pytest.mark.parametrize(
    ("kind", "line"), [("alerts", b'{"id": 1}'), ("logs", b"cut off"), ("notices", b"\xff"), ("notices", b"[]")]
)
def test_a_line_that_is_no_entry_is_refused_with_its_place(tmp_path, kind, line):
    whole = output_at(lay(tmp_path / "old"))
    with (tmp_path / "old" / f"{kind}.jsonl").open("ab") as more:
        more.write(line)
    with pytest.raises(InputError) as told:
        compare(whole, whole)
    assert str(told.value).startswith(f"{tmp_path}/old/{kind}.jsonl:2: ")


def test_a_packed_file_that_was_cut_off_is_refused_by_its_name(tmp_path):
    found = output_at(lay(tmp_path / "old", suffix=".gz", pack=gzip.compress))
    path = tmp_path / "old" / "logs.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(InputError, match=rf"^{path}: "):
        compare(found, found)


@pytest.mark.parametrize("op_type", ["CONVERGE", "EVENT_DROP"])
def test_that_an_event_came_again_is_no_difference(tmp_path, op_type):
    old, new = lay(tmp_path / "old"), lay(tmp_path / "new")
    with (tmp_path / "new" / "logs.jsonl").open("ab") as more:
        more.write(json.dumps({**LOG, "op_type": op_type, "count": 9}, separators=(",", ":")).encode())
    assert compare(output_at(old), output_at(new)).is_empty
