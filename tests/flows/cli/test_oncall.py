"""`tocsin oncall --weeks`: the coming turns, as people read them and as programs do."""

import json

import pytest
from click.testing import CliRunner

from flows.cli.main import main
from tests.flows.cli.answers import items

RULES = {
    "user_groups": [
        {
            "id": "ops", "name": "Operations", "need_duty": True, "duty_rules": ["week"],
            "alert_notice": [{"time_range": "08:00--19:59", "notify_config": [
                {"level": level, "notice_ways": [{"name": "mail"}]} for level in (1, 2)
            ]}],
        },
        {"id": "web", "name": "Web", "users": ["erin"], "ways": ["mail"]},
    ],
    "duties": [
        {
            "id": "week", "category": "handoff", "effective_time": "2026-01-05 00:00:00", "handoff_time": "09:00",
            "end_time": "2026-01-20 00:00:00",
            "duty_arranges": [{"duty_time": [{"work_type": "weekly"}], "duty_users": [["alice"], ["bob"]]}],
        }
    ],
    "strategies": [{"id": 1, "name": "CPU", "notice": {"user_groups": ["ops", "web"]}}],
}  # fmt: skip


@pytest.fixture
def oncall(tmp_path):
    (tmp_path / "rules.yaml").write_text(json.dumps(RULES))
    options = ["oncall", "--rules", str(tmp_path), "--at", "2026-01-06T12:00:00+00:00"]
    return lambda *more: CliRunner(env={"COLUMNS": "120"}).invoke(main, [*options, *more], catch_exceptions=False)


def test_every_turn_of_some_weeks_is_shown_and_gaps_are_named(oncall):
    done = oncall("--weeks", "3")
    assert done.exit_code == 0
    assert [" ".join(line.split()) for line in done.output.splitlines()] == [
        "group from until on duty",
        "Operations 2026-01-06 12:00:00+00:00 2026-01-12 09:00:00+00:00 alice",
        "Operations 2026-01-12 09:00:00+00:00 2026-01-19 09:00:00+00:00 bob",
        "Operations 2026-01-19 09:00:00+00:00 2026-01-20 00:00:00+00:00 alice",
        "Operations 2026-01-20 00:00:00+00:00 nobody is on duty",
        "Operations daily 00:00 daily 07:59 nobody is reached",
        "Operations daily 08:00 daily 19:59 nobody is reached for remind",
        "Operations daily 20:00 daily 23:59 nobody is reached",
        "Web 2026-01-06 12:00:00+00:00 erin",
    ]


def test_programs_read_the_same(oncall):
    (found,) = items(oncall("ops", "--weeks", "1", "--json").stdout)
    assert found["group_id"] == "ops"
    assert [one["people"] for one in found["turns"]] == [["alice"], ["bob"]]
    assert found["turns"][1]["until"] is None


@pytest.mark.parametrize("weeks", ["0", "53", "x"])
def test_a_number_of_weeks_that_is_none_is_refused(oncall, weeks):
    assert oncall("--weeks", weeks).exit_code == 2
