"""The command, its inputs and its files (replay.md)."""

import gzip
import json
import os
import subprocess
import sys

import pytest
import zstandard
from click.testing import CliRunner

from flows.cli import main
from tests.flows.morning import RULES as MORNING
from tests.flows.morning import laid_out, lines
from tests.replay.driver import RULES, T0, command, delete, event, put, receipt, replay, strategy_event, tick
from tests.tree import ROOT

FILES = ["actions.jsonl", "alerts.jsonl", "dead_letters.jsonl", "events.jsonl", "logs.jsonl", "notices.jsonl", "signals.jsonl", "summary.json"]  # fmt: skip
LINES = [
    strategy_event(0),
    strategy_event(30),
    b"{",
    event(31),
    receipt(40, notice=0, results={}),
    strategy_event(50, "RECOVERED"),
]

KEYS = {
    "alerts": """id dedupe_md5 strategy_id bk_biz_id alert_name status severity event create_time update_time begin_time end_time
        latest_time first_anomaly_time duration labels dimensions next_status next_status_time is_blocked is_shielded shield_id
        shield_left_time is_handled handle_stage is_ack ack_operator is_ack_noticed ack_duration assignee appointee follower
        supervisor assign_tags event_count revision extra_info""",
    "logs": """id time alert_id dedupe_md5 op_type reason description event_id event_time severity status next_status
        next_status_time operator count""",
    "signals": "time alert_id strategy_id signal notice_type severity",
    "actions": """id time alert_ids strategy_id relation_id plugin_type signal notice_type execute_times status reason receivers
        followers""",
    "notices": "id time way receivers followed signal notice_type collect_type alert_ids action_ids title content",
    "dead_letters": "time source position reason detail raw",
    "events": "id dedupe_md5 at event_id plugin_id time status severity strategy_id alert_name target_type target tags",
}


def text(lines):
    return b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines) + b"\n"


@pytest.fixture
def rules(tmp_path):
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "rules.json").write_text(json.dumps(RULES))
    return folder


@pytest.fixture
def run(tmp_path, rules):
    """Run the command on inputs given as bytes by name; returns (exit code, stderr, files)."""

    def run(inputs, *options, stdin=None):
        names = []
        for name, content in inputs.items():
            (tmp_path / name).write_bytes(content)
            names += ["--input", str(tmp_path / name)]
        own = [] if "--rules" in options else ["--rules", str(rules)]
        arguments = ["replay", *own, *names, "--out", str(tmp_path / "out"), *options]
        done = CliRunner().invoke(main, arguments, input=stdin)
        out = tmp_path / "out"
        return (
            done.exit_code,
            done.stderr,
            {path.name: path.read_bytes() for path in out.iterdir()} if out.exists() else {},
        )

    return run


def test_the_command_writes_what_the_driver_says(run):
    code, said, files = run({"a.jsonl": text(LINES)}, "--until", str(T0 + 5000))
    assert (code, said) == (0, "")
    expected = dict(replay(RULES, LINES, 5000).bytes)
    letters = [json.loads(files.pop("dead_letters.jsonl"))]
    assert letters[0]["source"].endswith("a.jsonl")
    del expected["dead_letters.jsonl"]
    assert files == expected


@pytest.mark.parametrize(
    ("name", "pack"),
    [("a.jsonl", bytes), ("a.jsonl.gz", gzip.compress), ("a.jsonl.zst", zstandard.ZstdCompressor().compress)],
)
def test_inputs_may_be_packed(run, name, pack):
    assert run({name: pack(text(LINES[:2]))})[2]["alerts.jsonl"] == replay(RULES, LINES[:2]).bytes["alerts.jsonl"]


def test_several_inputs_are_read_one_after_the_other(run):
    _, _, files = run({"a.jsonl": text(LINES[:2]), "b.jsonl": text(LINES[2:])})
    assert files["logs.jsonl"] == replay(RULES, LINES).bytes["logs.jsonl"]
    assert json.loads(files["dead_letters.jsonl"])["position"] == "1"


