"""Every setting: read from a file under its path, overruled by its variable, refused with place, path and reason."""

import json

import msgspec
import pytest

from flows.settings.page import settings_there_are
from flows.settings.settings import Settings, SettingsError, load_settings
from tests.flows.settings.rows import ROWS, nested, value_at

THERE_ARE = {one.path: one for one in settings_there_are()}
TAKEN = [pytest.param(path, value, id=path) for path, value, _, _ in ROWS if path != "source.source"]
WRONG = [pytest.param(path, wrong, reason, id=path) for path, _, wrong, reason in ROWS]

CONTRACT = {
    "time_zone": "UTC", "language": "en", "fingerprint": "pairs", "default_business": 0, "check_interval": 60,
    "event_expiry": 86400, "clock_skew": 300, "late": 600, "recover_delay": 0, "flap.changes": 6, "flap.window": 600,
    "flap.quiet": 600, "plugins": {}, "tell_ends_under_shield": True, "timeout": 3600, "ended_retention": 3600,
    "quota.alert.threshold": 200, "quota.alert.window": 60, "quota.action.threshold": 100, "quota.action.window": 60,
    "no_data_expiry": 86400, "third_party_whitelist": [], "global_shield": False, "converge.window": 120,
    "converge.delay": 60, "converge.business_threshold": 2, "noise_reduce.window": 300, "product.name": "Tocsin",
}  # fmt: skip
"""The defaults that the replay contract names; courier.stale is of design 7.64."""


@pytest.fixture
def file(tmp_path):
    def write(tree):
        path = tmp_path / "tocsin.yaml"
        path.write_text(json.dumps(tree))
        return str(path)

    return write


def plain(value):
    return msgspec.json.encode(value).decode()


def apart(settings):
    """Return the paths in which settings differ from the defaults."""
    return [path for path in THERE_ARE if value_at(settings, path) != value_at(Settings(), path)]


def test_each_setting_has_its_row():
    assert {path for path, *_ in ROWS} == THERE_ARE.keys()


@pytest.mark.parametrize(("path", "default"), [*CONTRACT.items(), ("courier.stale", 900)], ids=str)
def test_the_default_is_that_of_the_contract(path, default):
    assert value_at(Settings(), path) == default


@pytest.mark.parametrize(("path", "value"), TAKEN)
def test_a_key_of_the_file_sets_its_own_setting_alone(file, path, value):
    found = load_settings(file(nested(path, value)), {})
    assert plain(value_at(found, path)) == plain(value)
    assert apart(found) in ([path], [])


@pytest.mark.parametrize(("path", "value"), TAKEN)
def test_its_variable_overrules_the_file(file, path, value):
    default = plain(THERE_ARE[path].default)
    assert load_settings(file(nested(path, value)), {THERE_ARE[path].variable: default}) == Settings()


@pytest.mark.parametrize(("path", "wrong", "reason"), WRONG)
def test_a_wrong_value_in_the_file_is_refused_with_file_path_and_reason(file, path, wrong, reason):
    place = file(nested(path, wrong))
    with pytest.raises(SettingsError) as told:
        load_settings(place, {})
    assert str(told.value).startswith(f"{place}: {path}")
    assert reason in str(told.value)


@pytest.mark.parametrize(("path", "wrong", "reason"), WRONG)
def test_a_wrong_value_in_its_variable_is_refused_with_variable_path_and_reason(file, path, wrong, reason):
    variable = THERE_ARE[path].variable
    with pytest.raises(SettingsError) as told:
        load_settings(file({"batch": 7}), {variable: json.dumps(wrong)})
    assert str(told.value).startswith(f"{variable}: {path}")
    assert reason in str(told.value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("flap.changes", 0), ("flap.changes", 100), ("backup.interval", 86400), ("heartbeat.minutes", 0.5),
        ("courier.stale", 86400), ("kafka.timeout", 0), ("metrics.port", 0), ("kafka.worker", 0), ("timeout", 0),
        ("quota.alert.threshold", 0), ("converge.business_threshold", 0), ("ended_retention", 0),
    ],
)  # fmt: skip
def test_a_bound_is_within(file, path, value):
    assert value_at(load_settings(file(nested(path, value)), {}), path) == value


@pytest.mark.parametrize("value", [0, -1, "nan"])
def test_a_sign_every_no_minutes_is_refused(file, value):
    with pytest.raises(SettingsError, match=r"heartbeat\.minutes: expected `float`"):
        load_settings(file({"heartbeat": {"minutes": value}}), {})


@pytest.mark.parametrize("word", ["yes", "no", "on", "off", "y", "True ", "wahr"])
def test_only_true_and_false_are_flags(file, word):
    with pytest.raises(SettingsError, match="global_shield: expected `bool`, got `str`"):
        load_settings(file({"global_shield": word}), {})
