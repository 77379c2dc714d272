"""Every format: whatever the bytes, nothing is raised; senders that resolve their alerts are never timed out."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.settings.sections import Format
from operators.intake.decode import Refusal, decode
from operators.intake.formats.table import FORMATS
from tests.operators.intake.formats.test_alertmanager import LABELS
from tests.operators.intake.formats.test_pagerduty import sent
from tests.operators.intake.formats.test_zabbix import TOLD
from tests.replay.driver import T0, replay

JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(
        ["alerts", "labels", "data", "data_id", "event_name", "payload", "id", "source", "type", "specversion", "name", "event_id"]
    ), inner, max_size=4)),
    max_leaves=8,
)  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
@given(st.one_of(st.binary(max_size=40), JSON.map(lambda value: json.dumps(value).encode())))
def test_whatever_comes_nothing_is_raised_and_what_is_made_can_be_read(name, body):
    out = FORMATS[name].read(body, T0)
    assert not any(isinstance(decode(line), Refusal) for line in out.events)


def test_settings_know_every_format():
    assert set(get_args(Format)) == set(FORMATS)


FIRING = {
    "alertmanager": {"alerts": [{"status": "firing", "labels": LABELS, "startsAt": "2023-11-14T22:13:20Z", "endsAt": "0001-01-01T00:00:00Z"}]},
    "grafana": {"alerts": [{"status": "firing", "labels": LABELS, "startsAt": "2023-11-14T22:13:20Z"}]},
    "pagerduty": sent(),
    "zabbix": TOLD,
}  # fmt: skip


@pytest.mark.parametrize("name", FIRING)
@pytest.mark.parametrize(
    ("settings", "status"), [({}, "ABNORMAL"), ({"timeout": 60}, "ABNORMAL"), ({"plugins": "own"}, "CLOSED")]
)
def test_alerts_of_senders_that_resolve_them_do_not_time_out_unless_asked(name, settings, status):
    assert FORMATS[name].resolves
    if settings.get("plugins"):
        settings = {"plugins": {name: {"timeout": 600}}}
    (event,) = FORMATS[name].read(json.dumps(FIRING[name]).encode(), T0).events
    assert replay({}, [event], settings=settings, until=10**6).alert["status"] == status
