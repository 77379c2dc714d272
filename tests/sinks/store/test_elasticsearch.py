"""What is particular to Elasticsearch, on a real server: templates, poison, blocks, a server that hangs or dies."""

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from operators.model.alert import Dimension, Extra
from operators.model.event import Tag
from sinks.store.elasticsearch import ElasticsearchStore
from sinks.store.interface import Batch, Retention, StoreError, StoreUnavailableError
from sinks.store.mappings import VERSION
from sinks.store.query import AlertQuery
from tests.sinks.store.samples import DAY, NOW, action, alert, archived, entry, receipt

pytestmark = pytest.mark.servers


@pytest.fixture
def dsn(elasticsearch_dsn):
    return elasticsearch_dsn


@pytest.fixture
def store(dsn):
    opened = ElasticsearchStore(dsn)
    yield opened
    opened.close()


@pytest.fixture
def mortal(own_elasticsearch, unique):
    """A server that may be hung and killed, and a store there."""
    server, url = own_elasticsearch
    opened = ElasticsearchStore(f"{url}?prefix={unique}_&replicas=0-0&timeout=30")
    yield server, opened
    opened.close()


def refresh(store) -> None:
    store._client.indices.refresh(index=f"{store._prefix}*")


def indices(store) -> list[str]:
    return sorted(
        name.removeprefix(store._prefix) for name in store._client.indices.get(index=f"{store._prefix}*").body
    )


def test_documents_go_to_dated_indices_made_by_their_own_templates(store):
    planned = action(alert())
    store.write(
        Batch(
            alerts=[alert()], logs=[entry(alert())], actions=[planned], receipts=[receipt(planned)], events=[archived()]
        )
    )
    assert indices(store) == ["action_202511", "alert_202511", "alert_log_202511", "event_20251123", "receipt_202511"]
    made = store._client.indices.get(index=f"{store._prefix}*").body
    for name, index in made.items():
        assert index["mappings"]["dynamic"] == "strict", name
    assert "op_type" in made[f"{store._prefix}alert_log_202511"]["mappings"]["properties"]


def test_every_field_of_every_document_is_accepted(store):
    full = alert(
        end_time=NOW, next_status="CLOSED", next_status_time=NOW, is_ack=True, ack_operator="bob", ack_duration=9, labels=("a", "b"),
        handle_stage=("handle",), assign_tags=({"key": "team", "value": "db"},), incident_id="i", issue_id="j", rules_version="v",
        dimensions=(Dimension("tags.a", {"b": [1]}, "a", None),), shield_id=("1",), shield_left_time=5, follower=("x",),
        extra_info=Extra(origin_alarm={"deep": [{"er": 1.5}, "x", None]}, matched_rule_info={"1": [2]}),
        event_changes={"tags": (Tag("n", 1), Tag("f", 1.5), Tag("b", True), Tag("none", None), Tag("l", ["a", 1, None]), Tag("d", "x", "D", ["y", 1])),
                       "at": NOW, "bk_ingest_time": NOW, "bk_clean_time": NOW, "bk_host_id": 7, "ipv6": "::1", "assignee": ("a",)},
    )  # fmt: skip
    log = entry(
        full,
        event_time=NOW,
        severity=1,
        status="ABNORMAL",
        next_status="CLOSED",
        next_status_time=NOW,
        operator="bob",
        count=3,
        begin=NOW,
    )
    told = action(
        full,
        followers={"mail": ["x"]},
        mentions={"chat": ["@all"]},
        config={"url": "http://x"},
        dimension_hash="h",
        real_status="success",
        failure_type="execute_failure",
    )
    written = store.write(
        Batch(alerts=[full], logs=[log], actions=[told], receipts=[receipt(told)], events=[full.event])
    )
    refresh(store)
    assert written.refused == ()
    assert (store.alert(full.id), store.logs(full.id)) == (full, [log])
    assert store.actions(full.id)[0].config == {"url": "http://x"}


def test_readers_wait_for_an_index_that_its_first_document_makes(dsn, store):
    """Until it has started, a search of nothing else answers 503."""
    firsts = [alert(number, opened=NOW + number * 31 * DAY) for number in range(6)]
    reader = ElasticsearchStore(dsn, prepares=False)
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(lambda: [store.write(Batch(alerts=[one])) for one in firsts])
        while not writing.done():
            for one in firsts:
                assert reader.alert(one.id) in (None, one)
            assert reader.alerts(AlertQuery()) is not None
            assert reader.count(AlertQuery()) <= len(firsts)
        assert not any(written.refused for written in writing.result())
    reader.close()


