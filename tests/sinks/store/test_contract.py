"""What every store keeps: one suite for all implementations (the fixture `store` makes each of them)."""

import msgspec
import pytest

from operators.model.alert import Alert, Extra
from operators.model.reason import DeadReason
from operators.model.records import ReceiverResult
from sinks.store.interface import Batch, Retention, Store
from sinks.store.order import WORST_FIRST
from sinks.store.query import AlertQuery, CommandQuery, parse_query
from tests.sinks.store.samples import DAY, NOW, action, alert, archived, command, entry, receipt, shield, worker

MONTHS = 100 * DAY


def changed(of: Alert, **values) -> Alert:
    return msgspec.structs.replace(of, **values)


def names(found: list[Alert]) -> list[str]:
    return [one.alert_name for one in found]


def found_by(store: Store, text: str) -> list[str]:
    return names(store.alerts(parse_query(text)))


def test_an_alert_reads_back_as_it_was_written(store):
    written = alert(extra_info=Extra(predecessor="1", origin_alarm={"data": {"值": [1, None, 2.5]}}), shield_id=("7",))
    store.write(Batch(alerts=[written]))
    assert store.alert(written.id) == written


def test_an_unknown_alert_is_none(store):
    assert store.alert("1763900000000000000000") is None


def test_an_id_that_is_no_alert_id_is_none(store):
    assert store.alert("no such thing") is None


def test_a_newer_version_replaces_an_older_one(store):
    store.write(Batch(alerts=[alert()]))
    written = store.write(Batch(alerts=[alert(revision=2, status="CLOSED", end_time=NOW + 9)]))
    assert (store.alert(alert().id).status, written.conflicts) == ("CLOSED", 0)


def test_an_older_version_never_replaces_a_newer_one_and_is_counted(store):
    store.write(Batch(alerts=[alert(revision=3, status="CLOSED")]))
    written = store.write(Batch(alerts=[alert(revision=2)]))
    assert (store.alert(alert().id).status, written.conflicts) == ("CLOSED", 1)


def test_an_equal_version_rewrites_the_document(store):
    store.write(Batch(alerts=[alert(severity=3)]))
    written = store.write(Batch(alerts=[alert(severity=1)]))
    assert (store.alert(alert().id).severity, written.conflicts) == (1, 0)


def test_a_later_generation_wins_whatever_its_revision(store):
    store.write(Batch(alerts=[alert(revision=900)]))
    store.write(Batch(alerts=[alert(revision=1, generation=NOW + 1, severity=1)]))
    assert store.alert(alert().id).severity == 1


def test_the_newest_of_several_versions_in_one_batch_stays(store):
    store.write(Batch(alerts=[alert(revision=1), alert(revision=3, severity=1), alert(revision=2)]))
    assert store.alert(alert().id).revision == 3


def test_a_repeated_batch_changes_nothing_and_is_no_conflict(store, settle):
    batch = Batch(alerts=[alert()], logs=[entry(alert())], actions=[action(alert())], events=[archived()])
    store.write(batch)
    written = store.write(batch)
    settle()
    assert (written.conflicts, written.refused) == (0, ())
    assert (
        len(store.logs(alert().id)),
        len(store.actions(alert().id)),
        len(store.events("a" * 32, NOW, NOW + DAY)),
    ) == (1, 1, 1)


def test_log_entries_come_back_in_the_order_of_their_time_then_of_their_making(store, settle):
    first, second = alert(), alert(revision=10, update_time=NOW + 60)
    entries = [entry(first, 0), entry(first, 1, op_type="ASSIGN"), entry(first, 2), entry(second, 0), entry(second, 10)]
    store.write(Batch(logs=entries))
    settle()
    assert store.logs(first.id) == entries


def test_a_log_is_that_of_its_alert_only(store, settle):
    store.write(Batch(logs=[entry(alert(1)), entry(alert(2))]))
    settle()
    assert [one.alert_id for one in store.logs(alert(2).id)] == [alert(2).id]


