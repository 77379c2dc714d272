"""`who` agrees with what a replay does, whatever the rules."""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from flows.settings.settings import settings_from
from operators.explain.who import event_of, who_hears
from tests.replay.driver import T0, finished, lines_of, replay_of

MANY = settings(
    max_examples=200, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.reuse, Phase.generate)
)
"""Not shrunk: that takes minutes of such scenes."""

PEOPLE = ("alice", "bob", "carol", "dora")
WEEK = 7 * 86400

people = st.lists(st.sampled_from(PEOPLE), max_size=3, unique=True)
hours = st.sampled_from(["00:00--23:59", "08:00--18:00", "18:00--08:00", "22:13--22:14"])
ways = st.lists(st.sampled_from(["mail", "voice", "sms"]), min_size=1, max_size=2, unique=True)
severities = st.integers(1, 3)
levels = st.sampled_from([(1, 2, 3), (1, 2, 3), (1,), (2, 3)])
ANY = [{"field": "alert.severity", "method": "eq", "value": ["1", "2", "3"]}]
DISK = [{"field": "alert.name", "method": "eq", "value": ["disk"]}]
GROUPS = ("one", "two", "three")


@st.composite
def user_groups(draw, name):
    blocks = [
        {"time_range": draw(hours), "notify_config": [{"level": level, "notice_ways": [{"name": way} for way in draw(ways)]} for level in draw(levels)]}
        for _ in range(draw(st.integers(1, 2)))
    ]  # fmt: skip
    plain = {"id": name, "name": name, "alert_notice": blocks}
    if draw(st.booleans()):
        return {**plain, "need_duty": True, "duty_rules": [draw(st.sampled_from(["day", "night"]))]}
    return {**plain, "duty_arranges": [{"users": draw(people)}, {"users": draw(people)}]}


@st.composite
def duties(draw, name):
    work = draw(st.sampled_from(["00:00--23:59", "09:00--18:00", "18:00--09:00"]))
    teams = [team or ["alice"] for team in draw(st.lists(people, min_size=1, max_size=3))]
    turn = {
        "work_type": "daily",
        "work_time_type": "time_range",
        "work_time": [work],
        "period_settings": {"duration": 1},
    }
    arranged = {"duty_time": [turn], "duty_users": teams}
    return {
        "id": name,
        "name": name,
        "category": "handoff",
        "effective_time": "2023-11-01 00:00:00",
        "duty_arranges": [arranged],
    }


@st.composite
def conditions(draw):
    return draw(
        st.sampled_from(
            [
                [],
                [],
                [{"field": "alert.name", "method": "eq", "value": ["disk"]}],
                [{"field": "alert.severity", "method": "eq", "value": ["1"]}],
                [{"field": "tags.service", "method": "eq", "value": ["web"]}],
                [{"field": "ip", "method": "eq", "value": ["10.0.0.1"]}],
                [{"field": "notice_users", "method": "eq", "value": ["alice"]}],
            ]
        )
    )


@st.composite
def dispatch_groups(draw, number):
    rules = [
        {
            "id": 10 * number + place,
            "conditions": draw(conditions()),
            "user_groups": draw(st.lists(st.sampled_from(GROUPS), min_size=1, max_size=2, unique=True)),
            "user_type": draw(st.sampled_from(["follower", "main", "follower"])),
            "alert_severity": draw(st.integers(0, 3)),
            "actions": [{"action_type": "notice", "is_enabled": draw(st.sampled_from([True, True, False]))}],
        }
        for place in range(draw(st.integers(1, 2)))
    ]
    return {"id": number, "name": f"g{number}", "priority": draw(st.integers(1, 2)), "rules": rules}


