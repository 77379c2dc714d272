"""What the address of the page Now asks for, and what it cannot ask for."""

import pytest
from starlette.requests import Request

from flows.console.board import FOLDS, SORTS, Wish
from flows.console.reading import LAST_PAGE, wish_of
from flows.gateway.service import AnswerError


def wish(query):
    return wish_of(
        Request({"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": []})
    )


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("", Wish()),
        ("q=%20disk%20full%20", Wish(q="disk full")),
        ("page=7&after=abc", Wish(page=7, after="abc")),
        (f"page={LAST_PAGE}", Wish(page=LAST_PAGE)),
        ("page=007", Wish(page=7)),
        ("sort=newest&fold=target", Wish(sort="newest", fold="target")),
        ("narrow=yes", Wish(narrow="yes")),
        ("narrow=1", Wish(narrow="yes")),
        ("narrow=", Wish()),
        ("colour=red", Wish()),
    ],
)
def test_an_address_is_read_as_a_wish(query, asked):
    assert wish(query) == asked


@pytest.mark.parametrize(
    "page",
    ["", "0", "-1", "1.5", "two", str(LAST_PAGE + 1), "9" * 5000, "0" * 8 + "1" + "9" * 30, "\u0661", "+1", "1%20"],
    ids=["empty", "nought", "minus", "a-fraction", "a-word", "one-more", "endless", "behind-noughts", "arabic", "plus", "blank"],
)  # fmt: skip
def test_a_page_that_is_none_is_refused(page):
    with pytest.raises(AnswerError, match=f"page: expected a number from 1 to {LAST_PAGE}") as told:
        wish(f"page={page}")
    assert told.value.status == 400


@pytest.mark.parametrize("query", ["sort=oldest", "sort=", "fold=person", "sort=newest&fold=all"])
def test_an_order_or_a_fold_that_is_none_is_refused_with_those_there_are(query):
    with pytest.raises(AnswerError) as told:
        wish(query)
    assert told.value.status == 400
    assert all(one in str(told.value) for one in (*SORTS, *FOLDS))


def test_the_address_of_a_wish_asks_for_it_again():
    asked = Wish(q='name:"a, b" severity:1,2', sort="events", fold="strategy", narrow="yes")
    assert wish(asked.address().partition("?")[2]) == asked
