"""An outbox is opened where it is said to be; one that does not answer is waited for so long, and named without its password."""

from contextlib import closing

import pytest

from sinks.outbox import Depth, OutboxUnavailableError, open_outbox
from sinks.outbox.codec import Stored, pack, unpack_receipt, unpack_results, unpack_taken
from sinks.outbox.place import wait_for
from sinks.outbox.sqlite import SqliteOutbox
from tests.sinks.outbox.notices import notice

AWAY = "redis://:geheim@127.0.0.1:1/0/k"


def test_the_folder_of_a_file_is_made(tmp_path):
    with closing(open_outbox(str(tmp_path / "a" / "b" / "outbox.sqlite3"))) as outbox:
        assert isinstance(outbox, SqliteOutbox)
    assert (tmp_path / "a" / "b" / "outbox.sqlite3").exists()


def test_an_outbox_that_answers_is_not_waited_for(tmp_path):
    with closing(open_outbox(str(tmp_path / "outbox.sqlite3"))) as outbox:
        assert wait_for(outbox, 0.0) is outbox
        assert outbox.depth(0.0) == Depth()


def test_an_outbox_that_does_not_answer_in_time_is_said_without_its_password():
    with closing(open_outbox(AWAY)) as outbox, pytest.raises(OutboxUnavailableError) as told:
        wait_for(outbox, 0.0)
    assert "geheim" not in str(told.value)


# --- what is stored


def stored(**changed):
    values = {
        "id": "n1", "lane": "webhook:hooks.example.org", "attempt": 2, "created": 7.9, "until": 99.0,
        "body": pack(notice("n1")), "results": pack({}),
    }  # fmt: skip
    return Stored(**(values | changed))


def test_what_was_stored_is_taken_as_it_was_put():
    taken = unpack_taken(stored())
    assert (taken.notice, taken.attempt, taken.created, taken.until, taken.readable) == (
        notice("n1"),
        2,
        7.9,
        99.0,
        True,
    )


@pytest.mark.parametrize(
    "changed", [{"body": b""}, {"body": b"\xc1"}, {"body": pack({"id": "n1"})}, {"results": b"\xc1"}]
)
def test_what_cannot_be_read_has_a_stand_in_of_its_id_way_and_time(changed):
    taken = unpack_taken(stored(**changed))
    found = taken.notice
    assert not taken.readable
    assert (found.id, found.way, found.time, found.receivers) == ("n1", "webhook", 7, ())
    assert (taken.results, taken.attempt, taken.lane) == ({}, 2, "webhook:hooks.example.org")


@pytest.mark.parametrize("body", [b"", b"\xc1", pack([1])])
def test_results_that_cannot_be_read_are_none(body):
    assert unpack_results(body) == {}


def test_a_receipt_of_an_older_version_has_no_document_beside_it():
    body = pack({"notice_id": "n1", "action_ids": ["x1"], "way": "mail", "results": {}, "time": 7})
    receipt, document = unpack_receipt(body)
    assert (receipt.notice_id, receipt.action_ids, receipt.time, document) == ("n1", ("x1",), 7, None)