def test_a_line_needs_no_end_and_blank_lines_do_not_count(run):
    _, _, files = run({"a.jsonl": b"\n\r\n" + text(LINES[:1]).rstrip() + b"\r\n   \n" + text(LINES[1:2]).rstrip()})
    assert files["alerts.jsonl"] == replay(RULES, LINES[:2]).bytes["alerts.jsonl"]
    assert files["dead_letters.jsonl"] == b""


def test_every_file_is_there_even_if_nothing_happened(run):
    code, _, files = run({"a.jsonl": b""})
    assert code == 0
    assert sorted(files) == FILES
    assert all(files[name] == b"" for name in FILES[:-1])


def test_lines_are_json_with_sorted_keys_and_no_blanks(run):
    _, _, files = run({"a.jsonl": text([*LINES, event(60, description="é\u2028")])})
    for name, content in files.items():
        assert content == b"" or content.endswith(b"\n")
        for line in content.splitlines():
            again = json.dumps(json.loads(line), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            assert line.decode() == again, name


@pytest.mark.parametrize("name", sorted(KEYS))
def test_an_entry_has_at_least_the_keys_of_the_contract(name):
    entries = getattr(replay(RULES, LINES, 9000), name)
    assert entries
    for entry in entries:
        missing = set(KEYS[name].split()) - entry.keys()
        assert missing <= {"target"}


def test_the_summary_has_the_counts_of_the_contract():
    counts = replay(RULES, LINES, 9000).summary
    assert set(counts) == {
        "events",
        "duplicates",
        "expired",
        "dropped",
        "dead_letters",
        "alerts",
        "signals",
        "actions",
        "notices",
        "jumps",
        "held",
        "until",
        "rules_version",
    }
    assert set(counts["alerts"]) == {"opened", "recovered", "closed", "abnormal"}


def test_the_summary_counts_what_the_files_hold():
    out = replay(RULES, [*LINES, strategy_event(0), event(32, time=T0 - 10**6)], 9000)
    counts = out.summary
    assert (counts["events"], counts["duplicates"], counts["expired"], counts["dead_letters"]) == (6, 1, 1, 1)
    assert counts["alerts"] == {"opened": 2, "recovered": 1, "closed": 1, "abnormal": 0}
    assert counts["signals"] == {"abnormal": 1, "recovered": 1}
    assert counts["actions"] == {"success": 2}
    assert counts["notices"] == {"mail": 2}
    assert counts["until"] == T0 + 9000


def test_the_archive_holds_each_event_once_and_nothing_that_was_dropped():
    lines = [
        event(0), event(0), event(1, severity=3), event(2, time=T0 - 10**6), event(3, target_type="TOPO", target="x"),
        event(4, "CLOSED"), event(5, "CLOSED"),
    ]  # fmt: skip
    assert [one["event_id"] for one in replay({}, lines).events] == ["e0", "e1", "e2", "e4", "e5"]


# --- exit codes


def test_rules_with_mistakes_are_told_one_a_line(run, rules):
    (rules / "bad.json").write_text(
        json.dumps({"strategies": [{"id": 1, "name": "twice"}, {"name": 5}], "colours": []})
    )
    code, said, files = run({"a.jsonl": text(LINES)})
    assert code == 1
    assert len(said.splitlines()) >= 3
    assert all(line.startswith(str(rules)) for line in said.splitlines())
    assert files == {}


@pytest.mark.parametrize("options", [["--rules", "/nowhere"], ["--input", "/nowhere"], ["--settings", "/nowhere"]])
def test_what_is_not_there_cannot_be_used(run, options):
    code, said, _ = run({"a.jsonl": text(LINES)}, *options)
    assert code == 1
    assert "/nowhere" in said
    assert "Traceback" not in said


def test_a_damaged_archive_cannot_be_used(run):
    assert run({"a.jsonl.gz": gzip.compress(text(LINES))[:-9]})[0] == 1


def test_a_setting_that_does_not_exist_cannot_be_used(run, tmp_path):
    (tmp_path / "s.yaml").write_text("quotas: 5\n")
    code, said, _ = run({"a.jsonl": b""}, "--settings", str(tmp_path / "s.yaml"))
    assert code == 1
    assert "quotas" in said


@pytest.mark.parametrize("arguments", [["replay"], ["replay", "--until", "soon"], ["replay", "--nonsense"]])
def test_wrong_usage_is_2(arguments):
    assert CliRunner().invoke(main, arguments).exit_code == 2


def test_settings_hold(run, tmp_path):
    (tmp_path / "s.yaml").write_text("timeout: 10\nquota: {alert: {threshold: 1}}\n")
    _, _, files = run({"a.jsonl": text([event(0), event(20)])}, "--settings", str(tmp_path / "s.yaml"))
    assert [json.loads(line)["status"] for line in files["alerts.jsonl"].splitlines()] == ["CLOSED", "ABNORMAL"]


# --- until


@pytest.mark.parametrize(("until", "at_end"), [(None, 50), (0, 50), (50, 50), (51, 51), (9000, 9000)])
def test_the_clock_never_runs_back(until, at_end):
    assert replay(RULES, LINES, until).summary["until"] == T0 + at_end


def test_what_is_due_at_until_is_done():
    assert replay({}, [event(0)], 3599).alert["status"] == "ABNORMAL"
    assert replay({}, [event(0)], 3600).alert["status"] == "CLOSED"


@pytest.mark.parametrize("until", [None, 0])
def test_what_is_due_at_the_last_line_is_done(until):
    """A window of no length: its summary comes in the second of its last member."""
    lines = [strategy_event(0, target=f"t{n}", event_id=f"e{n}") for n in range(3)]
    out = replay(RULES, lines, until, {"converge": {"delay": 0, "window": 60}})
    assert {one["time"] for one in out.notices} == {T0}


# --- rules lines


def test_rules_are_in_force_from_their_line_on():
    lines = [strategy_event(0), put(1, strategies=RULES["strategies"]), strategy_event(2)]
    out = replay({"user_groups": RULES["user_groups"]}, lines)
    assert [(alert["status"], alert["create_time"]) for alert in out.alerts] == [("ABNORMAL", T0 + 2)]
    assert out.summary["dropped"] == 1
    assert out.noticed("signal") == [(2, "mail", "alice", "abnormal")]


def test_a_document_is_replaced_as_a_whole():
    more = [{"id": "ops", "name": "Ops", "users": ["zoe"], "ways": ["sms"]}]
    out = replay(RULES, [put(0, user_groups=more), strategy_event(1)])
    assert out.noticed() == [(1, "sms", "zoe")]


def test_deletions_and_documents_of_one_line_apply_together():
    line = {
        **put(0, user_groups=[{"id": "new", "name": "N", "users": ["zoe"], "ways": ["mail"]}]),
        "delete": {"user_groups": ["ops"]},
    }
    line["put"]["strategies"] = [{"id": 1, "name": "CPU usage", "notice": {"user_groups": ["new"]}}]
    assert replay(RULES, [line, strategy_event(1)]).noticed() == [(1, "mail", "zoe")]


@pytest.mark.parametrize(
    "line",
    [
        put(0, strategies=[{"id": 1, "name": "CPU usage", "notice": {"user_groups": ["nobody"]}}]),
        put(0, strategies=[{"id": 2, "name": "fine"}, {"id": 3, "nonsense": 1}]),
        delete(0, user_groups=["ops"]),
        put(0, colours=[]),
        delete(0, colours=[1]),
    ],
)
def test_a_line_that_would_leave_the_book_invalid_applies_not_at_all(line):
    out = replay(RULES, [line, strategy_event(1, strategy_id=2), strategy_event(1)])
    assert out.refused() == [("1", "invalid_rules")]
    assert {alert["strategy_id"]: alert["status"] for alert in out.alerts} == {"1": "ABNORMAL"}
    assert out.summary["dropped"] == 1
    assert out.noticed() == [(1, "mail", "alice")]
    assert out.summary["rules_version"] == replay(RULES, []).summary["rules_version"]


def test_a_business_need_not_be_known():
    assert replay(RULES, [put(0, strategies=[{"id": 5, "name": "x", "bk_biz_id": 77}])]).dead_letters == []


def test_what_is_deleted_need_not_be_there():
    assert replay(RULES, [delete(0, strategies=[99], hosts=[5], topology=["module|1"])]).dead_letters == []


def test_hosts_go_by_host_id_and_topology_by_object_and_instance():
    nodes = [
        {"bk_obj_id": "set", "bk_inst_id": 26, "name": "s"},
        {"bk_obj_id": "module", "bk_inst_id": 28, "name": "web", "parent": "set|26"},
    ]
    host = {"bk_host_id": 1, "ip": "10.0.0.1", "bk_cloud_id": 0, "bk_biz_id": 2, "topo": ["module|28"]}
    lines = [
        put(0, topology=nodes, hosts=[host]),
        event(1),
        delete(2, hosts=[1]),
        event(3),
        delete(4, topology=["module|28", "set|26"]),
    ]
    out = replay({}, lines)
    assert out.dead_letters == []
    assert sorted(alert["bk_biz_id"] for alert in out.alerts) == [0, 2]


def test_a_rules_line_moves_the_clock():
    assert replay(RULES, [event(0), put(3700, strategies=[])]).alerts[0]["status"] == "CLOSED"


def test_the_version_names_the_rules_in_force_at_the_end():
    before, after = replay(RULES, []), replay(RULES, [put(0, strategies=[{"id": 9, "name": "nine"}])])
    back = replay(RULES, [put(0, strategies=[{"id": 9, "name": "nine"}]), delete(1, strategies=[9])])
    versions = [one.summary["rules_version"] for one in (before, after, back)]
    assert versions[0] != versions[1]
    assert versions[0] == versions[2]


# --- order of time


def test_timers_fire_before_a_record_of_their_second():
    out = replay({}, [event(0), event(3600, target="other"), event(3600)])
    assert [row[1] for row in out.story()] == ["CREATE", "SYSTEM_CLOSE", "CREATE", "CREATE"]


def test_timers_fire_at_their_own_time_however_far_the_clock_jumps():
    out = replay({}, [event(0), event(10, target="b"), tick(10**6)])
    assert [entry["time"] - T0 for entry in out.told("SYSTEM_CLOSE")] == [3600, 3610]
    assert [alert["end_time"] - T0 for alert in out.alerts] == [3600, 3610]


def test_a_command_without_at_arrives_with_the_line_before():
    md5 = replay({}, [event(0)]).alert["dedupe_md5"]
    line = {key: value for key, value in command(0, "close", dedupe_md5=md5).items() if key != "at"}
    assert replay({}, [event(0), tick(77), line]).alert["end_time"] == T0 + 77


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_the_bytes_do_not_depend_on_the_order_of_hashes(tmp_path, seed):
    out = tmp_path / "out"
    rules, events = laid_out(tmp_path, lines(400, seed=2))
    arguments = ["replay", "--rules", rules, "--input", events, "--out", out, "--until", T0 + 5000]
    command_line = [sys.executable, "-c", "from flows.cli import main; main()", *map(str, arguments)]
    subprocess.run(command_line, check=True, env={**os.environ, "PYTHONHASHSEED": seed}, cwd=ROOT)
    expected = replay(MORNING, lines(400, seed=2), 5000).bytes
    for name in FILES:
        if name != "dead_letters.jsonl":  # they name the input
            assert (out / name).read_bytes() == expected[name], name
