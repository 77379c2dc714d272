"""What only the Redis outbox promises; on a real server."""

import signal
import threading

import pytest
import redis

from sinks.outbox import Depth, OutboxUnavailableError, Terms, open_outbox
from sinks.outbox import redis as module
from sinks.redis_keys import KEYS, READY
from tests.sinks.outbox.notices import all_room, buried, notice, retried, settled

pytestmark = pytest.mark.servers

NOW = 1000.0

QUEUE = [one for one in KEYS if one.backend == "queue"]


@pytest.fixture
def outbox(redis_dsn):
    opened = open_outbox(redis_dsn, Terms(visibility=60))
    yield opened
    opened.close()


@pytest.fixture
def client(redis_dsn):
    host, port = redis_dsn.split("/")[2].split(":")
    with redis.Redis(host=host, port=int(port)) as opened:
        yield opened


@pytest.fixture
def prefix(redis_dsn):
    return redis_dsn.rsplit("/", 1)[1]


def test_every_key_it_writes_is_in_the_registry(outbox, client, prefix):
    outbox.put([notice(f"n{number}") for number in range(5)], NOW)
    first, second, third, _, _ = outbox.take(all_room, NOW)
    outbox.record([settled(first), retried(second, NOW + 9), buried(third)], NOW)
    known = {one.key(prefix, id="*", lane="*").replace("{", "[{]").replace("}", "[}]"): one for one in QUEUE}
    written = set(client.scan_iter(f"*{prefix}*", count=1000))
    covered = {key for pattern in known for key in client.keys(pattern)}
    assert written == covered
    for pattern, one in known.items():
        kinds = {client.type(key).decode() for key in client.keys(pattern)}
        assert kinds == {{"sorted set": "zset"}.get(one.kind, one.kind)}, one.name


def test_nothing_of_a_settled_notice_stays_but_its_id(outbox, client, prefix):
    outbox.put([notice("n1", content="x" * 10000)], NOW)
    outbox.record([settled(one) for one in outbox.take(all_room, NOW)], NOW)
    outbox.forget([logged.cursor for logged in outbox.receipts(9)])
    left = {key.decode().split(":", 1)[1]: client.type(key).decode() for key in client.scan_iter(f"*{prefix}*")}
    assert left == {"settled": "zset", "lanes": "set", "ready:mail": "stream", "receipts": "stream"}
    assert client.xlen(READY.key(prefix, lane="mail")) == 0
    assert client.xpending(READY.key(prefix, lane="mail"), "couriers")["pending"] == 0


def test_what_a_courier_holds_is_pending_in_the_group(outbox, client, prefix):
    outbox.put([notice("n1"), notice("n2")], NOW)
    outbox.take(lambda _: 1, NOW)
    assert client.xpending(READY.key(prefix, lane="mail"), "couriers")["pending"] == 1


def test_a_stream_that_somebody_deleted_is_made_anew(outbox, client, prefix):
    outbox.put([notice("n1")], NOW)
    client.delete(READY.key(prefix, lane="mail"))
    assert outbox.take(all_room, NOW) == []
    outbox.put([notice("n2")], NOW)
    assert [one.notice.id for one in outbox.take(all_room, NOW)] == ["n2"]


def test_a_script_the_server_forgot_is_sent_again(outbox, client):
    outbox.put([notice("n1")], NOW)
    client.script_flush()
    assert len(outbox.take(all_room, NOW)) == 1


def test_outboxes_of_different_keys_do_not_meet(outbox, redis_dsn):
    other = open_outbox(redis_dsn + "-other")
    other.put([notice("n1")], NOW)
    assert outbox.depth(NOW) == Depth()
    assert outbox.put([notice("n1")], NOW) == 1
    other.close()


def test_a_large_put_is_taken_in_pieces(outbox):
    count = module.CHUNK * 2 + 1
    assert outbox.put([notice(f"n{number}") for number in range(count)], NOW) == count
    assert outbox.put([notice(f"n{number}") for number in range(count + 1)], NOW) == 1
    assert outbox.depth(NOW).ready == count + 1


def test_more_than_a_piece_that_falls_due_at_once_all_comes_back(outbox):
    count = module.CHUNK + 100
    outbox.put([notice(f"n{number}") for number in range(count)], NOW)
    held = outbox.take(lambda _: 10_000, NOW)
    outbox.record([retried(one, NOW + 5) for one in held], NOW)
    back = outbox.take(lambda _: 10_000, NOW + 5) + outbox.take(lambda _: 10_000, NOW + 5)
    assert len({one.notice.id for one in back}) == count


def test_acknowledged_notices_outlive_a_killed_server(own_redis):
    server, address = own_redis
    outbox = open_outbox(f"redis://{address}/0/k")
    outbox.put([notice(f"n{number}") for number in range(100)], NOW)
    held = outbox.take(lambda _: 10, NOW)
    outbox.record([settled(held[0])], NOW)
    server.kill()
    server.start()
    assert outbox.depth(NOW) == Depth(ready=90, in_flight=9)
    assert outbox.put([notice("n0")], NOW) == 0
    outbox.close()


def test_a_server_that_is_away_is_told_after_bounded_retries(own_redis):
    server, address = own_redis
    outbox = open_outbox(f"redis://{address}/0/k")
    outbox.put([notice("n1")], NOW)
    server.kill()
    with pytest.raises(OutboxUnavailableError, match=f"^outbox redis://{address}/0/k: "):
        outbox.put([notice("n2")], NOW)
    outbox.close()


def test_a_server_that_hangs_for_a_moment_is_waited_for(own_redis):
    server, address = own_redis
    outbox = open_outbox(f"redis://{address}/0/k")
    outbox.put([notice("n1")], NOW)
    server.signal(signal.SIGSTOP)
    threading.Timer(1.0, server.signal, args=(signal.SIGCONT,)).start()
    assert outbox.put([notice("n2")], NOW) == 1
    outbox.close()


def test_a_full_server_is_told(own_redis):
    _, address = own_redis
    host, port = address.split(":")
    with redis.Redis(host=host, port=int(port)) as client:
        client.config_set("maxmemory", 1)
    outbox = open_outbox(f"redis://{address}/0/k")
    with pytest.raises(OutboxUnavailableError, match="maxmemory"):
        outbox.put([notice("n1")], NOW)
    outbox.close()
