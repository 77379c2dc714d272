"""Inputs by name: plain, packed, or standard input; lines bounded in length; what cannot be read is named."""

import gzip
import io
import os

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from flows.sources.lines import InputError, check_inputs, input_error, lines, open_input, read_line
from operators.intake.decode import MAX_BYTES

TEXT = b'{"n": 1}\n\n{"n": 2}\r\n{"n": 3}'


@pytest.mark.parametrize(
    ("name", "pack"),
    [("plain.jsonl", bytes), ("one.jsonl.gz", gzip.compress), ("one.jsonl.zst", zstandard.compress)],
    ids=["plain", "gz", "zst"],
)
def test_an_input_gives_its_lines_without_their_ends_packed_or_not(tmp_path, name, pack):
    (tmp_path / name).write_bytes(pack(TEXT))
    with open_input(str(tmp_path / name)) as stream:
        assert list(lines(stream)) == [b'{"n": 1}', b"", b'{"n": 2}', b'{"n": 3}']


@pytest.mark.parametrize(
    ("length", "end", "read"),
    [
        pytest.param(MAX_BYTES, b"\n", MAX_BYTES + 1, id="as-long-as-may-be"),
        pytest.param(MAX_BYTES, b"", MAX_BYTES, id="as-long-as-may-be-at-the-end"),
        pytest.param(MAX_BYTES + 1, b"\n", MAX_BYTES + 2, id="one-more"),
        pytest.param(5 * MAX_BYTES, b"\n", MAX_BYTES + 3, id="far-too-long"),
        pytest.param(5 * MAX_BYTES, b"", MAX_BYTES + 3, id="far-too-long-at-the-end"),
    ],
)
def test_of_a_line_only_enough_is_read_to_see_that_it_is_too_long(length, end, read):
    stream = io.BytesIO(b"x" * length + end + (b"next\n" if end else b""))
    assert len(read_line(stream)) == read
    assert read_line(stream) == (b"next\n" if end else b"")


def test_an_input_without_lines_has_none():
    assert list(lines(io.BytesIO(b""))) == []
    assert read_line(io.BytesIO(b"")) == b""


@given(st.lists(st.binary(max_size=8).map(lambda line: line.translate(None, b"\r\n")), max_size=8))
def test_lines_come_as_they_were_written(written):
    assert list(lines(io.BytesIO(b"".join(line + b"\n" for line in written)))) == written


def test_inputs_that_are_there_are_taken_without_being_opened(tmp_path):
    (tmp_path / "there").touch()
    os.mkfifo(tmp_path / "pipe")
    check_inputs([str(tmp_path / "there"), "-", str(tmp_path / "pipe")])


@pytest.mark.parametrize(("name", "why"), [("none", "No such file or directory"), ("folder", "Is a directory")])
def test_an_input_that_cannot_be_read_is_named_with_the_reason(tmp_path, name, why):
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError) as told:
        check_inputs(["-", str(tmp_path / name)])
    assert str(told.value) == f"{tmp_path / name}: {why}"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (FileNotFoundError(2, "No such file or directory"), "a.jsonl: No such file or directory"),
        (EOFError("Compressed file ended"), "a.jsonl: Compressed file ended"),
        (zstandard.ZstdError("cannot read"), "a.jsonl: cannot read"),
        (OSError("no number"), "a.jsonl: no number"),
    ],
    ids=["missing", "cut-off", "damaged", "without-a-number"],
)
def test_what_went_wrong_is_told_with_the_name_of_the_input_once(error, text):
    assert str(input_error("a.jsonl", error)) == text
