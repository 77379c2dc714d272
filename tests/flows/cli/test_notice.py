"""`tocsin notice preview`: the notices of a replay as people get them."""

import msgspec
import pytest
from click.testing import CliRunner

from flows.cli.notice import notice as command
from tests.sinks.outbox.notices import notice

MAIL = notice("m1", way="mail", title="[b]one", content="<p>It <b>burns</b> &amp; smokes</p>")
SMS = notice("s1", way="sms", title="two", content="it burns")


@pytest.fixture
def directory(tmp_path):
    (tmp_path / "notices.jsonl").write_bytes(b"".join(msgspec.json.encode(one) + b"\n" for one in (MAIL, SMS)))
    return str(tmp_path)


def run(*arguments, code=0):
    result = CliRunner().invoke(command, ["preview", *arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_the_first_notice_is_shown_as_plain_text(directory):
    shown = run(directory)
    assert "[b]one" in shown
    assert "It burns & smokes" in shown


@pytest.mark.parametrize("which", ["1", "s1"])
def test_a_notice_is_found_by_place_or_id(directory, which):
    assert "it burns" in run(directory, which)


def test_the_html_of_a_mail_is_printed_as_it_is(directory):
    assert run(directory, "m1", "--html") == f"{MAIL.content}\n"


def test_all_notices_are_listed_with_their_places(directory):
    assert [line.split()[:2] for line in run(directory, "--list").splitlines()] == [["0", "mail"], ["1", "sms"]]


@pytest.mark.parametrize("which", ["2", "m2", "-"])
def test_a_notice_that_is_not_there_is_said(directory, which):
    assert run(directory, which, code=1) == f"{directory}/notices.jsonl: no notice {which}; there are 2\n"


def test_a_directory_without_notices_is_named(tmp_path):
    assert run(str(tmp_path), code=1) == f"{tmp_path}/notices.jsonl: No such file or directory\n"


@pytest.mark.parametrize("line", [b"{", b"{}", b"[]", b"\xff", b'"\xff"'])
def test_a_line_that_is_no_notice_is_named(tmp_path, line):
    (tmp_path / "notices.jsonl").write_bytes(msgspec.json.encode(MAIL) + b"\n" + line + b"\n")
    assert run(str(tmp_path), code=1).startswith(f"{tmp_path}/notices.jsonl: line 2: no notice: ")
