"""`tocsin silence` on a job: a preview, an id, a longer silence, its end."""

import json
import re
import time

import pytest
from click.testing import CliRunner

from flows.cli import effect
from flows.cli.main import main
from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
from tests.flows.cli.answers import items
from tests.flows.cli.test_effect import PATIENCE, job, said  # noqa: F401 - a fixture
from tests.sinks.store.samples import alert


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    monkeypatch.setattr(effect, "PATIENCE", PATIENCE)


def silences(data, *more):
    return {
        one["id"]: one for one in items("\n".join(said("silence", "list", "--json", "--data", str(data), *more)[1]))
    }


def test_a_silence_is_previewed_set_extended_and_ended(job):  # noqa: F811
    data, ids = job
    told = ("--data", str(data), "--operator", "alice")
    code, lines = said("silence", "--target", "h3", "--for", "2h", "-m", "new disk", *told)
    assert code == 0
    assert lines[0].startswith("covers 1 open alert now")
    assert lines[1] == f"  {ids['h3']}  CPU on h3"
    name = re.fullmatch(r"silence (silence-[0-9a-f]{6}) set; .*", lines[-1])[1]
    one = silences(data)[name]
    assert (one["state"], one["who"], one["why"], one["alerts"]) == ("holds", "alice", "new disk", 1)
    assert said("silence", "extend", name[:12], "--for", "1h", *told)[0] == 0
    assert silences(data)[name]["until"] == one["until"] + 3600
    assert said("silence", "end", name, *told) == (0, [f"silence {name} ended"])
    assert name not in silences(data)
    assert silences(data, "--all")[name]["state"] == "over"
    assert said("silence", "end", name, *told) == (1, [f"silence {name} is over: set another one"])
    assert said("silence", "end", "nothing", *told) == (1, ["no silence nothing was set by command"])


def test_a_silence_of_an_alert_is_over_with_it(job):  # noqa: F811
    data, ids = job
    told = ("--data", str(data), "--operator", "alice")
    assert said("silence", ids["h6"], "--while-open", "-m", "known", *told)[0] == 0
    (name,) = [name for name, one in silences(data).items() if one["why"] == "known"]
    assert said("close", ids["h6"], *told)[0] == 0
    assert name not in silences(data)


def test_a_dry_run_sets_nothing(job):  # noqa: F811
    data, _ = job
    before = silences(data)
    code, lines = said("silence", "--match", "alertname=CPU", "-m", "why", "--dry-run", "--data", str(data))
    assert (code, lines[0].startswith("covers ")) == (0, True)
    assert silences(data) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("-m", "why"),
        ("h3", "--target", "h3", "-m", "why"),
        ("--target", "h3"),
        ("--target", "h3", "--for", "soon", "-m", "why"),
        ("--target", "h3", "--until", "1970-01-02", "-m", "why"),
        ("--target", "h3", "--for", "1h", "--until", "09:00", "-m", "why"),
        ("--target", "h3", "--while-open", "-m", "why"),
        ("--match", "nothing", "-m", "why"),
    ],
)
def test_what_makes_no_sense_is_wrong_usage(job, arguments):  # noqa: F811
    assert said("silence", *arguments, "--data", str(job[0]))[0] == 2


def test_so_many_must_be_meant(tmp_path):
    store = SqliteStore(tmp_path / "tocsin.sqlite3")
    store.write(Batch(alerts=[alert(number) for number in range(100)]))
    store.close()
    code, lines = said("silence", "--name", "CPU usage", "-m", "why", "--data", str(tmp_path))
    assert (code, lines[-1]) == (1, "not set; say --yes if these 100 alerts are meant")
    assert not (tmp_path / "commands.jsonl").exists()


def test_a_silence_over_several_businesses_is_one_shield_each(tmp_path):
    store = SqliteStore(tmp_path / "tocsin.sqlite3")
    store.write(Batch(alerts=[alert(1), alert(2, bk_biz_id=3)]))
    store.close()
    wanted = ("silence", "--name", alert(1).alert_name, "-m", "why", "--no-wait", "--data", str(tmp_path))
    assert CliRunner().invoke(main, wanted).exit_code == 0
    shields = [json.loads(line)["shield"] for line in (tmp_path / "commands.jsonl").read_text().splitlines()]
    assert sorted(str(one["bk_biz_id"]) for one in shields) == ["2", "3"]
    assert all(one["end_time"] > time.time() for one in shields)


def test_where_no_open_alert_says_in_which_business_it_is_set_in_each_that_is_known(tmp_path):
    store = SqliteStore(tmp_path / "tocsin.sqlite3")
    store.write(Batch(alerts=[alert(1)]))
    store.close()
    (tmp_path / "rules.json").write_text(json.dumps({"businesses": [{"id": 7, "name": "shop"}]}))
    rules = ("--rules", str(tmp_path / "rules.json"))
    wanted = (
        "silence",
        "--target",
        "10.9.9.9",
        "-m",
        "tomorrow",
        "--dry-run",
        "--json",
        "--data",
        str(tmp_path),
        *rules,
    )
    assert [one["shield"]["bk_biz_id"] for one in items(CliRunner().invoke(main, wanted).stdout)] == ["0", "2", "7"]
    (tmp_path / "rules.json").write_text(json.dumps({"hosts": [{"bk_host_id": 1, "ip": "10.9.9.9", "bk_biz_id": 3}]}))
    assert [one["shield"]["bk_biz_id"] for one in items(CliRunner().invoke(main, wanted).stdout)] == ["3"]
