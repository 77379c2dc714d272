"""Random lines for laws: few fingerprints and short intervals, so that everything meets everything within some hours."""

from hypothesis import strategies as st

from tests.replay.driver import T0, check, command, delete, event, put, receipt, tick

SERIES = {
    "strategies": [
        {
            "id": 1,
            "name": "told",
            "notice": {
                "user_groups": ["ops"],
                "signal": ["abnormal", "recovered", "closed", "no_data", "ack"],
                "options": {
                    "upgrade_config": {"is_enabled": True, "upgrade_interval": 3, "user_groups": ["boss", "ops"]},
                },
                "config": {"notify_interval": 120},
            },
        },
        {
            "id": 2,
            "name": "watched",
            "items": [
                {
                    "id": 1,
                    "name": "cpu",
                    "query_configs": [{"metric_id": "cpu", "agg_interval": 60, "agg_dimension": ["ip"]}],
                    "no_data_config": {"is_enabled": True},
                }
            ],
            "detects": [
                {
                    "level": level,
                    "trigger_config": {"count": 2, "check_window": 5, "uptime": {"time_ranges": [{"start": "22:00", "end": "23:00"}]}},
                    "recovery_config": {"check_window": 2},
                }
                for level in (1, 2, 3)
            ],
            "notice": {
                "user_groups": ["ops"],
                "options": {"noise_reduce_config": {"is_enabled": True, "dimensions": ["ip"], "count": 50}},
            },
        },
        {"id": 3, "name": "timed", "timeout": 600, "notice": {"user_groups": ["ops"], "config": {"notify_interval": 90}}},
        {
            "id": 4,
            "name": "counted",
            "items": [
                {
                    "id": 1,
                    "name": "log",
                    "query_configs": [{"metric_id": "log", "data_source_label": "custom", "data_type_label": "event"}],
                }
            ],
            "detects": [{"level": 2, "recovery_config": {"check_window": 3, "status_setter": "close"}}],
        },
    ],
    "user_groups": [
        {"id": "ops", "name": "Ops", "users": ["alice", "carol"], "ways": ["mail", "voice"]},
        {"id": "boss", "name": "Boss", "users": ["bob"], "ways": ["mail"]},
    ],
    "dispatch": [
        {
            "id": 1,
            "name": "third",
            "rules": [
                {
                    "id": 1,
                    "conditions": [{"field": "alert.name", "method": "eq", "value": ["ruled"]}],
                    "user_groups": ["ops"],
                    "alert_severity": 2,
                    "actions": [{"action_type": "notice"}],
                }
            ],
        }
    ],
    "shields": [
        {
            "id": 1,
            "category": "strategy",
            "dimension_config": {"strategy_id": [1]},
            "begin_time": T0 + 200,
            "end_time": T0 + 500,
            "notice_config": {"notice_time": 2, "notice_way": ["mail"], "notice_receiver": ["user#alice"]},
        }
    ],
}  # fmt: skip

SETTINGS = {
    "timeout": 400,
    "ended_retention": 300,
    "recover_delay": 30,
    "clock_skew": 20,
    "late": 200,
    "quota": {"alert": {"threshold": 3, "window": 100}, "action": {"threshold": 3, "window": 60}},
    "converge": {"window": 60, "delay": 20, "business_threshold": 1},
    "noise_reduce": {"window": 60},
}

NAMES = ("third", "ruled")
HOSTS = ("10.0.0.1", "10.0.0.2")
EXTRA_SHIELD = {
    "id": 9,
    "category": "dimension",
    "dimension_config": {"dimension_conditions": [{"key": "ip", "method": "eq", "value": ["10.0.0.1"]}]},
}

severities = st.sampled_from([1, 2, 2, 3])
statuses = st.sampled_from(["ABNORMAL", "ABNORMAL", "ABNORMAL", "RECOVERED", "CLOSED"])
delays = st.one_of(st.just(0), st.integers(1, 90), st.integers(90, 700))
leases = st.one_of(st.none(), st.none(), st.integers(-20, 400))
extras = st.sampled_from(
    [
        {},
        {},
        {"resolves": True},
        {"annotations": {"summary": "full"}},
        {"origin_alarm": {"data": {"access_time": T0 - 90_000}}},
    ]
)
lags = st.one_of(st.just(0), st.integers(-30, 30), st.integers(0, 2000))


