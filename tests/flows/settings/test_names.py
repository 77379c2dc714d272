"""A name that is almost that of a setting is a mistake, and the one that was meant is named."""

import pytest

from flows.settings.names import covers, did_you_mean, near_miss, path_and_reason, paths_of, place_of
from flows.settings.settings import Settings, SettingsError, load_settings


def test_the_paths_of_settings_name_sections_and_what_is_in_them():
    paths = list(paths_of(Settings))
    assert {"quota", "quota.alert", "quota.alert.threshold", "kafka.topics", "batch"} <= set(paths)
    assert len(paths) == len(set(paths))


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("TOCSIN_METRICS__PORT", "TOCSIN__METRICS__PORT"),
        ("TOCSIN_METRICS_PORT", "TOCSIN__METRICS__PORT"),
        ("TOCSIN.METRICS.PORT", "TOCSIN__METRICS__PORT"),
        ("tocsin__metrics__port", "TOCSIN__METRICS__PORT"),
        ("TOCSIN-BATCH", "TOCSIN__BATCH"),
        ("TOCSIN_QUOTA_ALERT_THRESHOLD", "TOCSIN__QUOTA__ALERT__THRESHOLD"),
        ("TOCSIN_KAFKA_CREATE_TOPICS", "TOCSIN__KAFKA__CREATE_TOPICS"),
        ("TOCSIN_DEADLETTERS", "TOCSIN__DEAD_LETTERS"),
    ],
)
def test_a_variable_called_almost_like_a_setting_is_refused_and_what_was_meant_is_named(variable, meant):
    with pytest.raises(SettingsError) as told:
        load_settings(None, {variable: "geheim"})
    assert str(told.value) == f"{variable}: no setting; did you mean {meant}?"


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        pytest.param("TOCSIN_SETTINGS", "tocsin.yaml", id="the-file-itself"),
        pytest.param("TOCSIN_STORE", "here.sqlite3", id="the-store-of-a-command"),
        pytest.param("TOCSIN_RESCALE_TO", "4", id="of-a-command"),
        pytest.param("MY_TOCSIN_BATCH", "7", id="of-another-program"),
        pytest.param("TOCSINBATCH", "7", id="no-part-of-ours"),
        pytest.param("TOCSIN_GATEWAY", "tcp://10.0.0.1:9093", id="a-service-of-kubernetes"),
        pytest.param("TOCSIN_METRICS_PORT", "udp://10.0.0.1:9090", id="another-service"),
        pytest.param("TOCSIN_BATCH", "sctp://10.0.0.1:9090", id="a-third-one"),
    ],
)
def test_variables_of_others_are_let_be(variable, text):
    assert near_miss({variable: text}, Settings) is None


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("metrics.prot", "; did you mean 'metrics.port'?"),
        ("quota.alert.treshold", "; did you mean 'quota.alert.threshold'?"),
        ("colour", ""),
    ],
)
def test_the_nearest_setting_is_asked_after_and_none_where_none_is_near(path, said):
    assert did_you_mean(path, Settings) == said


@pytest.mark.parametrize(
    ("text", "path", "reason"),
    [
        ("Expected `int`, got `str` - at `$.quota.alert.threshold`", "quota.alert.threshold", "expected `int`, got `str`"),
        ("Expected `str`, got `int` - at `$.inventory[1]`", "inventory[1]", "expected `str`, got `int`"),
        ("Expected `object`, got `array`", "", "expected `object`, got `array`"),
        ("Object contains unknown field `x`", "x", "unknown setting"),
        ("Object contains unknown field `y y` - at `$.store`", "store.y y", "unknown setting"),
        ("Object contains unknown field `a\nb` - at `$.store`", "store.a\nb", "unknown setting"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_a_refused_value_is_named_by_its_path(text, path, reason):
    assert path_and_reason(text, Settings) == (path, reason)


@pytest.mark.parametrize(
    ("place", "path", "it_does"),
    [
        ("quota", "quota", True), ("quota", "quota.alert", True), ("quota.alert", "quota", True),
        ("quota", "quotas", False), ("quotas", "quota", False), ("quota.alert", "quota.action", False),
    ],
)  # fmt: skip
def test_a_value_sets_what_lies_at_it_above_it_and_below_it(place, path, it_does):
    assert covers(place, path) is it_does


def test_the_variable_that_set_a_path_is_found_and_of_no_other():
    set_by = {"inventory": "TOCSIN__INVENTORY", "quota.alert": "TOCSIN__QUOTA__ALERT"}
    assert place_of("inventory[1]", set_by) == "TOCSIN__INVENTORY"
    assert place_of("quota.alert.threshold", set_by) == "TOCSIN__QUOTA__ALERT"
    assert place_of("quota.action.threshold", set_by) is None
