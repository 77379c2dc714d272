"""How long pages wait for the store: each of their questions, asked again and again of a store in a storm.

python -m bench.pages [PATH|http://...] [--open 100000] [--ended 100000] [--events 1000000] [--rounds 100]
"""

import argparse
import itertools
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from bench.figure import calibration
from operators.model.alert import ABNORMAL, Alert
from operators.model.event import Event, Tag
from operators.model.notice import NoticeDocument
from operators.model.reason import NOT_TOLD
from operators.model.records import Action, LogEntry
from sinks.store.changes import Watch
from sinks.store.interface import Batch, Retention, Store
from sinks.store.order import ORDERS, WORST_FIRST
from sinks.store.place import open_store
from sinks.store.query import ActionQuery, AlertQuery, LogQuery, NoticeQuery, parse_query

T0 = int(time.time())
SPAN = 2 * 86400
"""Seconds over which everything is spread, up to T0."""
BATCH = 1000
TEAMS: tuple[tuple[str, ...], ...] = (("dora", "kai"), ("mia",), ("lee", "bob", "ann"), ())
REASONS = sorted(NOT_TOLD)
OPEN = AlertQuery(status=(ABNORMAL,))
SEARCHES = {
    "an address": "10.2.77.3", "a word of every alert": "threshold", "two letters": "vd", "a tag": "tags.cluster:c3",
    "a target": "target:10.2.77.3",
}  # fmt: skip
"""What is looked for -> its text."""


def event(number: int, key: int, second: int) -> Event:
    """Return an event of a key, as the archive has it."""
    host = f"10.{key >> 16 & 255}.{key >> 8 & 255}.{key & 255}"
    return Event(
        id=f"e{number}", event_id=f"e{number}", plugin_id="bench", strategy_id=str(key % 200), alert_name=f"alert-{key % 50:02d} is wrong",
        description=f"value crossed its threshold on {host}", severity=1 + key % 3, data_type="event",
        tags=(Tag("device", f"/dev/vd{key % 9}"), Tag("cluster", f"c{key % 8}"), Tag("host", host)), target_type=("HOST", "POD")[key % 2],
        target=f"{host}|0", status=ABNORMAL, metric=(), category="os", dedupe_keys=("target",), dedupe_md5=f"{key:032x}",
        time=second, at=second, anomaly_time=second, bk_biz_id=key % 12, ip=host,
    )  # fmt: skip


def alert(number: int, total: int, *, is_open: bool, rng: random.Random) -> Alert:
    """Return an alert; the later ones began later."""
    second = T0 - SPAN + number * SPAN // total
    last = event(number, number, second)
    return Alert(
        id=f"{second:010d}{number:012x}", seq_id=f"{number:012x}", dedupe_md5=last.dedupe_md5, strategy_id=last.strategy_id,
        bk_biz_id=last.bk_biz_id, alert_name=last.alert_name,
        status=ABNORMAL if is_open else "RECOVERED", severity=last.severity, event=last, create_time=second,
        update_time=second, begin_time=second, end_time=None if is_open else second + 3000, latest_time=second, first_anomaly_time=second,
        is_ack=number % 7 == 0, ack_operator="dora" if number % 7 == 0 else None, is_shielded=number % 11 == 0, appointee=TEAMS[number % 4],
        event_count=rng.randrange(1, 3000), generation=T0,
    )  # fmt: skip


def beside(one: Alert, number: int) -> Batch:
    """Return what is written with an alert: its log, and for some why people were not told, an action and a notice."""
    logs = [LogEntry(f"{one.id}-1-0", one.create_time, one.id, one.dedupe_md5, "CREATE", "opened")]
    if number % 3 == 0:
        reason = REASONS[number % len(REASONS)]
        logs.append(LogEntry(f"{one.id}-1-1", one.create_time, one.id, one.dedupe_md5, "ACTION", reason))
    if number % 5:
        return Batch(logs=logs)
    action = Action(
        id=f"x{number}", time=one.create_time, alert_ids=(one.id,), strategy_id=one.strategy_id, relation_id="notice", plugin_type="notice",
        signal="abnormal", notice_type="normal", execute_times=1, status="success", receivers={"mail": list(one.appointee)},
        bk_biz_id=one.bk_biz_id,
    )  # fmt: skip
    notice = NoticeDocument(
        id=f"n{number}", time=one.create_time, way="mail", receivers=one.appointee, alert_ids=(one.id,), action_ids=(action.id,),
        bk_biz_id=one.bk_biz_id, title=one.alert_name, content="text " * 60, state="delivered",
    )  # fmt: skip
    return Batch(logs=logs, actions=[action], notices=[notice])