@pytest.mark.parametrize(("again", "kept"), [(5, 5), (3, 3), (2, 3)])
def test_a_run_that_is_sent_again_stays_at_its_largest_count(store, settle, again, kept):
    store.write(Batch(logs=[entry(alert(), op_type="CONVERGE", count=3, begin=NOW + 1)]))
    written = store.write(Batch(logs=[entry(alert(), op_type="CONVERGE", count=again, begin=NOW + 1)]))
    settle()
    assert ([one.count for one in store.logs(alert().id)], written.conflicts) == ([kept], 0)


def test_a_run_over_the_end_of_a_month_stays_one_entry(store, settle):
    last_second = 1764547199
    first = entry(alert(), op_type="CONVERGE", time=last_second)
    store.write(Batch(logs=[first]))
    store.write(Batch(logs=[msgspec.structs.replace(first, time=last_second + 9, count=2, begin=last_second)]))
    settle()
    assert [one.count for one in store.logs(alert().id)] == [2]


def test_an_action_is_found_by_each_of_its_alerts(store, settle):
    both = action(alert(1), alert_ids=(alert(1).id, alert(2).id))
    store.write(Batch(actions=[both]))
    settle()
    assert (store.actions(alert(1).id), store.actions(alert(2).id), store.actions(alert(3).id)) == ([both], [both], [])


def test_an_older_revision_of_an_action_never_replaces_a_newer_one(store, settle):
    store.write(Batch(actions=[action(alert(), revision=2, status="skipped", reason="merged")]))
    written = store.write(Batch(actions=[action(alert(), revision=1)]))
    settle()
    assert ([one.status for one in store.actions(alert().id)], written.conflicts) == (["skipped"], 1)


def test_events_of_a_fingerprint_come_back_in_order_of_arrival_with_it(store, settle):
    events = [
        archived(id="late", at=NOW + 90, time=NOW - 5),
        archived(id="early", at=NOW),
        archived(id="x", dedupe_md5="b" * 32),
    ]
    store.write(Batch(events=events))
    settle()
    assert store.events("a" * 32, NOW, NOW + DAY) == [events[1], events[0]]


def test_an_event_that_is_there_already_stays_as_it_is(store, settle):
    store.write(Batch(events=[archived(description="first")]))
    written = store.write(Batch(events=[archived(description="second")]))
    settle()
    assert [one.description for one in store.events("a" * 32, NOW, NOW)] == ["first"]
    assert (written.conflicts, written.refused) == (0, ())


@pytest.mark.parametrize(("since", "until", "count"), [(NOW, NOW, 1), (NOW + 1, NOW + 9, 0), (NOW - 9, NOW - 1, 0)])
def test_events_are_read_by_their_time_of_arrival_both_ends_included(store, settle, since, until, count):
    store.write(Batch(events=[archived(at=NOW, time=NOW - 5)]))
    settle()
    assert len(store.events("a" * 32, since, until)) == count


def test_what_no_document_can_hold_is_refused_alone(store):
    written = store.write(Batch(alerts=[alert(1), alert(2, alert_name="\ud800"), alert(3)]))
    refused = written.refused[0]
    assert (refused.reason, refused.position, refused.source) == (
        DeadReason.REFUSED_BY_STORE,
        f"alert {alert(2).id}",
        "store",
    )
    assert "\\ud800" in refused.raw
    assert store.alert(alert(1).id)
    assert store.alert(alert(2).id) is None
    assert store.alert(alert(3).id)


def test_a_version_beyond_the_reach_of_the_store_is_refused_alone(store):
    written = store.write(Batch(alerts=[alert(1), alert(2, generation=1 << 35)], logs=[entry(alert(1))]))
    assert [one.position for one in written.refused] == [f"alert {alert(2).id}"]
    assert store.alert(alert(1).id)


def test_alerts_come_newest_first_in_pages(store, settle):
    store.write(Batch(alerts=[alert(number, alert_name=str(number)) for number in (2, 5, 1, 4, 3)]))
    settle()
    assert names(store.alerts(AlertQuery(limit=2))) == ["5", "4"]
    assert names(store.alerts(AlertQuery(limit=2, offset=4))) == ["1"]


