"""Where an outbox is."""

import pytest

from sinks.outbox.place import RedisPlace, is_redis, redis_place


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
