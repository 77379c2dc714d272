"""What the pages show, to people and to programs, and that nothing of a store ever becomes markup."""

import json
import os
import re
import time
from html.parser import HTMLParser
from urllib.parse import urlencode

import msgspec
import pytest

from flows.console.health import health, workers_of
from flows.settings.sections import OutboxSettings, RecoverySettings
from flows.settings.settings import Settings
from operators.model.alert import Dimension, Extra
from operators.model.event import Tag
from operators.model.notice import NoticeDocument
from operators.model.records import DeadLetter, ReceiverResult
from operators.model.shield import ShieldDocument
from sinks.store.order import ORDERS
from sinks.store.query import term_of
from sinks.store.sqlite import SqliteStore
from tests.flows.console.stand import Desk, desk
from tests.sinks.store.samples import action, alert, command, entry, receipt

NOW = int(time.time())
EVIL = "<script>alert('x')</script>\"'&{{7*7}}"
PAGES = ("/", "/silent", "/shields", "/oncall", "/audit", "/trouble", "/rules", "/find")
RULES = {
    "user_groups": [
        {"id": "ops", "name": f"Ops {EVIL}", "users": ["alice"], "ways": ["mail"]},
        {"id": "empty", "name": "Night shift", "ways": ["mail"]},
    ],
    "strategies": [{"id": 1, "name": "CPU usage", "notice": {"user_groups": ["ops"]}}],
    "shields": [{"id": "of-rules", "category": "scope", "scope_type": "biz", "description": f"why {EVIL}"}],
}


def opened(number, **changed):
    return alert(number, opened=NOW - 3600 + number, **changed)


BAD = opened(
    1,
    severity=1,
    alert_name=f"Bad {EVIL}",
    labels=(EVIL,),
    appointee=(EVIL,),
    follower=(EVIL,),
    is_ack=True,
    ack_operator=EVIL,
    is_shielded=True,
    shield_id=(EVIL,),
    is_blocked=True,
    dimensions=(Dimension(EVIL, EVIL, EVIL, EVIL),),
    extra_info=Extra(predecessor=EVIL, successor=EVIL, end_description=EVIL),
    event_changes={"target": EVIL, "description": EVIL, "plugin_id": EVIL, "tags": (Tag(EVIL, EVIL),)},
)
STORY = pytest.param(f"/a/{BAD.id}", id="alert")
PLANNED = action(BAD, receivers={EVIL: [EVIL, [EVIL, EVIL]]}, status=EVIL, reason=EVIL, plugin_type="notice")
SENT = NoticeDocument(
    id=EVIL, time=NOW, way=EVIL, receivers=("alice", EVIL), alert_ids=(BAD.id, EVIL), title=EVIL, content=EVIL, state=EVIL,
    reason=EVIL, results={EVIL: ReceiverResult(result=False, message=EVIL)},
)  # fmt: skip
UNREACHABLE = [opened(number, alert_name="Host unreachable", severity=2) for number in range(10, 73)]
ENDED = opened(5, alert_name="Old thing", status="RECOVERED", end_time=NOW - 60)
LETTER = DeadLetter(time=NOW, source=EVIL, position=EVIL, reason=EVIL, detail=EVIL, raw=EVIL)
SHIELD = {"id": EVIL, "bk_biz_id": 2, "category": "scope", "scope_type": "biz", "begin_time": NOW - 60,
          "end_time": NOW + 3600, "description": EVIL, "created_by": EVIL}  # fmt: skip


@pytest.fixture(scope="module")
def console(tmp_path_factory, dsn):
    folder = tmp_path_factory.mktemp("console")
    (folder / "data").mkdir()
    (folder / "data" / "dead_letters.jsonl").write_bytes(msgspec.json.encode(LETTER) + b"\n{torn")
    running = desk(
        folder,
        RULES,
        dsn=dsn,
        alerts=[BAD, *UNREACHABLE, ENDED],
        logs=[
            entry(BAD, description=EVIL, operator=EVIL, reason=EVIL, op_type=EVIL),
            entry(BAD, id="held", time=NOW - 60, description=EVIL, reason="shielded_by_rule", op_type="ACTION"),
        ],
        actions=[PLANNED],
        notices=[SENT],
        receipts=[receipt(PLANNED, way=EVIL, results={EVIL: ReceiverResult(result=False, message=EVIL)})],
        shields=[
            ShieldDocument(id=EVIL, time=NOW, shield=SHIELD, operator=EVIL, message=EVIL),
            ShieldDocument(id="far", time=NOW, shield={"id": "far", "category": EVIL, "end_time": 10**15}),
        ],
        commands=[
            command(
                EVIL,
                command=EVIL,
                operator=EVIL,
                alert_id=EVIL,
                message=EVIL,
                outcome="refused",
                detail=EVIL,
                reason=EVIL,
            ),
            *(command(f"c{number}", time=NOW - number, operator="bob") for number in range(1, 60)),
        ],
    )
    yield running
    assert running.stop() == 0


