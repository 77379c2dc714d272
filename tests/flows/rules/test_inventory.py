"""Inventory in Redis."""

import json
import time
from collections.abc import Iterator

import pytest
import redis

from flows.rules.inventory import RedisHashes
from flows.rules.source import SourceUnavailableError, Terms
from flows.rules.watch import Watcher
from sinks.redis_client import redis_place
from tests.flows.rules.made import HOST


@pytest.fixture
def server(redis_dsn: str) -> Iterator[redis.Redis]:
    place = redis_place(redis_dsn)
    with redis.Redis(host=place.host, port=place.port, db=place.db) as client:
        yield client


def put(server: redis.Redis, dsn: str, kind: str, name: str, document: object) -> None:
    server.hset(f"{{{redis_place(dsn).key}}}:inventory:{kind}", name, json.dumps(document))


pytestmark = pytest.mark.servers


def test_each_hash_is_a_kind_and_each_field_an_id(server, redis_dsn: str):
    put(server, redis_dsn, "hosts", "1", {"ip": "10.0.0.1"})
    put(server, redis_dsn, "topology", "module|28", {"name": "web"})
    put(server, redis_dsn, "service_instances", "5", {"bk_host_id": 1})
    put(server, redis_dsn, "dynamic_groups", "g1", {"host_ids": [1]})
    watcher = Watcher([RedisHashes(redis_dsn)], Terms())
    assert watcher.load() == []
    book = watcher.holder.current()
    assert book.hosts["1"].ip == "10.0.0.1"
    assert book.topology["module|28"].name == "web"
    assert book.dynamic_groups_by_host == {"1": ("g1",)}
    assert [one.id for one in book.service_instances.values()] == ["5"]


def test_a_change_is_seen_at_the_next_look_and_a_wrong_one_leaves_the_last_version(server, redis_dsn: str):
    put(server, redis_dsn, "hosts", "1", HOST)
    watcher = Watcher([RedisHashes(redis_dsn)], Terms())
    watcher.load()
    put(server, redis_dsn, "hosts", "1", {**HOST, "ip": "10.0.0.2"})
    watcher.look(time.monotonic() + 61)
    assert list(watcher.holder.current().hosts_by_ip) == ["10.0.0.2"]
    put(server, redis_dsn, "hosts", "2", {"ip": 5})
    watcher.look(time.monotonic() + 122)
    assert list(watcher.holder.current().hosts) == ["1"]


def test_a_stamp_is_the_same_until_something_changes(server, redis_dsn: str):
    source = RedisHashes(redis_dsn)
    stamps = [source.stamp()]
    put(server, redis_dsn, "hosts", "1", HOST)
    stamps += [source.stamp(), source.stamp()]
    put(server, redis_dsn, "hosts", "1", {**HOST, "ip": ""})
    stamps.append(source.stamp())
    assert [stamps.index(stamp) for stamp in stamps] == [0, 1, 1, 3]


def test_with_a_version_only_the_version_is_looked_at(server, redis_dsn: str):
    source = RedisHashes(redis_dsn)
    version = f"{{{redis_place(redis_dsn).key}}}:inventory:version"
    server.set(version, "1")
    put(server, redis_dsn, "hosts", "1", HOST)
    before = source.stamp()
    put(server, redis_dsn, "hosts", "2", {})
    assert source.stamp() == before
    server.set(version, "2")
    assert source.stamp() != before
    assert len(source.read().documents) == 2


def test_a_wrong_field_is_named(server, redis_dsn: str):
    server.hset(f"{{{redis_place(redis_dsn).key}}}:inventory:hosts", "1", "{")
    (error,) = RedisHashes(redis_dsn).read().errors
    assert (error.file, error.path) == (redis_dsn, "hosts[1]")
    assert error.reason.startswith("not JSON")


def test_a_server_that_is_not_there_is_trouble_without_the_password():
    with pytest.raises(SourceUnavailableError) as trouble:
        RedisHashes("redis://:topsecret@127.0.0.1:1/0/x").stamp()
    assert "topsecret" not in str(trouble.value)
