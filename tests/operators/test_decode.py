"""Two ways to read an event, the quick typed one and the long one, agree."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from operators.decode import Refusal, Wire, _decode_untyped, decode
from operators.event import Event
from tests.replay.driver import event

texts = st.sampled_from(
    [
        "",
        "a",
        "HOST",
        "host",
        "RECOVERED",
        "closed",
        "log",
        "LOG",
        "os",
        "OS",
        "0",
        "7",
        "a" * 32,
        "g" * 32,
        "\u2028",
        "é",
    ]
)
numbers = st.one_of(
    st.integers(-5, 5),
    st.sampled_from([2**31, 2**63 - 1, 2**63, 2**64, 10**30, 1_700_000_000, 10**10]),
    st.floats(allow_nan=False, allow_infinity=False),
)
plain = st.one_of(texts, numbers, st.booleans(), st.none())
anything = st.recursive(
    plain, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)), max_leaves=6
)
tags = st.lists(
    st.fixed_dictionaries({"key": texts, "value": anything}, optional={"display_key": texts, "display_value": plain}),
    max_size=3,
)
origin = st.builds(
    lambda level: {
        "origin_alarm": {"data": {"values": {"extra_info": json.dumps({"alert_level_msg": {"alert_level": level}})}}}
    },
    plain,
)
VALUES = {
    **dict.fromkeys(Wire.__struct_fields__, st.one_of(plain, anything)),
    "kind": st.sampled_from(["event", None]), "tags": tags, "extra_info": st.one_of(origin, anything), "severity": numbers,
    "metric": st.lists(texts, max_size=2), "dedupe_keys": st.lists(texts, max_size=2), "strategy_id": st.sampled_from([0, 1, "0", "", "2", None]),
}  # fmt: skip
fields = st.sets(st.sampled_from(sorted(VALUES)), max_size=3).flatmap(
    lambda names: st.fixed_dictionaries({name: VALUES[name] for name in sorted(names)})
)


@settings(max_examples=400, deadline=None)
@given(fields)
def test_the_quick_way_agrees_with_the_long_way(changes):
    raw = json.dumps({**event(0), **changes}).encode()
    quick, long = decode(raw), _decode_untyped(raw)
    assert type(quick) is type(long)
    if isinstance(quick, Event):
        assert quick == long
    else:
        assert isinstance(quick, Refusal)
        assert isinstance(long, Refusal)
        assert quick.reason == long.reason
