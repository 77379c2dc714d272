"""The state machine is a table, and the table is sound."""

from operators.model.alert import ABNORMAL, ENDED
from operators.model.moves import MOVES
from operators.model.reason import OpType
from tests.tree import DOCS

PAGE = DOCS / "lifecycle.md"


def test_only_an_opening_starts_from_nothing():
    assert [move.op_type for move in MOVES.values() if move.source is None] == [OpType.CREATE]


def test_nothing_leaves_an_end():
    assert not [reason for reason, move in MOVES.items() if move.source in ENDED]


def test_every_move_leads_to_a_status():
    assert {move.target for move in MOVES.values()} == {ABNORMAL, *ENDED}


def test_the_op_type_of_an_end_says_which_end_it_is():
    for move in MOVES.values():
        if move.op_type in (OpType.RECOVER, OpType.SYSTEM_RECOVER):
            assert move.target == "RECOVERED"
        if move.op_type in (OpType.CLOSE, OpType.SYSTEM_CLOSE, OpType.ALERT_QOS):
            assert move.target == "CLOSED"
    ends = {move.op_type for move in MOVES.values() if move.target in ENDED}
    assert not ends & {move.op_type for move in MOVES.values() if move.target == ABNORMAL}


def test_the_page_shows_every_move():
    text = PAGE.read_text(encoding="utf-8")
    for reason, move in MOVES.items():
        assert f"| `{reason}` | {move.source or '-'} | {move.target} | {move.op_type} |" in text
