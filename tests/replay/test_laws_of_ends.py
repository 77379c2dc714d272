"""Laws of trust: what people heard last is how it stands, whatever kept them from hearing in between (design.md 7.48, 7.54-7.60)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.replay.driver import RULES, T0, command, put, replay, strategy_event

DAY = 86400
CALM = 3 * DAY
"""Seconds after the last line in which everybody can be reached some time, and all that waits is told."""
CHECK_INTERVAL = 60
EXAMPLES = 40
FINGERPRINTS = [(strategy, host) for strategy in (1, 2) for host in ("10.0.0.1", "10.0.0.2")]
ENDS = ("recovered", "closed")
ALWAYS = ("00:00", "23:59")
HOURS = (ALWAYS, ("22:20", "22:39"), ("09:00", "17:59"), ("23:00", "01:00"))
MEETING = (
    (ALWAYS, ALWAYS), (ALWAYS, ("22:15", "22:59")), (("22:20", "22:39"), ("22:15", "22:29")),
    (("09:00", "17:59"), ("08:00", "11:59")), (("23:00", "01:00"), ALWAYS),
)  # fmt: skip
"""Hours of a group and of a notice that have some time in common."""
KINDS = ("event",) * 9 + ("shield", "unshield", "people")

GAPS = st.one_of(st.integers(0, 30), st.integers(0, 30), st.integers(60, 900), st.integers(3600, 40_000))


def group(name, person, way, hours):
    ways = [{"level": level, "notice_ways": [{"name": way}]} for level in (1, 2, 3)]
    return {
        "id": name,
        "name": name,
        "users": [person],
        "alert_notice": [{"time_range": "--".join(hours), "notify_config": ways}],
    }


@st.composite
def books(draw):
    """Rules: two strategies, told to one group each; the hours of groups and notices differ."""
    hours, (begin, end) = draw(st.sampled_from(MEETING))
    groups = [group("ops", "alice", "mail", draw(st.sampled_from(HOURS))), group("web", "bob", "sms", hours)]
    options = {"start_time": f"{begin}:00", "end_time": f"{end}:59", "need_biz_converge": draw(st.booleans())}
    shields = [shield(draw, number) for number in range(draw(st.integers(0, 2)))]
    return {
        "strategies": [strategy("1", "ops", {}), strategy("2", "web", options)],
        "user_groups": groups,
        "shields": shields,
    }


def strategy(name, told, options):
    notice = {"user_groups": [told], "signal": ["abnormal", "recovered", "closed"], "options": options}
    return {"id": name, "name": name, "notice": notice}


def shield(draw, number):
    begin = T0 + draw(st.integers(-100, 4000))
    end = begin + draw(st.integers(0, 6000))
    chosen = {"strategy_id": [draw(st.sampled_from(["1", "2"]))]}
    return {"id": number, "category": "strategy", "dimension_config": chosen, "begin_time": begin, "end_time": end}


@st.composite
def limits(draw):
    """Settings: flapping, quotas and windows, tight or off."""
    flap = {"changes": draw(st.sampled_from([0, 2, 3, 6])), "window": 600, "quiet": draw(st.sampled_from([30, 600]))}
    quota = {"threshold": draw(st.sampled_from([0, 1, 3])), "window": draw(st.sampled_from([60, 600]))}
    converge = {"window": 60, "delay": 20, "business_threshold": draw(st.sampled_from([1, 5]))}
    return {"flap": flap, "quota": {"action": quota}, "converge": converge, "check_interval": CHECK_INTERVAL}


@st.composite
def blocking_limits(draw):
    """Settings that also let no more than a few alerts open."""
    given_ = draw(limits())
    alerts = {"threshold": draw(st.sampled_from([1, 2])), "window": draw(st.sampled_from([60, 6000]))}
    return {**given_, "quota": {**given_["quota"], "alert": alerts}}


@st.composite
def streams(draw, kinds=KINDS):
    """Lines in order: events of four fingerprints, shields set and lifted, a change of whom a strategy tells."""
    at, lines = 0, []
    for number in range(draw(st.integers(1, 20))):
        at += draw(GAPS)
        kind = draw(st.sampled_from(kinds))
        if kind == "event":
            lines.append(an_event(draw, at, number))
        elif kind == "shield":
            lines.append(command(at, "shield", shield=shield(draw, 9)))
        elif kind == "unshield":
            lines.append(command(at, "unshield", id=9))
        else:
            lines.append(put(at, strategies=[strategy("1", draw(st.sampled_from(["ops", "web"])), {})]))
    return lines


def an_event(draw, at, number):
    chosen, host = draw(st.sampled_from(FINGERPRINTS))
    return strategy_event(
        at,
        draw(st.sampled_from(["ABNORMAL", "ABNORMAL", "RECOVERED", "CLOSED"])),
        event_id=f"e{number}",
        strategy_id=chosen,
        target=host,
        severity=draw(st.sampled_from([1, 2, 2, 3])),
    )


def outcome(book, lines, given_):
    return replay(book, lines, until=lines[-1]["at"] - T0 + CALM, settings=given_)


def last_words(out):
    """Return the last notice that each receiver got, by way and fingerprint, and the newest alert of each fingerprint."""
    series = {one["id"]: one["dedupe_md5"] for one in out.alerts}
    newest = {one["dedupe_md5"]: one for one in sorted(out.alerts, key=lambda one: one["create_time"])}
    heard = {
        (one["way"], who, series[alert]): one
        for one in out.notices
        for alert in one["alert_ids"]
        for who in one["receivers"]
    }
    return heard, newest


def says_end(notice, alert):
    return notice["signal"] in ENDS or notice["time"] >= alert["end_time"]


@settings(max_examples=EXAMPLES)
@given(books(), streams(), st.one_of(limits(), blocking_limits()))
def test_the_last_notice_that_anybody_got_says_how_it_ended(book, lines, given_):
    heard, newest = last_words(outcome(book, lines, given_))
    for (_, _, fingerprint), notice in heard.items():
        alert = newest[fingerprint]
        assert alert["status"] == "ABNORMAL" or says_end(notice, alert), (notice, alert)


def in_hours(hours, at):
    """Return True if a second lies in a range of the day, in UTC; the last minute counts."""
    first, last = (int(edge[:2]) * 60 + int(edge[3:5]) for edge in hours)
    minute = at % DAY // 60
    return first <= minute <= last if first <= last else minute >= first or minute <= last


def reached(book, alert, given_):
    """Return the second from which on nothing keeps the people of an open alert from hearing of it."""
    quota, flap = given_["quota"]["action"], given_["flap"]
    at = alert["create_time"] + flap["quiet"] * bool(flap["changes"])
    if quota["threshold"]:  # all fingerprints may come at once when a shield ends, one a window
        ends = (one["end_time"] + 1 for one in book["shields"])
        at = max(at, *ends, alert["create_time"]) + len(FINGERPRINTS) * quota["window"]
    return first_reached(book, alert, at)


def first_reached(book, alert, at):
    """Return the first second from one on that lies in the hours of group and notice, and in no shield."""
    number = int(alert["strategy_id"]) - 1
    group_hours = book["user_groups"][number]["alert_notice"][0]["time_range"].split("--")
    options = book["strategies"][number]["notice"]["options"]
    notice_hours = options.get("start_time", "00:00"), options.get("end_time", "23:59")
    shields = [one for one in book["shields"] if one["dimension_config"]["strategy_id"] == [alert["strategy_id"]]]
    while (
        not in_hours(group_hours, at)
        or not in_hours(notice_hours, at)
        or any(one["begin_time"] <= at <= one["end_time"] for one in shields)
    ):
        at += 1
    return at


@settings(max_examples=EXAMPLES)
@given(books(), streams(("event",)), limits())
def test_a_problem_that_stays_open_is_told_once_somebody_can_be_reached(book, lines, given_):
    out = outcome(book, lines, given_)
    for alert in last_words(out)[1].values():
        told = [one["time"] for one in out.notices if alert["id"] in one["alert_ids"]]
        if alert["status"] == "ABNORMAL":
            assert told, alert
            late = min(told) - reached(book, alert, given_)
            assert late <= CHECK_INTERVAL + 2 * given_["converge"]["delay"], (late, alert)


# --- found on the way


BLOCKED = {"quota": {"alert": {"threshold": 1, "window": 600}}}
"""One alert of a strategy and severity may open in ten minutes."""


def superseded(*lines):
    """Return what is told of a problem whose worse successor is blocked."""
    other = strategy_event(1, severity=1, target="10.0.0.9", event_id="other")
    out = replay(RULES, [strategy_event(0), other, strategy_event(20, severity=1), *lines], settings=BLOCKED)
    (blocked,) = [one for one in out.alerts if one["is_blocked"]]
    return blocked, [one for one in out.notices if blocked["id"] in one["alert_ids"]], out


@pytest.mark.parametrize(("status", "signal"), [("RECOVERED", "recovered"), ("CLOSED", "closed")])
def test_the_end_of_a_blocked_alert_is_told_to_who_was_told_of_the_milder_one(status, signal):
    blocked, told, out = superseded(strategy_event(60, status, severity=1))
    assert blocked["status"] == status
    assert [(one["signal"], one["receivers"]) for one in told] == [(signal, ["alice"])]
    assert {one["alert_id"] for one in out.signals}.isdisjoint({blocked["id"]})


def test_the_end_of_a_blocked_alert_is_told_to_nobody_else():
    moved = put(40, strategies=[{**RULES["strategies"][0], "notice": {"user_groups": ["web"]}}],
                user_groups=[{"id": "web", "name": "Web", "users": ["bob"], "ways": ["sms"]}])  # fmt: skip
    _, told, _ = superseded(moved, strategy_event(60, "RECOVERED", severity=1))
    assert [one["receivers"] for one in told] == [["alice"]]


def test_a_problem_that_flow_control_lets_go_is_told_as_going_on_and_its_end_to_who_knew():
    moved = put(40, strategies=[{**RULES["strategies"][0], "notice": {"user_groups": ["web"]}}],
                user_groups=[{"id": "web", "name": "Web", "users": ["bob"], "ways": ["sms"]}])  # fmt: skip
    released, end = strategy_event(700, severity=1), strategy_event(800, "RECOVERED", severity=1)
    blocked, told, out = superseded(moved, released, end)
    assert (blocked["status"], told) == ("CLOSED", [])
    assert out.noticed("signal")[2:] == [
        (700, "sms", "bob", "abnormal"),
        (800, "sms", "bob", "recovered"),
        (800, "mail", "alice", "recovered"),
    ]


def test_a_blocked_alert_that_nobody_knows_of_ends_in_silence():
    lines = [strategy_event(0), strategy_event(1, target="10.0.0.9", event_id="other")]
    out = replay(RULES, [*lines, strategy_event(60, "RECOVERED", target="10.0.0.9")], settings=BLOCKED)
    assert [one["is_blocked"] for one in out.alerts] == [False, True]
    assert len(out.notices) == 1
