"""What a page makes of values: its language, its words, addresses of rules, moments in its zone."""

from zoneinfo import ZoneInfo

import msgspec
import pytest
from starlette.requests import Request

from flows.console.board import Wish
from flows.console.filters import FILTERS, rule_of
from flows.console.folds import Fold, row
from flows.console.page import ENVIRONMENT, language, wants_json
from flows.console.words import said
from operators.model.reason import Reason
from sinks.store.query import AlertQuery, parse_query
from tests.sinks.store.samples import NOW, alert

SHANGHAI = ZoneInfo("Asia/Shanghai")


def request(query="", **headers):
    listed = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": query.encode(), "headers": listed})


@pytest.mark.parametrize(
    ("query", "headers", "lang"),
    [
        ("", {}, "en"),
        ("", {"accept_language": "zh-CN,zh;q=0.9"}, "zh"),
        ("", {"accept_language": "ZH"}, "zh"),
        ("", {"accept_language": "de-DE,zh"}, "en"),
        ("", {"cookie": "lang=zh"}, "zh"),
        ("", {"cookie": "lang=en", "accept_language": "zh"}, "en"),
        ("", {"cookie": "lang=fr", "accept_language": "zh"}, "zh"),
        ("lang=en", {"cookie": "lang=zh", "accept_language": "zh"}, "en"),
        ("lang=zh", {}, "zh"),
        ("lang=fr", {"cookie": "lang=zh"}, "zh"),
    ],
)
def test_the_language_is_that_of_the_address_then_the_one_chosen_before_then_the_browsers(query, headers, lang):
    assert language(request(query, **headers)) == lang


@pytest.mark.parametrize(
    ("accept", "is_program"),
    [
        ("application/json", True),
        ("text/html,application/json", False),
        ("text/html", False),
        ("*/*", False),
        ("", False),
    ],
)
def test_json_is_for_who_accepts_it_and_no_page(accept, is_program):
    assert wants_json(request(accept=accept)) is is_program


@pytest.mark.parametrize(
    ("text", "parts", "lang", "words"),
    [
        ("{n} alerts", {"n": 2}, "en", "2 alerts"),
        ("{n} alerts", {"n": 1}, "en", "1 alert"),
        ("{n} alerts", {"n": 0}, "en", "0 alerts"),
        ("{n} times", {"n": 1}, "en", "once"),
        ("no such words {n}", {"n": 1}, "en", "no such words 1"),
        ("no such words {n}", {"n": 1}, "zh", "no such words 1"),
        ("100 % {of}", {}, "en", "100 % {of}"),
    ],
)
def test_words_are_filled_and_one_thing_is_told_as_one(text, parts, lang, words):
    assert said(text, lang, **parts) == words


def test_what_has_a_translation_is_said_in_it():
    assert said("Shields", "zh") != said("Shields", "en") == "Shields"


MATCHED = alert(extra_info=msgspec.structs.replace(alert().extra_info, matched_rule_info={"group_id": "a/b c"}))


@pytest.mark.parametrize(
    ("reason", "of", "address"),
    [
        (Reason.DISPATCHED, MATCHED, "/rules/dispatch/a%2Fb%20c"),
        (Reason.DISPATCHED, alert(), ""),
        (Reason.SHIELDED_BY_RULE, alert(), "/shields"),
        (Reason.UNSHIELDED, alert(), "/shields"),
        (Reason.OPENED, alert(strategy_id="5/6"), "/rules/strategies/5%2F6"),
        (Reason.SIGNAL_NOT_WANTED, alert(), "/rules/strategies/1"),
        (Reason.OPENED, alert(strategy_id=""), ""),
        (Reason.FLAPPING, alert(), ""),
    ],
)
def test_a_reason_leads_to_the_rule_behind_it(reason, of, address):
    assert rule_of(reason, of) == address


def shown(text, *, now=NOW, zone=SHANGHAI, **values):
    return ENVIRONMENT.from_string(text).render(now=now, zone=zone, **values)


