"""Laws of what differs: seen from either side it is the same, and no message is counted twice."""

from hypothesis import given
from hypothesis import strategies as st

from operators.compare.cause import Kind, between
from tests.operators.compare.seen import alert, entry, life, notice

notices = st.lists(
    st.builds(lambda people, way: notice(*people, way=way), st.lists(st.sampled_from("abc"), min_size=1, max_size=2), st.sampled_from(["mail", "sms"])),
    max_size=4,
)  # fmt: skip
entries = st.lists(
    st.builds(entry, st.sampled_from(["ACTION", "CREATE", "SHIELD"]), st.sampled_from(["nobody", "merged", "planned"])),
    max_size=3,
)
lives = st.builds(
    lambda told, end, severity: life(*told, of=alert(1, end, severity=severity)),
    st.tuples(notices, entries).map(lambda both: both[0] + both[1]),
    st.sampled_from([None, 5, 9]),
    st.sampled_from([1, 2]),
)
MIRRORED = {Kind.TOLD_MORE: Kind.TOLD_FEWER, Kind.TOLD_FEWER: Kind.TOLD_MORE}


@given(lives)
def test_a_life_does_not_differ_from_itself(one):
    assert between(one, one) == []


@given(lives, lives)
def test_seen_from_the_other_side_more_is_fewer_and_nothing_else_changes(one, other):
    there, back = between(one, other), between(other, one)
    assert [MIRRORED.get(x.cause.kind, x.cause.kind) for x in there] == [x.cause.kind for x in back]
    assert [x.messages for x in there] == [x.messages for x in back]


@given(lives, lives)
def test_messages_of_a_difference_are_those_that_one_side_lacks(one, other):
    mine, theirs = one.told(), other.told()
    same = sum(min(mine[cell], theirs[cell]) for cell in mine)
    assert sum(x.messages for x in between(one, other)) == mine.total() + theirs.total() - 2 * same