@st.composite
def identities(draw):
    """Fields that name one of a dozen series."""
    host = {"target_type": "HOST", "target": draw(st.sampled_from(HOSTS))}
    strategy = draw(st.sampled_from([None, 1, 2, 3, 4]))
    if strategy is None:
        return {**host, "alert_name": draw(st.sampled_from(NAMES))}
    return {**host, "strategy_id": strategy}


@st.composite
def events(draw, at):
    identity = draw(identities())
    no_data = draw(st.integers(0, 9)) == 0
    tags = (
        [{"key": "__NO_DATA_DIMENSION__", "value": True}] if no_data else [{"key": "ip", "value": identity["target"]}]
    )
    lease = draw(leases)
    return event(
        at,
        draw(statuses),
        **({} if lease is None else {"until": T0 + at + lease}),
        **{"alert_name": "", **identity},
        time=T0 + at - draw(lags),
        severity=draw(severities),
        event_id=f"e{draw(st.integers(0, 50))}",
        tags=tags,
        extra_info=draw(extras),
    )


@st.composite
def checks(draw, at):
    said = draw(
        st.sampled_from(
            [
                {"anomaly": True, "level": 2},
                {"anomaly": False, "value": 1},
                {"anomaly": False, "level": 2, "value": 2},
                {"no_data": True},
                {"no_data": False},
                {"anomaly": True},
                {"superseded": True},
            ]
        )
    )
    return check(at, time=T0 + at - draw(lags), **{**draw(identities()), **said})


@st.composite
def commands(draw, at, known):
    name = draw(st.sampled_from(["ack", "ack", "unack", "close", "assign", "comment", "shield", "unshield", "dance"]))
    if name == "shield":
        begin = T0 + at + draw(st.integers(-100, 100))
        return command(
            at, name, shield={**EXTRA_SHIELD, "begin_time": begin, "end_time": begin + draw(st.integers(0, 300))}
        )
    if name == "unshield":
        return command(at, name, id=draw(st.sampled_from([1, 9])))
    until = draw(st.none() | st.integers(-5, 600))
    end = {} if name != "ack" or until is None else {"until": T0 + at + until}
    said = {**end, **draw(st.sampled_from([{}, {"command_id": "twice"}]))}
    return command(at, name, dedupe_md5=draw(st.sampled_from(known)), message="why", appointee=["dave"], **said)


@st.composite
def changes(draw, at):
    strategy = {**draw(st.sampled_from(SERIES["strategies"])), "labels": draw(st.sampled_from([[], ["x"]]))}
    cut_off = {
        "id": 1,
        "module": "alert.builder",
        "conditions": [{"key": "strategy_id", "method": "eq", "value": ["3"]}],
    }
    return draw(
        st.sampled_from(
            [
                put(at, strategies=[strategy]),
                delete(at, strategies=[strategy["id"]]),
                put(at, circuit_breaking=[cut_off]),
                delete(at, circuit_breaking=[1]),
                put(at, strategies=[{"id": 5, "name": "dangling", "notice": {"user_groups": ["nobody"]}}]),
                delete(at, dispatch=[1]),
            ]
        )
    )


@st.composite
def scenes(draw, known, size=40):
    """A list of lines in order of arrival; `known` are fingerprints that commands may name."""
    at, lines = 0, []
    for _ in range(draw(st.integers(1, size))):
        at += draw(delays)
        kind = draw(st.sampled_from([events] * 8 + [checks] * 4 + [commands, changes, receipts, broken, ticks]))
        lines.append(draw(kind(at, known) if kind is commands else kind(at)))
    return lines


def receipts(at):
    return st.integers(0, 5).map(lambda place: receipt(at, notice=place, results={"alice": {"result": False}}))


def ticks(at):
    return st.just(tick(at))


def broken(at):
    return st.sampled_from([{"at": T0 + at, "event_id": "x"}, b"{", b"[]", {"kind": "nothing", "at": T0 + at}])