@pytest.mark.parametrize(
    ("text", "second", "words"),
    [
        ("{{ at|iso }}", NOW, "2025-11-23 20:13:20+08:00"),
        ("{{ at|short }}", NOW - 86400, "11-22 20:13:20"),
        ("{{ at|short }}", NOW - 366 * 86400, "2024-11-22 20:13"),
        ("{{ at|clock }}", NOW, "20:13"),
        ("{{ at|day }}", NOW, "23"),
        ("{{ at|midnight }}", NOW, str(NOW - 20 * 3600 - 13 * 60 - 20)),
        ("{{ at|iso }}", 10**15, str(10**15)),
        ("{{ at|short }}", 10**15, str(10**15)),
        ("{{ at|clock }}", 10**15, str(10**15)),
        ("{{ at|day }}", 10**15, ""),
    ],
)
def test_a_moment_is_shown_in_the_zone_of_the_page_and_one_beyond_all_calendars_as_a_number(text, second, words):
    assert shown(text, at=second) == words


def test_the_year_of_a_moment_is_left_out_where_it_is_that_of_the_zone_now():
    new_year = 1767196800  # 2026-01-01 00:00:00 in Shanghai
    assert shown("{{ at|short }}", at=new_year - 1, now=new_year) == "2025-12-31 23:59"
    assert shown("{{ at|short }}", at=new_year, now=new_year) == "01-01 00:00:00"


def test_an_anchor_is_an_id_for_any_text_and_of_its_own():
    found = {FILTERS["anchor"](text) for text in ("name:a", "name:b", "<b> \"'", "磁盘")}
    assert len(found) == 4
    assert all(one.startswith("f-") and one[2:].isalnum() and one.isascii() for one in found)


@pytest.mark.parametrize("name", ["CPU usage", 'say "hi", now', "a:b"])
def test_a_fold_leads_to_its_alerts(name):
    one = Fold(f"name:{name}", 1, name, 2, NOW, 0, 0, 0, row(alert()))
    assert parse_query(FILTERS["asked"](one)) == AlertQuery(name=(name,))


@pytest.mark.parametrize(
    ("changed", "field", "value"),
    [
        ({}, "status", "ABNORMAL"),
        ({"extra_info": msgspec.structs.replace(alert().extra_info, is_recovering=True)}, "status", "RECOVERING"),
        ({"status": "CLOSED", "end_time": NOW + 9}, "status", "CLOSED"),
        ({"status": "CLOSED", "end_time": NOW + 9}, "last", NOW + 9),
        ({"latest_time": NOW + 5}, "last", NOW + 5),
        ({"is_ack": True, "ack_operator": "ann"}, "acked_by", "ann"),
        ({"is_ack": True}, "acked_by", "?"),
        ({"ack_operator": "ann"}, "acked_by", ""),
        ({"assignee": ("ann",), "appointee": ("bob",)}, "told", ("bob",)),
        ({"assignee": ("ann",)}, "told", ("ann",)),
        ({"event_changes": {"target": None}}, "target", ""),
    ],
)
def test_a_row_says_how_its_alert_stands(changed, field, value):
    assert getattr(row(alert(**changed)), field) == value


@pytest.mark.parametrize(
    ("wish", "changes", "address"),
    [
        (Wish(), {}, "/"),
        (Wish(q="disk severity:1,2"), {}, "/?q=disk+severity%3A1%2C2"),
        (Wish(sort="newest", fold="no", page=3), {}, "/?sort=newest&fold=no"),
        (Wish(page=3), {"page": 4}, "/?page=4"),
        (Wish(q="x", after="abc"), {"q": "y"}, "/?q=y"),
        (Wish(q="x"), {"q": ""}, "/"),
    ],
)
def test_the_address_of_a_view_holds_what_is_not_as_by_default_and_begins_at_its_first_page(wish, changes, address):
    assert wish.address(**changes) == address