def test_the_worst_alerts_may_come_first_and_the_newest_of_each(store, settle):
    store.write(
        Batch(alerts=[alert(number, alert_name=str(number), severity=3 - number % 2) for number in (1, 2, 3, 4)])
    )
    settle()
    assert names(store.alerts(AlertQuery(sort=WORST_FIRST))) == ["3", "1", "4", "2"]
    assert names(store.alerts(AlertQuery(sort=WORST_FIRST, limit=2, offset=1))) == ["1", "4"]


def test_alerts_are_counted_beyond_the_page(store, settle):
    store.write(Batch(alerts=[alert(number, severity=1 + number % 2) for number in range(5)]))
    settle()
    assert store.count(AlertQuery(limit=2, offset=4)) == 5
    assert store.count(parse_query("severity:1")) == 3
    assert store.count(parse_query("severity:3")) == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["disk", "cpu", "mem"]),
        ("status:ABNORMAL", ["disk", "mem"]),
        ("status:closed,recovered", ["cpu"]),
        ("severity:1", ["cpu"]),
        ("severity:1,3", ["disk", "cpu"]),
        ("severity:1 severity:3", ["disk", "cpu"]),
        ("strategy_id:5", ["cpu"]),
        ("strategy:5 status:ABNORMAL", []),
        ("biz:3", ["mem"]),
        ("biz:30", []),
        ("target:10.0.0.2", ["cpu"]),
        ('target:"10.0.0.2|0"', ["cpu"]),
        ("target:10.0.0", []),
        ("target:web-1", ["disk"]),
        (f"dedupe:{2:032X}", ["cpu"]),
    ],
)
def test_fields_narrow_the_alerts(store, settle, text, expected):
    store.write(
        Batch(
            alerts=[
                alert(1, alert_name="mem", bk_biz_id="3"),
                alert(
                    2,
                    alert_name="cpu",
                    status="RECOVERED",
                    severity=1,
                    strategy_id="5",
                    event_changes={"target": "10.0.0.2|0", "ip": "10.0.0.2"},
                ),
                alert(3, alert_name="disk", severity=3, event_changes={"target": "web-1", "ip": None}),
            ]
        )
    )
    settle()
    assert found_by(store, text) == expected


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, ["open", "ended"]),
        (NOW + 50, None, ["open", "ended"]),
        (NOW + 51, None, ["open"]),
        (None, NOW, []),
        (None, NOW + 1, ["ended"]),
        (None, NOW + 2, ["open", "ended"]),
        (NOW + 51, NOW + 1, []),
    ],
)
def test_a_time_range_holds_the_alerts_that_lived_in_it(store, settle, since, until, expected):
    store.write(
        Batch(alerts=[alert(1, alert_name="ended", status="RECOVERED", end_time=NOW + 50), alert(2, alert_name="open")])
    )
    settle()
    assert names(store.alerts(AlertQuery(since=since, until=until))) == expected


@pytest.mark.parametrize(
    "text",
    [
        "磁盘",
        "空间",
        "盘空间不",
        "磁盘空间不足",
        "使用率",
        "根目录",
        "系统根目录",
        "disk",
        "DISK",
        '"磁盘空间"',
        "磁盘 使用率",
        "/dev/vda1",
        "10.0.0.1",
        "443",
        "磁",
    ],
)
def test_words_and_chinese_parts_of_words_are_found(store, settle, text):
    described = {"description": "Disk 使用率 >= 90%, 当前值 93%"}
    store.write(
        Batch(
            alerts=[
                alert(1, alert_name="磁盘空间不足", event_changes=described),
                alert(2, event_changes={"tags": (), "target": "x", "ip": None}, dimensions=()),
            ]
        )
    )
    settle()
    assert found_by(store, text) == ["磁盘空间不足"]


