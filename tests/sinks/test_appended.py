"""Lines at the end of a file: whole or not there, however the disk fills and whoever dies (no notice or dead letter is half written)."""

import subprocess
import sys
from pathlib import Path

import pytest

from sinks.appended import PIECE, append_lines
from tests.tree import ROOT

ROOM = 100
"""Bytes that a file may have while the disk is said to be full."""
_FULL = f"""
import resource, signal, sys
from pathlib import Path
from sinks.appended import append_lines
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, ({ROOM}, resource.RLIM_INFINITY))
try:
    append_lines(Path(sys.argv[1]), b"x" * {ROOM} + b"\\n")
except OSError as error:
    print(error.strerror)
"""


def test_lines_are_appended_in_their_order(tmp_path: Path):
    file = tmp_path / "lines"
    append_lines(file, b"{}\n")
    append_lines(file, b"[]\n1\n")
    assert file.read_bytes() == b"{}\n[]\n1\n"


def test_a_line_that_found_no_room_leaves_nothing_and_is_whole_when_there_is_room(tmp_path: Path):
    file = tmp_path / "lines"
    append_lines(file, b"{}\n")
    done = subprocess.run([sys.executable, "-c", _FULL, str(file)], capture_output=True, check=True, cwd=ROOT)
    assert done.stdout == b"File too large\n"
    assert file.read_bytes() == b"{}\n"
    append_lines(file, b"[]\n")
    assert file.read_bytes() == b"{}\n[]\n"


@pytest.mark.parametrize(
    ("left", "kept"),
    [
        (b'{"a":1}\n{"b":', b'{"a":1}\n'),
        (b'{"a":1}\n{"b":2}', b'{"a":1}\n{"b":2}\n'),
        (b'{"b":', b""),
        (b"{}\n" + b'"' + b"x" * 3 * PIECE, b"{}\n"),
        (b"{}\n\xff", b"{}\n"),
        (b"", b""),
    ],
    ids=["torn", "without its end", "torn alone", "long", "no text", "empty"],
)
def test_what_a_dead_process_left_half_written_is_mended_first(tmp_path: Path, left: bytes, kept: bytes):
    file = tmp_path / "lines"
    file.write_bytes(left)
    append_lines(file, b"[]\n")
    assert file.read_bytes() == kept + b"[]\n"


def test_a_device_takes_lines_as_it_can():
    append_lines(Path("/dev/null"), b"{}\n")
    with pytest.raises(OSError, match="No space left on device"):
        append_lines(Path("/dev/full"), b"{}\n")


def test_several_processes_may_append_at_once(tmp_path: Path):
    file = tmp_path / "lines"
    program = f"from pathlib import Path\nfrom sinks.appended import append_lines\nfor _ in range(50): append_lines(Path({str(file)!r}), b'\"' + b'x' * 9000 + b'\"\\n')"
    running = [subprocess.Popen([sys.executable, "-c", program], cwd=ROOT) for _ in range(3)]
    assert [one.wait(60) for one in running] == [0, 0, 0]
    assert {len(line) for line in file.read_bytes().splitlines()} == {9002}
    assert len(file.read_bytes().splitlines()) == 150