def test_an_index_that_nobody_starts_is_said_to_be_in_trouble(store):
    settings = {"index.routing.allocation.require._name": "nobody"}
    store._client.indices.create(index=f"{store._prefix}alert_202511", settings=settings, wait_for_active_shards="0")
    with pytest.raises(StoreUnavailableError, match="in trouble: 503"):
        store.count(AlertQuery())


def test_a_document_the_mapping_cannot_take_is_a_dead_letter_and_the_others_are_written(store):
    odd = alert(2, event_changes={"tags": (Tag("a", {"b": 1}),)})
    written = store.write(Batch(alerts=[alert(1), odd, alert(3)], events=[archived()]))
    refused = written.refused[0]
    assert (refused.position, refused.reason) == (f"alert {odd.id}", "refused_by_store")
    assert refused.detail.startswith("400 ")
    assert msgspec.json.decode(refused.raw)["id"] == odd.id
    assert [store.alert(alert(number).id) is not None for number in (1, 2, 3)] == [True, False, True]


def test_an_endless_text_is_kept(store):
    long = alert(
        event_changes={"target": "x" * 40_000, "tags": (Tag("k" * 40_000, "v" * 40_000),), "description": "d" * 40_000}
    )
    assert store.write(Batch(alerts=[long])).refused == ()
    assert store.alert(long.id) == long


def test_an_id_the_server_would_refuse_a_whole_request_for_is_refused_before(store):
    written = store.write(Batch(events=[archived(id="x" * 513), archived(id="good")]))
    assert [one.detail for one in written.refused] == ["an id of more than 512 bytes"]


def test_an_index_blocked_for_writing_is_written_once_it_opens(store):
    store.write(Batch(alerts=[alert(1)]))
    index = f"{store._prefix}alert_202511"
    block = store._client.indices.put_settings
    block(index=index, settings={"index.blocks.write": True})
    timer = threading.Timer(1.5, lambda: block(index=index, settings={"index.blocks.write": False}))
    timer.start()
    assert store.write(Batch(alerts=[alert(2)])).refused == ()
    timer.join()
    assert store.alert(alert(2).id)


def test_an_index_that_stays_blocked_ends_the_write_when_patience_is_over(dsn, store):
    store.write(Batch(alerts=[alert(1)]))
    store._client.indices.put_settings(index=f"{store._prefix}alert_202511", settings={"index.blocks.write": True})
    hasty = ElasticsearchStore(f"{dsn}&patience=2")
    with pytest.raises(StoreUnavailableError, match="cluster_block_exception"):
        hasty.write(Batch(alerts=[alert(2)]))
    hasty.close()


def test_a_server_that_hangs_is_waited_for(own_elasticsearch, mortal):
    server, store = mortal
    quick = ElasticsearchStore(f"{own_elasticsearch[1]}?prefix={store._prefix}&replicas=0-0&timeout=1")
    server.signal(signal.SIGSTOP)
    timer = threading.Timer(2, lambda: server.signal(signal.SIGCONT))
    timer.start()
    started = time.monotonic()
    assert quick.write(Batch(alerts=[alert()])).refused == ()
    timer.join()
    quick.close()
    assert time.monotonic() - started >= 2
    assert store.alert(alert().id)


def test_what_was_reported_as_written_is_there_after_a_crash(mortal):
    server, store = mortal
    store.write(Batch(alerts=[alert(number) for number in range(500)], logs=[entry(alert())]))
    server.kill()
    server.start()
    refresh(store)
    assert len(store.alerts(AlertQuery(limit=1000))) == 500
    assert len(store.logs(alert().id)) == 1


def test_a_reader_makes_nothing(dsn):
    reader = ElasticsearchStore(dsn, prepares=False)
    assert reader.alerts(AlertQuery()) == []
    assert (reader.alert(alert().id), reader.logs("x"), reader.actions("x"), reader.events("x", 0, NOW)) == (
        None,
        [],
        [],
        [],
    )
    assert indices(reader) == []
    reader.close()


def test_pages_beyond_the_result_window_are_read(store):
    store.write(Batch(alerts=[alert(number) for number in range(10_500)]))
    refresh(store)
    assert len(store.alerts(AlertQuery(limit=20_000))) == 10_500
    assert store.alerts(AlertQuery(limit=1, offset=10_499))[0].id == alert(0).id


