"""Settings: a file, then the environment; what does not fit is named by its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.settings.settings import PREFIX, Settings, SettingsError, load_settings


@pytest.fixture
def settings(tmp_path):
    """Write a file of settings and load it, with an environment laid over."""

    def load(text: str | bytes = "", **environment: str) -> Settings:
        path = tmp_path / "tocsin.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_settings(str(path), environment)

    return load


def refusal(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as told:
        load_settings(None, environment)
    return str(told.value)


def test_without_a_file_and_variables_everything_has_its_default():
    assert load_settings(None, {}) == Settings()


def test_an_empty_file_changes_nothing(settings):
    assert settings("") == settings("# nothing\n") == Settings()


def test_a_variable_wins_over_the_file(settings):
    text = "quota: {alert: {threshold: 5, window: 7}}"
    found = settings(text, TOCSIN__QUOTA__ALERT__THRESHOLD="50").quota.alert
    assert (found.threshold, found.window) == (50, 7)


def test_a_variable_may_hold_a_mapping_or_a_list():
    found = load_settings(None, {"TOCSIN__KAFKA__TOPICS": "{raw: {data_id: 7}}", "TOCSIN__INVENTORY": "[a, b]"})
    assert found.kafka.topics["raw"].data_id == 7
    assert found.inventory == ("a", "b")


def test_other_variables_do_not_count():
    assert load_settings(None, {"TOCSIN_SETTINGS": "x", "TOCSIN_DATA": "y", "PATH": "z"}) == Settings()


@pytest.mark.parametrize(("given_dsn", "found"), [("", "redis://q/0/k"), ("outbox: {dsn: here}", "here")])
def test_the_address_of_the_queue_counts_where_no_outbox_is_named(settings, given_dsn, found):
    assert settings(given_dsn, MESSAGE_QUEUE_DSN="redis://q/0/k").outbox.dsn == found


def test_a_file_may_begin_with_a_byte_order_mark_and_have_lines_of_windows(settings):
    assert settings(b"\xef\xbb\xbfbatch: 7\r\nlanguage: zh\r\n").batch == 7


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("quota: {alert: {threshold: many}}", "quota.alert.threshold: expected `int`, got `str`"),
        (
            "quota: {alert: {treshold: 5}}",
            "quota.alert.treshold: unknown setting; did you mean 'quota.alert.threshold'?",
        ),
        ("colour: red", "colour: unknown setting"),
        ("fingerprint: sha", "fingerprint: invalid enum value 'sha'"),
        ("inventory: [a, {}]", "inventory[1]: expected `str`, got `object`"),
        ("notice: {max_length: {sms: -1}}", "notice.max_length[...]: expected `int` >= 0"),
        ("time_zone: Mars/Crater", "time_zone: unknown time zone 'Mars/Crater'"),
        (
            "default_notice: {user_groupz: [a]}",
            "default_notice: unknown key 'user_groupz'; did you mean 'user_groups'?",
        ),
        ("batch: 1\nbatch: 2", "duplicate key 'batch' (line 2)"),
        ("a: [", "not YAML: line 2: did not find expected node content"),
        ("- a", "expected a mapping of settings"),
        ("batch: \xff".encode("latin-1"), "not UTF-8: invalid start byte at byte 7"),
        (
            "links: {alert: '{{ x'}",
            "links.alert: line 1: unexpected end of template, expected 'end of print statement'.",
        ),
    ],
)
def test_a_mistake_names_file_path_and_reason(settings, tmp_path, text, reason):
    with pytest.raises(SettingsError) as told:
        settings(text)
    assert str(told.value) == f"{tmp_path}/tocsin.yaml: {reason}"


@pytest.mark.parametrize(
    ("variable", "text", "reason"),
    [
        ("BATCH", "0", "batch: expected `int` >= 1"),
        ("BATCH", "-1", "batch: expected `int` >= 1"),
        ("CHECK_INTERVAL", "0", "check_interval: expected `int` >= 1"),
        ("EVENT_EXPIRY", "-1", "event_expiry: expected `int` >= 0"),
        ("QUOTA__ACTION__THRESHOLD", "-1", "quota.action.threshold: expected `int` >= 0"),
        ("CONVERGE__DELAY", "-1", "converge.delay: expected `int` >= 0"),
        ("RECOVERY__INTERVAL", "-1", "recovery.interval: expected `float` >= 0.0"),
        ("RECOVERY__INTERVAL", "nan", "recovery.interval: expected `float` >= 0.0"),
        ("RECOVERY__INTERVAL", "inf", "recovery.interval: expected `float` <= 86400.0"),
        ("RECOVERY__PARTITIONS", "0", "recovery.partitions: expected `int` >= 1"),
        ("METRICS__PORT", "65536", "metrics.port: expected `int` <= 65535"),
        ("METRICS__PORT", "-1", "metrics.port: expected `int` >= 0"),
        ("KAFKA__WORKERS", "0", "kafka.workers: expected `int` >= 1"),
        ("NO_SUCH__SETTING", "1", "no_such: unknown setting"),
    ],
)
def test_a_value_out_of_bounds_is_refused_at_the_start(variable, text, reason):
    told = refusal({f"TOCSIN__{variable}": text})
    assert told.removeprefix(f"TOCSIN__{variable}").removeprefix("settings") == f": {reason}"


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("BATCH", "1"),
        ("CHECK_INTERVAL", "1"),
        ("EVENT_EXPIRY", "0"),
        ("QUOTA__ACTION__THRESHOLD", "0"),
        ("RECOVERY__INTERVAL", "0"),
        ("RECOVERY__INTERVAL", "86400"),
        ("RECOVERY__PARTITIONS", "1"),
        ("METRICS__PORT", "65535"),
        ("KAFKA__REPLICATION", "-1"),
    ],
)
def test_a_value_at_its_bound_is_taken(variable, text):
    assert load_settings(None, {f"TOCSIN__{variable}": text})


def test_a_variable_that_does_not_fit_is_named():
    told = refusal({"TOCSIN__QUOTA__ALERT__THRESHOLD": "many"})
    assert told == "TOCSIN__QUOTA__ALERT__THRESHOLD: quota.alert.threshold: expected `int`, got `str`"


def test_a_variable_cannot_lie_below_a_plain_value(settings):
    with pytest.raises(SettingsError, match="TOCSIN__RULES__X: `rules` is not a mapping"):
        settings("rules: here", TOCSIN__RULES__X="1")


@pytest.mark.parametrize(
    "text", ['"http://u:geheim@h', "{a: geheim", "[geheim", "*geheim", "a: 1\na: geheim", "{{ geheim }}"]
)
def test_what_stands_in_a_variable_is_never_repeated(text):
    assert "geheim" not in refusal({"TOCSIN__STORE__DSN": text})


@pytest.mark.parametrize("make", ["missing", "directory"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, make):
    path = tmp_path / make
    if make == "directory":
        path.mkdir()
    with pytest.raises(SettingsError, match=rf"^{path}: (No such file|Is a directory)"):
        load_settings(str(path), {})


@given(st.dictionaries(st.text("ABC_.-é0", max_size=12).map(PREFIX.__add__), st.text(max_size=20), max_size=4))
def test_any_environment_gives_settings_or_a_refusal(environment):
    try:
        load_settings(None, environment)
    except SettingsError as error:
        assert str(error)  # noqa: PT017 - either way is well