@pytest.mark.parametrize(
    "text",
    [
        "磁空",
        "盘磁",
        "磁盘 内存",
        "磁盘%",
        "磁_",
        '"磁盘 空间"',
        "nothing",
        'OR "',
        "磁盘 NOT 空",
        "*",
        "words:磁盘",
        "%",
        "'; DROP TABLE alerts; --",
    ],
)
def test_what_is_not_in_the_words_is_not_found_and_nothing_users_type_is_an_instruction(store, settle, text):
    store.write(Batch(alerts=[alert(alert_name="磁盘空间不足", event_changes={"description": "full", "tags": ()})]))
    settle()
    assert found_by(store, text) == []
    assert found_by(store, "磁盘") == ["磁盘空间不足"]


def test_a_changed_description_is_found_and_the_former_one_is_not(store, settle):
    store.write(Batch(alerts=[alert(event_changes={"description": "磁盘空间不足"})]))
    store.write(Batch(alerts=[alert(revision=2, event_changes={"description": "内存使用率过高"})]))
    settle()
    assert (found_by(store, "使用率过高"), found_by(store, "空间不足")) == (["CPU usage"], [])


def test_retention_drops_what_is_old_and_keeps_what_is_young(store, settle):
    old, young = (
        alert(1, status="CLOSED", end_time=NOW + 1),
        alert(2, opened=NOW + MONTHS, status="CLOSED", end_time=NOW + MONTHS),
    )
    for one in (old, young):
        store.write(
            Batch(
                alerts=[one],
                logs=[entry(one)],
                actions=[action(one)],
                events=[archived(dedupe_md5=one.dedupe_md5, time=one.begin_time, at=one.begin_time)],
            )
        )
    settle()
    told = {}
    removed = store.retain(NOW + MONTHS, Retention(alerts=30, logs=30, actions=30, events=30), told.__setitem__)
    assert {kind: count for kind, count in told.items() if count} == {kind: n for kind, n in removed.items() if n}
    settle()
    assert all(removed[kind] > 0 for kind in ("alerts", "logs", "actions", "events"))
    assert (
        store.alert(old.id),
        store.logs(old.id),
        store.actions(old.id),
        store.events(old.dedupe_md5, 0, NOW + MONTHS),
    ) == (
        None,
        [],
        [],
        [],
    )
    assert store.alert(young.id)
    assert (
        len(store.logs(young.id)),
        len(store.actions(young.id)),
        len(store.events(young.dedupe_md5, 0, NOW + MONTHS)),
    ) == (1, 1, 1)


@pytest.mark.parametrize("kept", [alert(), alert(status="CLOSED", end_time=NOW + MONTHS)])
def test_retention_keeps_an_old_alert_that_is_open_or_ended_lately(store, settle, kept):
    store.write(Batch(alerts=[kept]))
    settle()
    store.retain(NOW + MONTHS, Retention(alerts=30))
    settle()
    assert store.alert(kept.id)


def test_zero_days_keep_for_ever(store, settle):
    store.write(Batch(alerts=[alert(status="CLOSED", end_time=NOW)], logs=[entry(alert())]))
    settle()
    store.retain(NOW + 20 * MONTHS, Retention(0, 0, 0, 0))
    settle()
    assert store.alert(alert().id)
    assert len(store.logs(alert().id)) == 1


def test_dropped_alerts_are_no_longer_found_by_their_words(store, settle):
    store.write(Batch(alerts=[alert(alert_name="磁盘空间不足", status="CLOSED", end_time=NOW)]))
    settle()
    store.retain(NOW + MONTHS, Retention(alerts=30))
    settle()
    assert found_by(store, "磁盘空间") == []


def test_an_empty_batch_is_fine(store):
    assert store.write(Batch()).refused == ()


def test_an_action_is_read_with_what_its_receipts_made_of_it(store, settle):
    planned = action(alert(), receivers={"mail": ["alice"]})
    store.write(Batch(actions=[planned]))
    store.write(
        Batch(receipts=[receipt(planned, results={"alice": ReceiverResult(result=False, message="550 no such user")})])
    )
    settle()
    read = store.actions(alert().id)[0]
    assert (read.status, read.reason) == ("failure", "not_delivered")
    assert read.deliveries["notice-" + planned.id].results["alice"].message == "550 no such user"


