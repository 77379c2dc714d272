"""What no type refuses: values that do not go together, and texts that cannot be used; each with place, path and reason."""

import json

import pytest

from flows.settings.settings import SettingsError, check_source, load_settings, read_file, settings_from

MISTAKES = [
    pytest.param({"kafka": {"worker": 2, "workers": 2}}, "kafka.worker: 2: of 2 workers, the last one is 1", id="worker"),
    pytest.param({"kafka": {"worker": 1}}, "kafka.worker: 1: of 1 workers, the last one is 0", id="worker-of-one"),
    pytest.param(
        {"heartbeat": {"way": "mail"}}, "heartbeat.receivers: missing beside heartbeat.way", id="a-way-to-nobody"
    ),
    pytest.param(
        {"heartbeat": {"receivers": ["ann"]}}, "heartbeat.way: missing beside heartbeat.receivers", id="no-way-to-ann"
    ),
    pytest.param(
        {"source": {"format": "json"}},
        "source.source: missing: source.format json is read by a rule of kind `sources`", id="files-of-any-json",
    ),
    pytest.param(
        {"source": {"format": "grafana", "source": "mine"}},
        "source.source: mine: only source.format json is read by a named rule", id="a-rule-for-files-of-grafana",
    ),
    pytest.param(
        {"kafka": {"topics": {"raw": {"decoder": "json"}}}},
        "kafka.topics.raw.source: missing: kafka.topics.raw.decoder json is read by a rule of kind `sources`",
        id="a-topic-of-any-json",
    ),
    pytest.param(
        {"kafka": {"topics": {"good": {}, "raw": {"source": "mine"}}}},
        "kafka.topics.raw.source: mine: only kafka.topics.raw.decoder json is read by a named rule",
        id="a-rule-for-a-topic",
    ),
    pytest.param({"time_zone": "Mars/Crater"}, "time_zone: unknown time zone 'Mars/Crater'", id="zone"),
    pytest.param({"time_zone": ""}, "time_zone: ", id="no-zone"),
    pytest.param(
        {"default_notice": {"user_groupz": ["a"]}},
        "default_notice: unknown key 'user_groupz'; did you mean 'user_groups'?", id="key-of-a-notice",
    ),
    pytest.param({"links": {"alert": "{% if %}"}}, "links.alert: line 1: ", id="template"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "reason"), MISTAKES)
def test_a_mistake_in_a_file_names_the_file_once(tree, reason):
    with pytest.raises(SettingsError) as told:
        settings_from(tree, "tocsin.yaml")
    assert str(told.value).startswith(f"tocsin.yaml: {reason}")
    assert str(told.value).count("tocsin.yaml") == 1


@pytest.mark.parametrize(("tree", "reason"), MISTAKES)
def test_a_mistake_in_a_variable_names_the_variable_and_not_the_file(tmp_path, tree, reason):
    (tmp_path / "tocsin.yaml").write_text("batch: 7\n")
    ((section, value),) = tree.items()
    variable = f"TOCSIN__{section.upper()}"
    with pytest.raises(SettingsError) as told:
        load_settings(str(tmp_path / "tocsin.yaml"), {variable: json.dumps(value)})
    assert str(told.value).startswith(f"{variable}: {reason}")


def test_a_mistake_in_the_file_is_not_laid_to_a_variable_beside_it(tmp_path):
    (tmp_path / "tocsin.yaml").write_text("{quota: {alert: {window: soon}}, time_zone: Mars/Crater}")
    place = str(tmp_path / "tocsin.yaml")
    with pytest.raises(SettingsError) as told:
        load_settings(place, {"TOCSIN__QUOTA__ALERT__THRESHOLD": "5"})
    assert str(told.value).startswith(f"{place}: quota.alert.window: ")


@pytest.mark.parametrize(
    "tree",
    [
        {"kafka": {"worker": 1, "workers": 2}},
        {"heartbeat": {"way": "mail", "receivers": ["ann"]}},
        {"source": {"format": "json", "source": "mine"}},
        {"kafka": {"topics": {"raw": {"decoder": "json", "source": "mine"}, "other": {"decoder": "zabbix"}}}},
        {"links": {"alert": "https://h/{{ alert.id }}"}},
    ],
    ids=lambda tree: next(iter(tree)),
)
def test_what_goes_together_is_taken(tree):
    assert settings_from(tree, "tocsin.yaml")


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("json", "", "--source: missing: --format json is read by a rule of kind `sources`"),
        ("zabbix", "mine", "--source: mine: only --format json is read by a named rule"),
    ],
)
def test_an_option_that_lacks_its_other_half_is_named(name, source, reason):
    with pytest.raises(SettingsError) as told:
        check_source(name, source, "--format", "--source")
    assert str(told.value) == reason


@pytest.mark.parametrize(("name", "source"), [("json", "mine"), ("zabbix", ""), ("tocsin", "")])
def test_a_format_with_what_it_needs_is_taken(name, source):
    check_source(name, source, "--format", "--source")


@pytest.mark.parametrize("text", ["", "# nothing", "null", "{}", "\ufeff", "---\n"])
def test_a_file_that_says_nothing_is_no_mistake(tmp_path, text):
    (tmp_path / "t.yaml").write_text(text, encoding="utf-8")
    assert read_file(str(tmp_path / "t.yaml")) == {}


@pytest.mark.parametrize("text", ["[]", "- a", "7", "text", "false"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    place = tmp_path / "t.yaml"
    place.write_text(text)
    with pytest.raises(SettingsError) as told:
        read_file(str(place))
    assert str(told.value) == f"{place}: expected a mapping of settings"


def test_every_mistake_of_the_text_is_told_at_once(tmp_path):
    place = tmp_path / "t.yaml"
    place.write_text("batch: 1\nbatch: 2\nlate: 1\nlate: 2\n")
    with pytest.raises(SettingsError) as told:
        read_file(str(place))
    assert str(told.value).splitlines() == [
        f"{place}: duplicate key 'batch' (line 2)",
        f"{place}: duplicate key 'late' (line 4)",
    ]


def test_an_address_of_the_queue_is_laid_beside_what_else_is_said_of_the_outbox(tmp_path):
    (tmp_path / "t.yaml").write_text("outbox: {wait: 7}")
    found = load_settings(str(tmp_path / "t.yaml"), {"MESSAGE_QUEUE_DSN": "redis://q/0/k"}).outbox
    assert (found.dsn, found.wait) == ("redis://q/0/k", 7.0)


def test_the_variable_of_the_outbox_wins_over_the_address_of_the_queue():
    environment = {"MESSAGE_QUEUE_DSN": "redis://q/0/k", "TOCSIN__OUTBOX__DSN": "here.sqlite3"}
    assert load_settings(None, environment).outbox.dsn == "here.sqlite3"