def fill(store: Store, opened: int, ended: int, events: int) -> None:
    """Write everything, in batches as a job writes them."""
    rng, total = random.Random(7), opened + ended
    for first in range(0, total, BATCH):
        alerts = [
            alert(number, total, is_open=number >= ended, rng=rng) for number in range(first, min(first + BATCH, total))
        ]
        more = [beside(one, first + place) for place, one in enumerate(alerts)]
        gathered = {
            kind: list(itertools.chain(*(getattr(one, kind) for one in more)))
            for kind in ("logs", "actions", "notices")
        }
        store.write(Batch(alerts=alerts, **gathered))
    store.retain(T0, Retention(alerts=0, logs=0, actions=0, events=0))  # drops nothing; SQLite indexes all words
    for first in range(0, events, BATCH):
        numbers = range(first, min(first + BATCH, events))
        seconds = ((number, T0 - SPAN + number * SPAN // events) for number in numbers)
        store.write(Batch(events=[event(number, rng.randrange(total), second) for number, second in seconds]))


def questions(store: Store) -> Iterator[tuple[str, Callable[[], object]]]:
    """Yield what pages ask."""
    some = store.alerts(msgspec.structs.replace(OPEN, sort=WORST_FIRST, limit=50))
    turn = itertools.cycle(some)
    today = LogQuery(reason=tuple(REASONS), since=T0 - 86400)
    for sort in ORDERS:
        yield f"now: 50 open alerts, {sort}", lambda sort=sort: store.alerts(msgspec.structs.replace(OPEN, sort=sort))
    yield "now: counts of all facets", lambda: store.facets(OPEN)
    yield "now: counts of one person's", lambda: store.facets(msgspec.structs.replace(OPEN, person=("mia",)))
    yield "now: groups by name", lambda: store.groups(OPEN, "name")
    yield "now: groups by strategy", lambda: store.groups(OPEN, "strategy")
    yield "now: groups by target", lambda: store.groups(OPEN, "target")
    yield "now: trend of two hours", lambda: store.trend(AlertQuery(), T0 - 7200, T0, 300)
    for title, text in SEARCHES.items():
        asked = msgspec.structs.replace(parse_query(f"{text} status:ABNORMAL"), sort=WORST_FIRST)
        yield f"now: {title}, counts", lambda asked=asked: store.by_severity(asked)
        yield f"now: {title}, 50 alerts", lambda asked=asked: store.alerts(asked)
        yield f"now: {title}, groups by name", lambda asked=asked: store.groups(asked, "name")
    yield "alert: the alert and its log", lambda: (store.alert(next(turn).id), store.logs(next(turn).id))
    yield "alert: actions and notices", lambda: (
        store.actions(next(turn).id), store.notices(NoticeQuery(alert_id=next(turn).id)),
    )  # fmt: skip
    yield "alert: events by minute", lambda: store.event_counts(next(turn).dedupe_md5, T0 - SPAN, T0, 60)
    yield "alert: others of its fingerprint", lambda: store.facets(AlertQuery(dedupe_md5=(next(turn).dedupe_md5,)))
    yield "not told: a day by hour and reason", lambda: store.happened(today, 3600)
    yield "not told: the worst alerts", lambda: store.concerned(today)
    yield "person: notices and actions", lambda: (
        store.notices(NoticeQuery(receiver="mia")), store.planned(ActionQuery(receiver="mia")),
    )  # fmt: skip
    watch = Watch(store)
    yield "all: what is new", watch.news


def measured(ask: Callable[[], object], rounds: int) -> str:
    """Return p50 and p99 of the wall clock, and what it costs this process, in milliseconds."""
    ask()
    walls: list[float] = []
    begin = time.process_time()
    for _ in range(rounds):
        before = time.perf_counter()
        ask()
        walls.append((time.perf_counter() - before) * 1000)
    cpu = (time.process_time() - begin) / rounds * 1000
    walls.sort()
    return f"p50 {walls[len(walls) // 2]:8.1f}  p99 {walls[min(len(walls) - 1, len(walls) * 99 // 100)]:8.1f}  CPU {cpu:7.1f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("store", nargs="?", default="")
    for name, default in (("open", 100_000), ("ended", 100_000), ("events", 1_000_000), ("rounds", 100)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(given.store or str(Path(folder) / "store.sqlite3"))
        begin, cpu = time.perf_counter(), time.process_time()
        fill(store, given.open, given.ended, given.events)
        print(
            f"{given.open:,} open and {given.ended:,} ended alerts, {given.events:,} events written in"
            f" {time.perf_counter() - begin:.0f} s ({time.process_time() - cpu:.0f} s of CPU here); c = {calibration():.1f} us",
            flush=True,
        )
        time.sleep(2)  # until a refresh shows the last of it
        for title, ask in questions(store):
            print(f"{title:38} {measured(ask, given.rounds)}", flush=True)
        store.close()


if __name__ == "__main__":
    main()
