"""What would become of a refused record now is what the intake would decide, under the rules in force."""

import json

import pytest

from operators.intake.again import again
from operators.intake.poll import OURS, Raw
from operators.model.settings import CoreSettings
from tests.operators.rules.books import book_of

NOW = 1763900000
EVENT = {"event_id": "e", "plugin_id": "p", "alert_name": "Disk full", "severity": 1, "time": NOW, "target": "web-1"}
STRICT = CoreSettings()


def told(body, kind="event", at=NOW, form=OURS, **rules):
    raw = Raw(at, "in.jsonl", "1", body if isinstance(body, bytes) else json.dumps(body).encode(), kind, NOW, form)
    found = again(raw, book_of(**rules), STRICT)
    return found.outcome, found.reason


@pytest.mark.parametrize(
    ("body", "kind", "outcome"),
    [
        (EVENT, "event", ("accepted", "")),
        (EVENT | {"target": {}}, "event", ("refused", "wrong_type")),
        (b"{torn", "event", ("refused", "not_json")),
        ({"kind": "command", "command": "ack", "alert_id": "a"}, "command", ("accepted", "")),
        ({"kind": "command", "command": "dance", "alert_id": "a"}, "command", ("refused", "unknown_command")),
        ({"kind": "command", "command": "ack", "alert_id": "a"}, "event", ("refused", "foreign_kind")),
    ],
)
def test_a_record_is_judged_by_its_bytes_and_the_kind_of_its_source(body, kind, outcome):
    assert told(body, kind) == outcome


def test_a_rule_that_has_come_since_lets_a_record_through():
    body = {"what": "Disk full"}
    assert told(body, form="json:ours") == ("refused", "invalid_rules")
    source = {"id": "ours", "event": {"alert_name": "what"}}
    assert told(body, form="json:ours", sources=[source]) == ("accepted", "")


def test_a_change_of_rules_is_laid_over_those_in_force():
    change = {"kind": "rules", "put": {"shields": [{"id": "s", "category": "nonsense"}]}}
    assert told(change, "command") == ("refused", "invalid_rules")


def test_what_came_from_the_future_is_accepted_once_its_time_has_come():
    assert told(EVENT | {"at": NOW + 9999}, at=None) == ("refused", "from_the_future")
    assert told(EVENT | {"at": NOW - 1}, at=None) == ("accepted", "")
