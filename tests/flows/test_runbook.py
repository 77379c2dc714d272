"""The runbook names only what is there."""

import re

import pytest

from flows.cli.main import COMMANDS
from flows.telemetry.logs import LINES
from flows.telemetry.metrics import METRICS
from operators.model.reason import DeadReason, OpType, Reason
from tests.tree import DOCS

TEXT = (DOCS / "runbook.md").read_text(encoding="utf-8")
QUOTED = re.findall(r"`([^`\n]+)`", TEXT)


def test_it_names_only_metrics_that_are_in_the_list():
    named = {re.split(r"[{ ]", one)[0] for one in QUOTED if one.startswith(("tocsin_", "alert_", "action_"))}
    assert named <= {metric.series for metric in METRICS}
    assert len(named) > 20


def test_it_names_every_metric_by_which_trouble_shows():
    silent = {"tocsin_slots", "tocsin_states", "tocsin_open_alerts", "tocsin_batch_seconds", "tocsin_alerts_total"}
    silent |= {"tocsin_events_total", "tocsin_notices_total", "tocsin_rules_loads_total"}
    silent |= {
        "alert_manage_push_data_count_total",
        "action_create_process_time",
        "alertmanager_build_info",
        "tocsin_build_info",
    }
    assert [metric.series for metric in METRICS if metric.series not in TEXT and metric.series not in silent] == []


def test_it_names_only_commands_that_there_are():
    assert {one.split()[1] for one in re.findall(r"tocsin [a-z]+", TEXT)} <= COMMANDS.keys()


@pytest.mark.parametrize("line", LINES)
def test_it_names_the_lines_of_the_reference(line: str):
    assert line.split("]", maxsplit=1)[0].split(" action ", maxsplit=1)[0] in TEXT


def test_it_names_only_labels_that_there_are():
    reasons = {*Reason, *DeadReason}
    assert set(re.findall(r'reason="(\w+)"', TEXT)) <= reasons
    assert set(re.findall(r'op_type="(\w+)"', TEXT)) <= set(OpType)


@pytest.mark.parametrize("page", ["runbook.md", "rule-sources.md"])
def test_links_lead_somewhere(page: str):
    targets = re.findall(r"\]\(([\w-]+\.md)\)", (DOCS / page).read_text(encoding="utf-8"))
    assert targets
    assert [target for target in targets if not (DOCS / target).exists()] == []