class Read(HTMLParser):
    """Reads a page strictly: what it is made of, and the words that are left."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.text, self.attributes = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        self.links += [value for name, value in attrs if name in ("href", "src") and value]

    def handle_data(self, data):
        self.text.append(data)


@pytest.mark.parametrize(
    "path",
    [
        *PAGES,
        STORY,
        "/?q=%3Cscript%3E&fold=no",
        "/?fold=no",
        "/audit?operator=%3Cscript%3E",
        "/find?q=script",
        "/silent?reason=shielded_by_rule",
        "/rules?q=ops",
        "/rules/user_groups/ops",
        pytest.param(f"/rules?alert={BAD.id}", id="concerning"),
        "/p/alice",
    ],
)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_values_from_outside_stay_text_in_every_field(console, path, lang):
    page = console.page(path, **{"accept-language": lang})
    read = Read(page)
    assert read.tags.count("script") == 3
    assert not [name for name in read.attributes if name.startswith("on")]
    assert "alert('x')</script>" not in page


def test_every_page_is_reached_by_links_and_read_without_script_and_nothing_comes_from_elsewhere(console):
    seen, waiting = set(), ["/"]
    while waiting:
        path = waiting.pop(0)
        if path in seen or len(seen) > 60:
            continue
        seen.add(path)
        answer = console.get(path)
        assert answer.status in (200, 404), path  # a predecessor may be gone
        if "html" in answer.headers["content-type"]:
            links = [link.partition("#")[0] for link in Read(answer.data.decode()).links]
            assert all(link.startswith("/") for link in links if link), links
            waiting += filter(None, links)
    assert {*PAGES, f"/a/{BAD.id}", "/assets/favicon.svg", "/assets/console.css", "/assets/htmx.min.js"} <= seen


@pytest.mark.parametrize("path", [*PAGES, "/nowhere", "/assets/console.css", "/a/none", "/favicon.ico"])
def test_every_answer_carries_a_policy_that_allows_nothing_unsafe(console, path):
    headers = console.get(path).headers
    policy = headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", [*PAGES, STORY])
def test_no_page_needs_style_or_script_of_its_own(console, path):
    page = console.page(path)
    assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|hx-on", page)


def test_the_title_says_the_state(console):
    assert "<title>1 fatal - Tocsin</title>" in console.page("/")
    assert "<title>1 致命 - Tocsin</title>" in console.page("/", **{"accept-language": "zh-CN,zh;q=0.9"})


def test_many_alerts_of_one_name_are_one_row_that_leads_to_all_of_them(console):
    board = console.view("/")["board"]
    assert [(one["count"], one["severity"]) for one in board["folds"]] == [(1, 1), (63, 2)]
    assert board["counts"] == {"fatal": 1, "warning": 63, "remind": 0}
    link = next(link for link in Read(console.page("/")).links if "Host" in link)
    assert console.view(link)["board"]["total"] == 63


def test_what_was_found_is_narrowed_by_what_it_has_in_common(console):
    facets = {one["field"]: one["choices"] for one in console.view("/?narrow=yes")["board"]["facets"]}
    (worst,) = [one for one in facets["severity"] if one["value"] == "1"]
    assert console.view(f"/?q={worst['q']}")["board"]["total"] == worst["count"] == 1


def test_an_address_holds_all_that_a_view_is(console):
    first = console.view("/?fold=no")["board"]
    second = console.view(f"/?fold=no&page=2&after={first['next']}")["board"]
    assert (len(first["rows"]), len(second["rows"]), first["pages"]) == (50, 14, 2)
    assert first["rows"][0]["id"] == BAD.id
    newest = console.view("/?fold=no&sort=newest")["board"]["rows"]
    assert [one["begin"] for one in newest] == sorted((one["begin"] for one in newest), reverse=True)
    assert not {one["id"] for one in first["rows"]} & {one["id"] for one in second["rows"]}
    assert [one["name"] for one in console.view("/?q=status:RECOVERED")["board"]["rows"]] == ["Old thing"]


@pytest.mark.parametrize("sort", sorted(ORDERS))
def test_in_every_order_a_page_leads_to_the_next_until_each_alert_was_shown_once(console, sort):
    seen, path = [], f"/?fold=no&sort={sort}"
    while path:
        board = console.view(path)["board"]
        seen += [one["id"] for one in board["rows"]]
        path = f"/?fold=no&sort={sort}&page={board['page'] + 1}&after={board['next']}" if board["next"] else ""
    assert (len(seen), set(seen)) == (64, {BAD.id, *(one.id for one in UNREACHABLE)})


@pytest.mark.parametrize(
    ("q", "total"),
    [
        ("severity:1", 1), ("severity:1,2", 64), ("status:RECOVERED", 1), ("strategy:1", 64), ("strategy:2", 0),
        ("biz:2", 64), ("biz:3", 0), ('name:"Host unreachable"', 63), ("target:10.0.0.1", 64), ("target_type:HOST", 64),
        (f"dedupe:{BAD.dedupe_md5}", 1), ("acked:yes", 1), ("acked:no", 63), ("shielded:yes", 1), ("blocked:no", 63),
        ("tags.device:/dev/vda1", 63), ("tags.ports:443", 63), ("unreach", 63), ('"host unreachable"', 63), ("nowhere", 0),
        ("系统根目录", 63), ("unreachable acked:no severity:2", 63), ("unreachable acked:yes", 0),
    ],
)  # fmt: skip
def test_every_filter_finds_what_it_says(console, q, total):
    board = console.view(f"/?{urlencode({'q': q, 'fold': 'no'})}")["board"]
    assert (board["total"], len(board["rows"])) == (total, min(total, 50))


@pytest.mark.parametrize(("fold", "counts"), [("name", [1, 63]), ("target", [1, 63]), ("strategy", [64]), ("no", [])])
def test_alerts_are_folded_by_what_is_asked_for(console, fold, counts):
    board = console.view(f"/?fold={fold}")["board"]
    assert [one["count"] for one in board["folds"]] == counts
    for one in board["folds"]:
        by, _, value = one["key"].partition(":")
        assert console.view(f"/?{urlencode({'q': term_of(by, value), 'fold': 'no'})}")["board"]["total"] == one["count"]


@pytest.mark.parametrize(
    ("path", "status", "why"),
    [
        ("/?q=severity:9", 400, "severity:9"),
        ("/?page=0", 400, "page"),
        ("/?page=%C2%B2", 400, "page"),
        ("/?sort=x", 400, "sort"),
        ("/?fold=no&after=x", 400, "no place to read on from"),
        ("/audit?until=x", 400, "until"),
        ("/a/none", 404, "no alert none"),
        ("/c/none", 404, "no such command"),
        ("/p/nobody", 404, "no rule knows nobody"),
        ("/rules/nothing/1", 404, "no rule"),
        ("/rules/strategies/none", 404, "no rule"),
        ("/rules?alert=none", 404, "no alert none"),
        ("/nowhere", 404, "no such page"),
        (f"/a/{'x' * 5000}", 404, "no alert"),
    ],
)
def test_a_bad_address_is_met_with_its_reason(console, path, status, why):
    answer = console.get(path)
    assert (answer.status, why in answer.data.decode()) == (status, True)
    answer = console.get(path, accept="application/json")
    assert why in json.loads(answer.data)["error"]


def test_an_alert_tells_what_explain_tells(console):
    view = console.view(f"/a/{BAD.id}")
    assert view["story"]["headline"].startswith("ABNORMAL fatal: Bad ")
    assert view["story"]["lines"]
    assert view["told"]["not_reached"]
    assert view["alert"]["id"] == BAD.id
    assert [one["content"] for one in view["notices"]] == [EVIL]
    by_fingerprint = console.view(f"/a/{BAD.dedupe_md5}")
    assert by_fingerprint["alert"]["id"] == BAD.id


def test_shields_of_rules_and_commands_stand_together_and_say_who_why_and_until(console):
    rows = {one["id"]: one for one in console.view("/shields")}
    assert (rows[EVIL]["by_command"], rows[EVIL]["state"], rows[EVIL]["who"]) == (True, "holds", EVIL)
    assert (rows["far"]["state"], rows["far"]["until"]) == ("over", 10**15)
    assert rows[EVIL]["until"] in range(NOW + 3590, NOW + 3610)
    assert (rows["of-rules"]["by_command"], rows["of-rules"]["state"]) == (False, "holds")


def test_people_who_are_missing_are_named(console):
    view = console.view("/oncall")
    assert [(one["group_id"], one["kind"]) for one in view["gaps"]] == [("empty", "nobody")]
    assert view["ways_without_channel"] == {"mail": ["ops", "empty"]}
    assert view["groups"][0]["people"] == ["alice"]


def test_the_audit_goes_back_page_by_page(console):
    seen, path = [], "/audit?operator=bob"
    while path:
        view = console.view(path)
        seen += [one["id"] for one in view["commands"] if one["id"] not in seen]
        path = f"/audit?operator=bob&until={view['older']}" if view["older"] else ""
    assert seen == [f"c{number}" for number in range(1, 60)]
    assert [one["command"] for one in console.view("/audit?outcome=refused")["commands"]] == [EVIL]


def test_trouble_shows_what_was_refused_with_its_bytes(console):
    (letters,) = console.view("/trouble")["letters"]
    assert (letters["reason"], letters["count"], letters["newest"][0]["letter"]["raw"]) == (EVIL, 1, EVIL)


def test_what_is_looked_for_is_found_whatever_it_is_even_what_was_refused(console):
    assert [one["id"] for one in console.view(f"/find?q={BAD.id}")["alerts"]] == [BAD.id]
    assert [one["id"] for one in console.view(f"/find?q={BAD.dedupe_md5}")["alerts"]] == [BAD.id]
    assert console.view("/find?q=ali")["people"] == ["alice"]
    assert console.view("/find?q=of-rules")["shields"] == ["of-rules"]
    assert {one["id"] for one in console.view("/find?q=ops")["rules"]} == {"ops", "1"}
    assert [one["raw"] for one in console.view("/find?q=script")["letters"]] == [EVIL]


def test_rules_are_read_with_what_names_them_and_which_concern_an_alert(console):
    assert console.view("/rules")["counts"] == {"strategies": 1, "shields": 1, "user_groups": 2}
    rule = console.view("/rules/user_groups/ops")
    assert [(one["kind"], one["id"]) for one in rule["named_by"]] == [("strategies", "1")]
    assert "users:" in rule["text"]
    concerned = {(one["kind"], one["id"]) for one in console.view(f"/rules?alert={BAD.id}")["entries"]}
    assert {("strategies", "1"), ("user_groups", "ops")} <= concerned


def test_what_was_not_told_is_counted_by_reason_and_leads_to_its_alerts(console):
    (why,) = console.view("/silent")["decided"]
    assert (why["reason"], why["hour"], why["span"]) == ("shielded_by_rule", 1, 1)
    view = console.view("/silent?reason=shielded_by_rule&since=1h")
    assert [(one["row"]["id"], one["count"]) for one in view["worst"]] == [(BAD.id, 1)]
    assert [one["description"] for one in view["said"]] == [EVIL]
    assert console.view("/silent?reason=given_up")["worst"] == []
    assert console.get("/silent?reason=because").status == 400


def test_a_person_has_turns_groups_and_a_way_to_be_reached(console):
    view = console.view("/p/alice")
    assert (view["on_duty"], view["groups"], view["contact"]) == (True, [["ops", f"Ops {EVIL}"]], None)
    assert [one["title"] for one in view["notices"]] == [EVIL]


def test_the_audit_is_a_table_for_spreadsheets_in_which_nothing_is_a_formula(console):
    answer = console.get("/audit.csv?operator=bob")
    lines = answer.data.decode().splitlines()
    assert (len(lines), lines[0].split(",")[:3]) == (60, ["time", "operator", "command"])
    assert answer.headers["content-disposition"].startswith("attachment")


def test_a_job_that_is_silent_is_named_under_every_page(tmp_path):
    for worker, age in ((0, 5), (1, 4000)):
        place = tmp_path / f"worker-{worker}" / "partitions"
        place.mkdir(parents=True)
        (place / "part-0.sqlite3").touch()
        os.utime(place / "part-0.sqlite3", (NOW - age, NOW - age))
    assert [(name, round(age)) for name, age in workers_of(str(tmp_path), NOW)] == [("worker-0", 5), ("worker-1", 4000)]
    settings = Settings(recovery=RecoverySettings(directory=str(tmp_path)), outbox=OutboxSettings(dsn="none"))
    assert not health(settings, NOW).is_silent
    assert health(settings, NOW + 3600).is_silent


def test_a_chosen_language_stays(console):
    answer = console.get("/?lang=zh")
    cookie = answer.headers["set-cookie"]
    assert "SameSite=Strict" in cookie
    assert '<html lang="zh-Hans">' in console.page("/", cookie=cookie.partition(";")[0])


def test_where_no_job_has_written_anything_yet_every_page_is_calm(tmp_path, dsn):
    console = desk(tmp_path, RULES, dsn=dsn and dsn.replace("prefix=t", "prefix=u"))
    for path in (
        *PAGES,
        "/?narrow=yes",
        "/?fold=target",
        "/?q=disk",
        "/find?q=disk",
        "/silent?reason=merged",
        "/p/alice",
    ):
        assert "</main>" in console.page(path)
    assert console.view("/")["board"]["total"] == 0
    assert console.stop() == 0


def test_a_console_may_begin_before_its_job_and_says_so_until_there_is_a_store(tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "rules.yaml").write_text("strategies: [{id: 1, name: CPU usage}]\n")
    console = Desk(tmp_path, "--settings", "/dev/null", "--rules", str(tmp_path / "rules"), "--wait")
    answer = console.get("/")
    assert (answer.status, "there is no store" in answer.data.decode()) == (503, True)
    store = SqliteStore(tmp_path / "data" / "tocsin.sqlite3")
    assert "All quiet" in console.page("/")
    store.close()
    assert console.stop() == 0