def test_a_receipt_that_comes_before_its_action_is_kept_for_it(store, settle):
    planned = action(alert(), receivers={"mail": ["alice"]})
    store.write(Batch(receipts=[receipt(planned)]))
    store.write(Batch(actions=[planned]))
    settle()
    assert store.actions(alert().id)[0].reason == "delivered"


def test_an_action_written_again_keeps_its_receipts(store, settle):
    planned = action(alert(), receivers={"mail": ["alice"]})
    store.write(Batch(actions=[planned], receipts=[receipt(planned)]))
    store.write(Batch(actions=[msgspec.structs.replace(planned, revision=2)]))
    settle()
    assert store.actions(alert().id)[0].reason == "delivered"


def test_the_receipt_of_an_earlier_attempt_never_replaces_that_of_a_later_one(store, settle):
    planned = action(alert(), receivers={"mail": ["alice"]})
    failed = {"alice": ReceiverResult(result=False, message="timeout")}
    store.write(Batch(actions=[planned], receipts=[receipt(planned, attempt=2, time=NOW + 9)]))
    written = store.write(Batch(receipts=[receipt(planned, attempt=1, results=failed, final=False)]))
    settle()
    assert (store.actions(alert().id)[0].status, written.conflicts) == ("success", 1)


def test_a_summary_is_the_receipt_of_each_of_its_actions(store, settle):
    merged = [action(alert(number), status="skipped", reason="merged") for number in (1, 2)]
    store.write(Batch(actions=merged, receipts=[receipt(merged[0], action_ids=tuple(one.id for one in merged))]))
    settle()
    assert [store.actions(alert(number).id)[0].real_status for number in (1, 2)] == ["success", "success"]


def test_shields_are_kept_in_their_newest_form(store, settle):
    store.write(Batch(shields=[shield(), shield("s2", time=NOW + 5)]))
    store.write(Batch(shields=[shield(time=NOW + 9, ended=NOW + 9)]))
    settle()
    assert store.shields() == [shield(time=NOW + 9, ended=NOW + 9), shield("s2", time=NOW + 5)]


def test_an_older_form_of_a_shield_that_comes_again_changes_nothing(store, settle):
    store.write(Batch(shields=[shield(time=NOW + 9, ended=NOW + 9)]))
    store.write(Batch(shields=[shield()]))
    settle()
    assert [one.ended for one in store.shields()] == [NOW + 9]


def test_the_last_word_of_each_worker_is_kept(store, settle):
    store.write(Batch(workers=[worker(0), worker(1, time=NOW + 5, waits=None, unit="")]))
    store.write(Batch(workers=[worker(0, time=NOW + 9, rules_version="v2", rules_trouble="x: y")]))
    store.write(Batch(workers=[worker(0, time=NOW + 1)]))
    settle()
    assert store.workers() == [
        worker(0, time=NOW + 9, rules_version="v2", rules_trouble="x: y"), worker(1, time=NOW + 5, waits=None, unit=""),
    ]  # fmt: skip


def test_a_word_of_a_worker_is_no_news_of_the_alerts(store, settle):
    before = store.changes().cursor
    store.write(Batch(workers=[worker()]))
    settle()
    assert store.changes(before).kinds == frozenset()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["c3", "c2", "c1"]),
        ({"limit": 2}, ["c3", "c2"]),
        ({"id": "c2"}, ["c2"]),
        ({"operator": "bob"}, ["c2"]),
        ({"alert_id": "a1"}, ["c2", "c1"]),
        ({"outcome": "refused"}, ["c3"]),
        ({"since": NOW + 1}, ["c3", "c2"]),
        ({"until": NOW + 1}, ["c2", "c1"]),
        ({"since": NOW + 3}, []),
    ],
)
def test_commands_are_found_by_who_what_and_when(store, settle, query, found):
    refused = command("c3", time=NOW + 2, alert_id=None, shield_id="s9", outcome="refused", reason="unknown_alert")
    written = Batch(commands=[command(), command("c2", time=NOW + 1, operator="bob"), refused])
    store.write(written)
    store.write(written)
    settle()
    assert [one.id for one in store.commands(CommandQuery(**query))] == found
    if "c3" in found:
        assert refused in store.commands(CommandQuery(**query))
