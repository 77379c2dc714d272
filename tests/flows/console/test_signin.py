"""A proxy signs people in: its headers count from its own address only, roles say who acts, and some see some businesses only."""

import json

import msgspec
import pytest
import yaml
from starlette.datastructures import Headers

from flows.console.signin import by_proxy, within
from flows.settings.sections import ConsoleSettings
from sinks.store.query import AlertQuery
from tests.flows.console.stand import JSON, OURS, Desk, filled
from tests.sinks.store.samples import alert, command

SETTINGS = ConsoleSettings(
    proxies=("127.0.0.1", "10.1.0.0/16"), see=("staff",), act=("ops",), admin=("root",), businesses={"shop": ("2",)}
)
SHOP, BANK = alert(1, severity=1), alert(2, bk_biz_id=3, alert_name="Ledger")


@pytest.mark.parametrize(
    ("peer", "headers", "name", "scopes"),
    [
        ("127.0.0.1", {"x-forwarded-user": "ann", "x-forwarded-groups": "staff, ops"}, "ann", {"read", "command"}),
        ("10.1.2.3", {"x-forwarded-user": "root", "x-forwarded-groups": ""}, "root", {"admin"}),
        ("127.0.0.1", {"x-forwarded-user": "eve"}, "eve", set()),
        ("127.0.0.1", {"x-forwarded-groups": "staff"}, None, None),
        ("10.2.2.3", {"x-forwarded-user": "ann", "x-forwarded-groups": "staff"}, None, None),
        ("", {"x-forwarded-user": "ann"}, None, None),
    ],
)
def test_a_header_counts_from_the_address_of_the_proxy_only(peer, headers, name, scopes):
    who = by_proxy(SETTINGS, peer, Headers(headers))
    assert (who and who.name, who and set(who.scopes)) == (name, scopes)


@pytest.mark.parametrize(
    ("groups", "businesses"),
    [("shop", ("2",)), ("bank", ("3", "4")), ("shop, bank", ("3", "4", "2")), ("staff", ()), ("shop, all", ("2",))],
)
def test_who_is_named_for_some_businesses_sees_those_and_who_is_named_for_none_sees_all(groups, businesses):
    settings = msgspec.structs.replace(SETTINGS, businesses={"shop": ("2",), "bank": ("3", "4"), "cas": ("2",)})
    assert (
        by_proxy(settings, "127.0.0.1", Headers({"x-forwarded-user": "ann", "x-forwarded-groups": groups})).businesses
        == businesses
    )
    assert by_proxy(settings, "127.0.0.1", Headers({"x-forwarded-user": "cas"})).businesses == ("2",)


@pytest.mark.parametrize(
    ("asked", "may_see", "counts"),
    [
        ((), (), ()),
        (("3",), (), ("3",)),
        ((), ("2",), ("2",)),
        (("2",), ("2", "3"), ("2",)),
        (("2", "4"), ("2", "3"), ("2",)),
    ],
)
def test_a_search_is_kept_within_the_businesses_that_may_be_seen(asked, may_see, counts):
    assert within(AlertQuery(bk_biz_id=asked), may_see).bk_biz_id == counts


def test_a_search_for_another_business_finds_nothing_rather_than_everything():
    found = within(AlertQuery(bk_biz_id=("4",)), ("2", "3")).bk_biz_id
    assert found
    assert not {"2", "3", "4"} & set(found)


@pytest.mark.parametrize("header", ["X-Auth-User", "x-auth-user"])
def test_the_headers_are_those_of_the_settings_in_any_case(header):
    settings = msgspec.structs.replace(SETTINGS, user_header=header, groups_header="X-Auth-Roles")
    who = by_proxy(settings, "127.0.0.1", Headers({"x-auth-user": " ann ", "x-auth-roles": "staff,,ops"}))
    assert (who.name, set(who.scopes)) == ("ann", {"read", "command"})


@pytest.fixture(scope="module")
def console(tmp_path_factory):
    folder = tmp_path_factory.mktemp("signin")
    (folder / "tocsin.yaml").write_text(
        yaml.safe_dump(
            {
                "console": {
                    "proxies": ["127.0.0.1"],
                    "act": ["ops"],
                    "admin": ["root"],
                    "businesses": {"shop": ["2"]},
                }
            }
        )
    )
    rules = {
        "strategies": [{"id": 1, "name": "CPU usage"}],
        "user_groups": [{"id": "ops", "name": "Ops", "users": ["ann"]}],
    }
    place = filled(folder, rules, alerts=[SHOP, BANK], commands=[command("c1")])
    running = Desk(folder, "--settings", str(folder / "tocsin.yaml"), "--rules", str(place))
    yield running
    assert running.stop() == 0


def signed_in(name, groups=""):
    return {"X-Forwarded-User": name, "X-Forwarded-Groups": groups, "Host": "tocsin.example"}


def test_whoever_the_proxy_does_not_name_is_sent_back_to_it(console):
    assert console.get("/").status == 401
    assert console.act(f"/a/{SHOP.id}/ack", message="mine").status == 401


@pytest.mark.parametrize(
    ("who", "status"), [(signed_in("ann", "ops"), 202), (signed_in("bob"), 403), (signed_in("root"), 403)]
)
def test_roles_say_who_acts_and_the_name_goes_with_the_command(console, who, status):
    assert console.get("/", **who).status == 200
    assert console.act(f"/a/{SHOP.id}/comment", {**OURS, **who}, message="hm").status == status
    if status == 202:
        last = (console.folder / "data" / "commands.jsonl").read_text().splitlines()[-1]
        assert json.loads(last)["operator"] == "ann"
        assert console.act(f"/a/{SHOP.id}/comment", who, message="hm").status == 403  # another site's form


@pytest.mark.parametrize("deed", ["retry", "drop"])
def test_the_outbox_is_for_who_may_administer(console, deed):
    assert console.act(f"/outbox/{deed}", {**OURS, **signed_in("ann", "ops")}, id="n1").status == 403
    assert console.act(f"/outbox/{deed}", {**OURS, **signed_in("root")}, id="n1").status == 404  # none is there


def test_who_sees_one_business_sees_and_touches_nothing_of_another(console):
    shop = signed_in("cas", "shop, ops")
    rows = json.loads(console.get("/?fold=no", **shop, **JSON).data)["board"]["rows"]
    assert [one["id"] for one in rows] == [SHOP.id]
    assert json.loads(console.get("/?q=biz:3", **shop, **JSON).data)["board"]["total"] == 0
    assert console.get(f"/a/{BANK.id}", **shop).status == 404
    assert console.get(f"/a/{BANK.dedupe_md5}", **shop).status == 404
    assert json.loads(console.get("/find?q=Ledger", **shop, **JSON).data)["alerts"] == []
    assert console.act("/deeds/ack", {**OURS, **shop}, id=BANK.id, message="mine").status == 404
    assert console.act("/deeds/ack", {**OURS, **shop}, fold="name:Ledger", message="mine").status == 404
    for path in ("/audit", "/audit.csv", "/rules", "/trouble", "/rules/strategies/1", "/p/ann"):
        assert console.get(path, **shop).status == 403, path


def test_a_proxy_that_is_no_address_is_refused_at_the_start(tmp_path):
    (tmp_path / "tocsin.yaml").write_text(yaml.safe_dump({"console": {"proxies": ["the proxy"]}}))
    place = filled(tmp_path, {"strategies": [{"id": 1, "name": "x"}]}, alerts=[SHOP])
    with pytest.raises(AssertionError, match="no address and no network"):
        Desk(tmp_path, "--settings", str(tmp_path / "tocsin.yaml"), "--rules", str(place))
