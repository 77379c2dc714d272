"""Where an outbox is."""

import pytest

from sinks.outbox import open_outbox
from sinks.redis_client import PlaceError, RedisPlace, is_redis, redis_place, without_login


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        (
            "redis://h:1/2/alerts",
            RedisPlace(host="h", port=1, db=2, key="alerts", username=None, password=None, tls=False),
        ),
        ("redis://h/0/a:b", RedisPlace(host="h", port=6379, db=0, key="a:b", username=None, password=None, tls=False)),
        (
            "redis://:p%40ss@h:1/0/k",
            RedisPlace(host="h", port=1, db=0, key="k", username=None, password="p@ss", tls=False),
        ),
        ("rediss://u:p@h:1/0/k", RedisPlace(host="h", port=1, db=0, key="k", username="u", password="p", tls=True)),
        ("redis://[::1]:1/0/k", RedisPlace(host="::1", port=1, db=0, key="k", username=None, password=None, tls=False)),
    ],
)
def test_a_redis_address_names_server_database_and_key(dsn, expected):
    assert is_redis(dsn)
    assert redis_place(dsn) == expected


@pytest.mark.parametrize("dsn", ["redis://h:1", "redis://h:1/0", "redis://h:1/0/", "redis://h:1/k/0", "redis:///0/k"])
def test_an_incomplete_address_is_refused(dsn):
    with pytest.raises(ValueError, match="expected redis://host:port/db/key"):
        redis_place(dsn)


def test_a_refusal_does_not_show_the_password():
    with pytest.raises(ValueError, match="redis://h:1/x") as caught:
        redis_place("redis://:secret@h:1/x")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("where", ["outbox.db", "/var/lib/x", "./redis", "C:redis"])
def test_everything_else_is_a_path(where):
    assert not is_redis(where)


@pytest.mark.parametrize("dsn", ["redis://:geheim@h:port/0/k", "redis://:geheim@[h/0/k", "redis://:ge:heim@h:1:2/0/k"])
def test_an_address_that_cannot_be_taken_apart_is_refused_without_its_password(dsn):
    with pytest.raises(PlaceError, match="expected redis://host:port/db/key") as caught:
        redis_place(dsn)
    assert "heim" not in str(caught.value)
    assert caught.value.__suppress_context__  # the cause repeats what it could not read


@pytest.mark.parametrize("dsn", ["http://u:geheim@h", "amqp://u:geheim@h/q", "sqlite:///outbox.sqlite3"])
def test_an_address_of_another_kind_is_no_file(dsn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(PlaceError, match="no outbox; give a file path, or redis://") as caught:
        open_outbox(dsn)
    assert "geheim" not in str(caught.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("dsn", "shown"), [("a@b/c", "a@b/c"), ("x://u:p@h/k", "x://h/k"), ("x://p@w@h", "x://h")])
def test_an_address_is_shown_without_login(dsn, shown):
    assert without_login(dsn) == shown
