"""`tocsin settings` and `tocsin setup`: one list of all settings, held against the code and the page."""

import json
import os
import re

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from flows.cli.main import main
from flows.settings.meanings import MEANINGS
from flows.settings.page import document, schema, settings_there_are
from flows.settings.settings import Settings, load_settings
from tests.flows.cli.answers import items
from tests.tree import DOCS


@pytest.fixture
def tocsin(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("TOCSIN")]:
        monkeypatch.delenv(name)  # of whoever runs the tests

    def run(*words, **variables):
        return CliRunner(env=variables).invoke(main, words, catch_exceptions=False)

    return run


def test_the_page_is_made_of_the_code():
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == document(), "run python -m flows.settings.page"


def test_every_setting_says_what_it_means_and_nothing_else_does():
    paths = {one.path for one in settings_there_are()}
    assert [one.path for one in settings_there_are() if len(one.meaning) < 10] == []
    assert MEANINGS.keys() <= paths
    assert len(paths) > 60


@pytest.mark.parametrize("one", settings_there_are(), ids=lambda one: one.path)
def test_the_variable_of_a_setting_sets_it(one):
    text = one.default if isinstance(one.default, str) else json.dumps(one.default)
    assert load_settings(None, {one.variable: json.dumps(text) if isinstance(one.default, str) else text}) == Settings()


def test_the_schema_takes_what_the_program_takes():
    made = schema()
    assert (
        list(
            Draft202012Validator(made).iter_errors(
                {"quota": {"alert": {"threshold": 5}}, "kafka": {"topics": {"t": {}}}}
            )
        )
        == []
    )
    assert list(Draft202012Validator(made).iter_errors({"metrics": {"port": 70000}})) != []
    assert list(Draft202012Validator(made).iter_errors({"metrics": {"prot": 1}})) != []


def test_the_schema_describes_each_setting():
    shapes = schema()["$defs"]
    found = {f"{name}.{key}": part for name, one in shapes.items() for key, part in one.get("properties", {}).items()}
    assert [name for name, part in found.items() if not part.get("description")] == []


def test_a_file_is_checked(tocsin, tmp_path):
    (tmp_path / "good.yaml").write_text("quota: {alert: {threshold: 5}}")
    (tmp_path / "bad.yaml").write_text("quota: {alert: {treshold: 5}}")
    assert tocsin("settings", "--check", "good.yaml").output == "good.yaml: well\n"
    said = tocsin("settings", "--check", "bad.yaml")
    assert said.exit_code == 1
    assert said.output.startswith("bad.yaml: quota.alert.treshold: unknown setting")
    assert tocsin("settings", "--check", "none.yaml").exit_code == 1


def test_each_value_says_where_it_comes_from_and_secrets_are_hidden(tocsin, tmp_path):
    (tmp_path / "t.yaml").write_text("time_zone: Asia/Tokyo\nstore: {dsn: 'http://u:geheim123@h:9200'}")
    said = tocsin(
        "settings", "--effective", "--settings", "t.yaml",
        TOCSIN__BATCH="7", MESSAGE_QUEUE_DSN="redis://:verborgen@r:6379/0/k",
    ).output  # fmt: skip
    rows = {line.split()[0]: line.split()[1:] for line in said.splitlines()}
    assert rows["time_zone"] == ["Asia/Tokyo", "t.yaml"]
    assert rows["batch"] == ["7", "TOCSIN__BATCH"]
    assert rows["outbox.dsn"][-1] == "MESSAGE_QUEUE_DSN"
    assert rows["recovery.interval"] == ["10.0", "default"]
    assert "geheim123" not in said
    assert "verborgen" not in said


def test_without_options_every_setting_is_shown(tocsin):
    said = tocsin("settings").output
    assert all(re.search(rf"^{re.escape(one.path)}\b", said, re.MULTILINE) for one in settings_there_are())


def test_what_kafka_needs_is_printed_for_its_own_tool(tocsin, tmp_path):
    (tmp_path / "t.yaml").write_text("kafka: {brokers: 'k:9092', topics: {raw: {}}, changes: alerts, replication: 3}")
    said = tocsin("setup", "kafka", "--settings", "t.yaml", "--print").output.splitlines()
    assert said == [
        "kafka-topics.sh --bootstrap-server k:9092 --create --if-not-exists --topic raw --partitions 16 --replication-factor 3",
        "kafka-topics.sh --bootstrap-server k:9092 --create --if-not-exists --topic alerts --partitions 16 --replication-factor 3 --config cleanup.policy=compact",
    ]
    assert tocsin("setup", "kafka").output == "kafka: no topic is named\n"


def test_the_templates_of_the_store_are_printed(tocsin):
    said = tocsin("setup", "store", "--print", TOCSIN__STORE__DSN="http://h:9200?prefix=x_")
    assert "x_alert" in json.loads(said.output)
    assert tocsin("setup", "store", "--print").output == "the store is a SQLite file: it has no templates\n"


@pytest.mark.servers
def test_topics_and_templates_are_made_once(tocsin, topics, elasticsearch_dsn, tmp_path):
    name = f"{topics.prefix}-made"
    variables = {
        "TOCSIN__KAFKA__BROKERS": topics.address, "TOCSIN__KAFKA__TOPICS": f"{{{name}: {{}}}}",
        "TOCSIN__KAFKA__PARTITIONS": "4", "TOCSIN__STORE__DSN": elasticsearch_dsn,
    }  # fmt: skip
    for _ in range(2):
        assert f"{name}: 4 partitions" in tocsin("setup", "kafka", **variables).output
        assert tocsin("setup", "store", **variables).output == "ready\n"
    assert items(tocsin("setup", "kafka", "--json", **variables).stdout) == [{"topic": name, "partitions": 4}]
