"""Where a job keeps things: as its settings say, under `--data`, or beside its store (docs/running.md)."""

import msgspec
import pytest

from flows.settings.places import commands_file, outbox_under, recovery_under, store_under
from flows.settings.sections import OutboxSettings, RecoverySettings, SourceSettings, StoreSettings
from flows.settings.settings import Settings

put = msgspec.structs.replace


def test_snapshots_lie_under_the_data_directory_and_keep_their_other_terms():
    settings = Settings(recovery=RecoverySettings(directory="elsewhere", partitions=2, interval=1.5))
    assert recovery_under(settings, "/d") == RecoverySettings(directory="/d/recovery", partitions=2, interval=1.5)


@pytest.mark.parametrize(
    ("dsn", "kept"),
    [
        pytest.param(OutboxSettings().dsn, "/d/outbox.sqlite3", id="unnamed"),
        pytest.param("redis://q:6379/0/k", "redis://q:6379/0/k", id="redis"),
        pytest.param("other.sqlite3", "other.sqlite3", id="a-file-of-its-own"),
        pytest.param("none", "none", id="none"),
    ],
)
def test_an_outbox_that_was_named_stays_where_it_is(dsn, kept):
    found = outbox_under(Settings(outbox=OutboxSettings(dsn=dsn, wait=7.0)), "/d")
    assert found == OutboxSettings(dsn=kept, wait=7.0)


@pytest.mark.parametrize(
    ("dsn", "kept"),
    [
        pytest.param(StoreSettings().dsn, "/d/tocsin.sqlite3", id="unnamed"),
        pytest.param("https://h:9200?prefix=x_", "https://h:9200?prefix=x_", id="elasticsearch"),
        pytest.param("other.sqlite3", "other.sqlite3", id="a-file-of-its-own"),
        pytest.param("none", "none", id="none"),
    ],
)
def test_a_store_that_was_named_stays_where_it_is(dsn, kept):
    found = store_under(Settings(store=StoreSettings(dsn=dsn, events=False)), "/d")
    assert found == StoreSettings(dsn=kept, events=False)


def test_without_a_data_directory_everything_is_as_set():
    settings = Settings()
    assert (store_under(settings, None), outbox_under(settings, None)) == (settings.store, settings.outbox)


@pytest.mark.parametrize(
    ("commands", "store", "data", "found"),
    [
        pytest.param("/c/orders.jsonl", "/s/tocsin.sqlite3", "/d", "/c/orders.jsonl", id="as-set"),
        pytest.param("", "/s/tocsin.sqlite3", "/d", "/d/commands.jsonl", id="in-the-data-directory"),
        pytest.param("", "/s/tocsin.sqlite3", None, "/s/commands.jsonl", id="beside-the-store"),
        pytest.param("", "sqlite:////s/tocsin.sqlite3", None, "/s/commands.jsonl", id="beside-a-store-by-address"),
        pytest.param("", "sqlite:///s/tocsin.sqlite3", None, "s/commands.jsonl", id="beside-a-store-below"),
        pytest.param("", "https://u:geheim@h:9200", None, "data/commands.jsonl", id="a-store-that-is-no-file"),
        pytest.param("", "https://u:geheim@h:9200", "/d", "/d/commands.jsonl", id="such-a-store-and-a-directory"),
        pytest.param("", "data/tocsin.sqlite3", None, "data/commands.jsonl", id="defaults"),
    ],
)
def test_commands_are_read_where_they_are_written(commands, store, data, found):
    settings = put(Settings(), source=SourceSettings(commands=commands), store=StoreSettings(dsn=store))
    assert commands_file(settings, data) == found