@pytest.mark.parametrize("word", ["sage", "cpu us", "0.0.0.1", "CPU*", "c?u"])
def test_parts_of_names_are_found_and_signs_mean_themselves(store, word):
    store.write(Batch(alerts=[alert()]))
    refresh(store)
    assert bool(store.alerts(AlertQuery(words=(word.lower(),)))) == (not set(word) & set("*?"))


def test_templates_can_be_put_again_and_again(dsn, store):
    ElasticsearchStore(dsn).close()


@pytest.fixture
def long_dsn(dsn):
    return dsn.replace("_&", f"_{'x' * 180}_&")


@pytest.fixture
def many(long_dsn):
    """A store with more indices than the first line of a request can name."""
    opened = ElasticsearchStore(long_dsn)
    opened.write(Batch(events=[archived(id=f"e{day}", time=NOW + day * DAY, at=NOW + day * DAY) for day in range(24)]))
    yield opened
    for index in opened._client.indices.get(index=f"{opened._prefix}*", features="aliases").body:
        opened._client.indices.delete(index=index)
    opened.close()


def test_more_indices_than_a_request_can_name_are_no_obstacle_to_a_start(many, long_dsn):
    again = ElasticsearchStore(long_dsn)
    names = list(again._client.indices.get(index=f"{again._prefix}event", features="aliases").body)
    assert len(names) == 24
    assert len(",".join(names)) > 4096
    refresh(again)
    assert again.retain(NOW + 12 * DAY, Retention(events=1, logs=0, actions=0, alerts=0)) == {"events": 11}
    again.close()


def test_the_templates_of_a_newer_version_are_refused(dsn, store):
    name = f"{store._prefix}alert"
    body = store._client.indices.get_index_template(name=name)["index_templates"][0]["index_template"]
    store._client.indices.put_index_template(name=name, body={**body, "version": VERSION + 1})
    with pytest.raises(StoreError, match="newer Tocsin"):
        ElasticsearchStore(dsn)


def test_fields_that_a_new_version_adds_reach_indices_made_before(dsn, store):
    prefix = store._prefix
    properties = {"id": {"type": "keyword"}}
    store._client.indices.create(
        index=f"{prefix}alert_202511", mappings={"dynamic": "strict", "properties": properties}
    )
    ElasticsearchStore(dsn).close()
    assert store.write(Batch(alerts=[alert()])).refused == ()


def test_an_index_of_another_shape_under_our_name_is_refused(dsn, store):
    properties = {"id": {"type": "long"}}
    store._client.indices.create(
        index=f"{store._prefix}alert_202511", mappings={"dynamic": "strict", "properties": properties}
    )
    with pytest.raises(StoreError, match=r"indices .*alert_\*: .*cannot be changed"):
        ElasticsearchStore(dsn)


def test_an_index_named_like_our_alias_is_refused(dsn, store):
    store._client.indices.create(index=f"{store._prefix}alert")
    with pytest.raises(StoreError, match=f"{store._prefix}alert is an index"):
        ElasticsearchStore(dsn)


def test_retention_drops_whole_indices_by_the_end_of_their_period(store):
    last = 1764547199
    store.write(Batch(events=[archived(id="a", time=last, at=last), archived(id="b", time=last + 1, at=last + 1)]))
    removed = store.retain(last + 1 + 30 * DAY, Retention(events=30))
    assert removed["events"] in (0, 1)  # counted by what a search would find
    assert indices(store) == ["event_20251201"]


def test_retention_leaves_indices_of_others_alone(store):
    other = f"{store._prefix}alert_202001_mine"
    store._client.indices.create(index=other, mappings={"dynamic": "true"})
    store.retain(NOW, Retention(1, 1, 1, 1))
    assert indices(store) == ["alert_202001_mine"]


def test_two_generations_of_writers_settle_on_the_newer(dsn, store):
    zombie = ElasticsearchStore(dsn)
    store.write(Batch(alerts=[alert(generation=NOW + 100, status="CLOSED")]))
    assert zombie.write(Batch(alerts=[alert(generation=NOW, revision=99)])).conflicts == 1
    assert store.alert(alert().id).status == "CLOSED"
    zombie.close()


def test_a_time_range_is_read_as_seconds(store):
    store.write(Batch(alerts=[alert()]))
    refresh(store)
    assert store.alerts(AlertQuery(until=NOW)) == []
    assert len(store.alerts(AlertQuery(until=NOW + 1))) == 1
