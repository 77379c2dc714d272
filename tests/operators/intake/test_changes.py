"""What the stream changed of the rules lies over whatever book is in force below."""

from operators.intake.changes import Changes
from tests.operators.rules.books import book_of

OPS = {"id": "ops", "name": "Ops", "users": ["alice"]}
TOLD = {"id": 1, "name": "cpu", "notice": {"user_groups": ["ops"]}}


def laid(book, *given):
    changes = Changes()
    for put, delete in given:
        changes.remember(put, delete)
    return Changes(changes.documents).over(book, None)


def test_the_last_word_on_each_id_counts():
    over = laid(
        book_of(user_groups=[OPS], strategies=[TOLD]),
        ({"user_groups": [{**OPS, "name": "a"}]}, {}),
        ({"user_groups": [{**OPS, "name": "b"}]}, {"strategies": [1]}),
    )
    assert (over.user_groups["ops"].name, over.strategies) == ("b", {})


def test_what_was_put_and_then_deleted_is_gone():
    assert laid(book_of(), ({"user_groups": [OPS]}, {}), ({}, {"user_groups": ["ops"]})).user_groups == {}


def test_a_document_that_no_longer_fits_the_rules_below_is_left_out():
    changes = ({"strategies": [TOLD, {"id": 2, "name": "disk"}]}, {})
    assert laid(book_of(user_groups=[OPS]), changes).strategies.keys() == {"1", "2"}
    assert laid(book_of(), changes).strategies.keys() == {"2"}


def test_without_changes_the_book_stays_as_it_is():
    book = book_of(user_groups=[OPS])
    assert Changes().over(book, None) is book
