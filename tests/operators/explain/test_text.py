"""Every reason has a sentence, and the page of reasons is made from them."""

import pytest

from operators.explain.text import DEAD_TEXT, DROP_TEXT, OP_TEXT, REASON_TEXT, reasons_page
from operators.model.reason import DeadReason, DropReason, OpType, Reason
from tests.tree import DOCS

PAGE = DOCS / "reasons.md"


@pytest.mark.parametrize(
    ("members", "texts"), [(Reason, REASON_TEXT), (OpType, OP_TEXT), (DeadReason, DEAD_TEXT), (DropReason, DROP_TEXT)]
)
def test_every_member_of_a_closed_list_has_a_text_of_its_own(members, texts):
    assert set(texts) == set(members)
    assert len(set(texts.values())) == len(members)


@pytest.mark.parametrize("text", [*REASON_TEXT.values(), *DEAD_TEXT.values(), *DROP_TEXT.values()])
def test_a_reason_is_a_sentence_that_fits_a_table(text):
    assert text.endswith(".")
    assert "|" not in text


def test_the_page_of_reasons_is_made_from_the_texts():
    assert PAGE.read_text(encoding="utf-8") == reasons_page(), (
        "write it again: python -c 'from operators.explain.text import reasons_page; print(reasons_page(), end=\"\")' > docs/reasons.md"
    )