@st.composite
def books(draw):
    notice = {
        "user_groups": draw(st.lists(st.sampled_from(GROUPS), max_size=2, unique=True)),
        "options": {
            "assign_mode": draw(st.sampled_from([["by_rule", "only_notice"], ["only_notice"], ["by_rule"]])),
            "start_time": draw(st.sampled_from(["00:00:00", "08:00:00"])),
            "end_time": draw(st.sampled_from(["23:59:59", "18:00:00"])),
            "exclude_notice_ways": draw(st.sampled_from([{}, {"abnormal": ["mail"]}])),
        },
        "config": {"voice_notice": draw(st.sampled_from(["parallel", "serial"]))},
        "signal": draw(st.sampled_from([["abnormal", "recovered"], ["recovered"]])),
    }
    begin = T0 + draw(st.integers(-WEEK, WEEK))
    shield = {"id": 1, "category": "dimension", "begin_time": begin, "end_time": begin + WEEK, "is_enabled": draw(st.booleans()),
              "dimension_config": {"dimension_conditions": draw(conditions()) or [{"key": "ip", "method": "eq", "value": ["10.0.0.2"]}]}}  # fmt: skip
    source = [
        {"field": "alert.name", "method": "eq", "value": [draw(st.sampled_from(["host down", "host down", "cpu"]))]}
    ]
    inhibit = {
        "id": "h",
        "source": source,
        "target": draw(st.sampled_from([ANY, ANY, ANY, DISK])),
        "equal": draw(st.sampled_from([[], [], ["service"], ["ip"]])),
    }
    return {
        "inhibits": draw(st.sampled_from([[inhibit], [inhibit], []])),
        "user_groups": [draw(user_groups(name)) for name in GROUPS],
        "duties": [draw(duties(name)) for name in ("day", "night")],
        "strategies": [
            {"id": 1, "name": "disk", "notice": notice, "is_enabled": draw(st.sampled_from([True, True, True, False]))}
        ],
        "dispatch": [draw(dispatch_groups(number)) for number in range(1, draw(st.sampled_from([1, 2, 3, 3])))],
        "shields": [shield],
    }


@st.composite
def asked(draw):
    fields = {
        "alert_name": draw(st.sampled_from(["disk", "cpu"])),
        "severity": draw(severities),
        "target_type": "HOST",
        "target": draw(st.sampled_from(["10.0.0.1", "10.0.0.2"])),
        "tags": draw(st.sampled_from([[], [{"key": "service", "value": "web"}]])),
        "strategy_id": draw(st.sampled_from([None, 1, 1, 9])),
    }
    return {key: value for key, value in fields.items() if value is not None}


@st.composite
def open_before(draw):
    """Events some minutes before, of a problem that is open then."""
    fields = {
        "alert_name": "host down",
        "severity": draw(severities),
        "target_type": "HOST",
        "target": draw(st.sampled_from(["10.0.0.1", "10.0.0.3"])),
        "tags": draw(st.sampled_from([[], [{"key": "service", "value": "web"}]])),
    }
    return draw(st.sampled_from([[fields], [fields], []]))


def line_at(at, event_id, fields):
    return {"at": at, "event_id": event_id, "plugin_id": "p", "time": at, "status": "ABNORMAL", **fields}


def answered(driver, fields, at):
    """Fold what is open before, and ask who would hear of an event."""
    core, book = settings_from({}, ""), driver.intake.book
    among = list(driver.worker.states.open())
    return who_hears(event_of(fields, book, core, at), book, core, at, lambda _: among)


@MANY
@given(books(), asked(), open_before(), st.integers(0, WEEK))
def test_who_would_hear_is_who_hears_in_a_replay(rules, fields, before, later):
    at = T0 + later
    driver = replay_of(rules)
    for one in lines_of([line_at(at - 600, "before", each) for each in before]):
        driver.fold(one)
    found = answered(driver, fields, at)
    for one in lines_of([line_at(at, "e", fields)]):
        driver.fold(one)
    out = finished(driver)
    (alert,) = [one for one in out.alerts if one["event"]["event_id"] == "e"] or [None]
    name = alert and alert["id"]
    told = {
        (person, one["way"], one["followed"])
        for one in out.notices
        for person in one["receivers"]
        if one["signal"] == "abnormal" and name in one["alert_ids"]
    }
    assert {(one.name, one.way, one.follows) for one in found.hearers} == told
    if alert is not None:
        assert alert["severity"] == found.severity
    if not told:
        reasons = {
            one["reason"] for one in out.actions if one["signal"] == "abnormal" and name in one["alert_ids"]
        } or {one["reason"] for one in out.logs if one["op_type"] == "ACTION" and one["alert_id"] == name}
        assert found.reason in (reasons or {"", "unknown_strategy"})
        assert found.why or found.detail


def test_the_situations_of_the_law_reach_every_answer():
    seen = set()

    @settings(max_examples=400, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(books(), asked(), open_before(), st.integers(0, WEEK))
    def walk(rules, fields, before, later):
        driver = replay_of(rules)
        for one in lines_of([line_at(T0 + later - 600, "before", each) for each in before]):
            driver.fold(one)
        found = answered(driver, fields, T0 + later)
        seen.add(found.reason or ("told" if found.hearers else "nothing listens"))
        seen.update(one.follows for one in found.hearers)
        seen.update("silent while" for one in found.silent_while if not one.open_ids)

    walk()
    assert seen >= {
        "told",
        True,
        False,
        "nobody",
        "inhibited",
        "silent while",
        "nothing listens",
        "shielded_by_rule",
        "signal_not_wanted",
        "unknown_strategy",
    }
