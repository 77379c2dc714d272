"""Event sets with an oracle that knows nothing of the product; they stand beside the repository, where they are at hand."""

import importlib.util
import json

import pytest

from tests.replay.driver import finished, lines_of, replay_of
from tests.tree import SHARED

DATA = SHARED / "data"

pytestmark = pytest.mark.skipif(not DATA.exists(), reason="the event sets are not part of the repository")


def module(name):
    spec = importlib.util.spec_from_file_location(name, DATA / f"{name}.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def run(events, until=None):
    driver = replay_of({})
    for line in lines_of(events):
        driver.fold(line)
    return finished(driver, until)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [7, 8, 9])
def test_the_counts_of_the_event_set_are_those_of_a_naive_model(seed):
    eventset = module("eventset")
    events = list(eventset.make(20_000, 2_000, seed))
    expected = eventset.expected(events)
    out = run(events)
    assert out.summary["alerts"] == expected["alerts"]
    assert (out.summary["events"], out.summary["duplicates"], out.summary["dead_letters"]) == (expected["events"], 0, 0)
    assert sum(entry["count"] for entry in out.told("EVENT_DROP")) == expected["milder"]


@pytest.mark.slow
@pytest.mark.parametrize("scenario", ["shaw", "russellmitchell"])
def test_alerts_of_real_intrusion_detectors_end_by_time_alone(scenario):
    ait = module("ait")
    table = ait.rows(str(DATA / "ait" / f"{scenario}.csv.gz"))
    expected = ait.expected(table)
    out = run([ait.event(*row) for row in table])
    assert out.summary["alerts"] == expected["alerts"]
    assert out.summary["events"] == expected["events"]
    assert len({json.dumps(alert["dedupe_md5"]) for alert in out.alerts}) == expected["fingerprints"]
