"""A shield says what it covers."""

import pytest

from operators.rules.ask.coverage import covers, is_whole_business
from operators.rules.read.alone import read_alone
from operators.rules.shapes.model import Shield

END = {"id": "s", "bk_biz_id": 2, "end_time": 1700003600}
IP = {"key": "ip", "method": "eq", "value": ["10.0.0.1"]}
NOT = {"key": "level", "method": "neq", "value": [1], "condition": "or"}


def made(**fields: object) -> Shield:
    shield, errors = read_alone({**END, **fields}, Shield)
    assert shield is not None, errors
    return shield


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"category": "scope", "scope_type": "biz"}, "covers every alert of business 2"),
        ({"category": "dimension"}, "covers every alert of business 2"),
        ({}, "covers every alert of business 2"),
        ({"category": "dimension", "dimension_config": {"strategy_id": [1]}}, "covers every alert of business 2"),
        ({"dimension_config": {"strategy_id": [1, 2]}}, "covers alerts of business 2 where strategy_id is 1 or 2"),
        ({"category": "scope", "scope_type": "ip", "dimension_config": {"ip": [{"ip": "10.0.0.1"}]}}, "covers alerts of business 2 where ip is 10.0.0.1|0"),
        ({"category": "dimension", "dimension_config": {"dimension_conditions": [IP, NOT]}}, "covers alerts of business 2 where ip is 10.0.0.1 or level is not 1"),
    ],
)  # fmt: skip
def test_a_shield_says_what_it_covers_and_until_when(fields: dict, said: str):
    shield = made(**fields)
    assert covers(shield) == f"{said}, until 2023-11-14 23:13:20 UTC"
    assert is_whole_business(shield) == ("every alert" in said)
