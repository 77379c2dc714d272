"""A swap puts somebody in another's place for its time, and changes nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from operators.people.groups import people_now
from operators.people.roles import situation_in
from operators.people.swap import SwapError, swap
from operators.rules.read.alone import read_alone
from operators.rules.shapes.model import Duty
from tests.operators.people.test_oncall import on_rota
from tests.operators.people.world import NOON, SETTINGS, book, group, rota

HOUR = 3600
ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu")
ROTAS = (
    rota("d", "alice", "bob", hours="09:00--18:00"),
    rota("d", "alice", "bob carol"),
    rota("d", "alice carol", "bob", hours="20:00--08:00"),
)


def swapped(rules, found):
    """The book with a swap in it."""
    duty, errors = read_alone(found.duty, Duty)
    assert errors == []
    ops = replace(rules.user_groups["ops"], duty_rules=found.duty_rules)
    return replace(rules, duties={**rules.duties, duty.id: duty}, user_groups={**rules.user_groups, "ops": ops})


def people(rules, at):
    return people_now(rules.user_groups["ops"], situation_in(rules, SETTINGS, "0", at))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ROTAS), st.sampled_from(ZONES), st.integers(0, 200), st.integers(1, 100),
    st.lists(st.integers(-50 * HOUR, 350 * HOUR), min_size=20, max_size=40),
)  # fmt: skip
def test_whom_it_replaces_is_replaced_then_and_nobody_else_at_no_other_time(rotation, zone, begin, hours, looks):
    rules = on_rota(rotation, timezone=zone)
    since = NOON + begin * HOUR
    until = since + hours * HOUR
    try:
        found = swap(rules.user_groups["ops"], rules, SETTINGS, "alice", "dora", since, until, "swap")
    except SwapError:
        assert not any("alice" in people(rules, at) for at in range(since, until, HOUR))
        return
    after = swapped(rules, found)
    for at in (*(NOON + look for look in looks), since - 1, since, until - 1, until):
        before = people(rules, at)
        expected = [("dora" if one == "alice" else one) for one in before] if since <= at < until else before
        assert people(after, at) == expected


@pytest.mark.parametrize(
    ("rules", "whom", "reason"),
    [
        (book(group("ops", "alice")), "alice", "has no rotation"),
        (on_rota(ROTAS[1], hit_first_duty=False), "alice", "takes all its duties together"),
        (on_rota(ROTAS[1]), "nobody", "nobody is not on duty"),
    ],
)
def test_what_a_duty_cannot_say_is_refused(rules, whom, reason):
    with pytest.raises(SwapError, match=reason):
        swap(rules.user_groups["ops"], rules, SETTINGS, whom, "dora", NOON, NOON + 9 * HOUR, "swap")
