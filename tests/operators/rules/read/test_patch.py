import copy

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.rules.book import RuleBook
from operators.rules.read.patch import patch
from tests.operators.rules.books import book_of, built, check_template
from tests.operators.rules.full import FULL

BOOK = book_of(**FULL)
GROUP = {"id": "ops", "name": "Ops", "users": ["alice"]}


def patched(book, put=None, delete=None):
    changed = patch(book, put or {}, delete or {}, check_template)
    assert isinstance(changed, RuleBook), [str(error) for error in changed]
    return changed


def refused(book, put=None, delete=None):
    errors = patch(book, put, delete, check_template)
    assert isinstance(errors, list)
    return [str(error) for error in errors]


def same(first, second):
    """Tell whether two books hold and find the same."""
    return all(getattr(first, name) == getattr(second, name) for name in RuleBook.__struct_fields__)


def test_nothing_put_and_nothing_deleted_changes_nothing():
    assert same(patched(BOOK), BOOK)


def test_a_document_put_replaces_the_one_of_its_id_as_a_whole():
    book = patched(BOOK, {"strategies": [{"id": "1", "name": "CPU load"}]})
    assert book.strategies["1"].name == "CPU load"
    assert book.strategies["1"].notice is None
    assert BOOK.strategies["1"].name == "CPU usage"


def test_a_document_put_anew_is_added():
    assert patched(BOOK, {"shields": [{"id": 9, "bk_biz_id": 2}]}).shields_of(2)[-1].id == "9"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("strategies", 1), ("strategies", "2"), ("shields", 2), ("dispatch", 1), ("hosts", 3), ("service_instances", 123),
        ("topology", "module|28"), ("circuit_breaking", 1), ("channels", "mail"), ("tests", "one"),
    ],
)  # fmt: skip
def test_a_document_is_deleted_by_its_id(kind, name):
    left = copy.deepcopy(FULL)
    left[kind] = [
        one
        for one in left[kind]
        if str(name)
        not in (
            str(one.get("id")),
            str(one.get("bk_host_id")),
            one.get("way"),
            one.get("name"),
            f"{one.get('bk_obj_id')}|{one.get('bk_inst_id')}",
        )
    ]
    assert len(left[kind]) == len(FULL[kind]) - 1
    assert same(patched(BOOK, delete={kind: [name]}), book_of(**left))


def test_what_is_deleted_need_not_be_there():
    assert patched(BOOK, delete={"strategies": [77]}).version == BOOK.version


def test_a_deletion_comes_before_a_document_put():
    assert patched(BOOK, {"hosts": [{"bk_host_id": 3, "ip": "10.9.9.9"}]}, {"hosts": [3]}).hosts["3"].ip == "10.9.9.9"


@pytest.mark.parametrize(
    ("kind", "name", "reason"),
    [
        ("user_groups", "ops", "strategies[1].notice.user_groups[0]: unknown user group 'ops'"),
        ("duties", 1, "user_groups[db].duty_rules[0]: unknown duty '1'"),
        ("calendars", 1, "strategies[1].detects[0].trigger_config.uptime.calendars[0]: unknown calendar '1'"),
        ("hosts", 1, "service_instances[123].bk_host_id: unknown host '1'"),
        ("dynamic_groups", "g1", "shields[2].dimension_config.dynamic_group[0]: unknown dynamic group 'g1'"),
        ("businesses", 2, "shields[1].notice_config.notice_receiver[1]: unknown role 'dba'"),
        ("topology", "set|26", None),
    ],
)
def test_what_others_name_cannot_be_deleted(kind, name, reason):
    if reason is None:
        assert patched(BOOK, delete={kind: [name]})
    else:
        assert reason in refused(BOOK, delete={kind: [name]})


def test_what_others_name_can_be_deleted_with_them():
    kinds = {
        "service_instances": [123],
        "dynamic_groups": ["g1"],
        "shields": [2],
        "inhibits": [2],
        "strategies": [1],
        "hosts": [1, 2],
    }
    assert set(patched(BOOK, delete=kinds).hosts) == {"3"}


@pytest.mark.parametrize(
    ("put", "reason"),
    [
        ({"strategies": [{"id": 1, "name": "a", "notice": {"user_groups": ["x"]}}]}, "put: strategies[0].notice.user_groups[0]: unknown user group 'x'"),
        ({"strategies": [{"id": 1}]}, "put: strategies[0]: missing key 'name'"),
        ({"strategies": [{"id": 3, "name": "a"}, {"id": 3, "name": "b"}]}, "put: strategies[1]: duplicate id '3', first in put: strategies[0]"),
        ({"strategies": {"id": 3}}, "put: strategies: expected a list, got a mapping"),
        ({"strategies": [3]}, "put: strategies[0]: expected a mapping, got an integer"),
        ({"topology": [{"bk_obj_id": "set", "bk_inst_id": 26, "parent": "module|28"}]}, "put: topology[0].parent: is above itself in the topology"),
        ({"businesses": [{"id": 2}]}, "user_groups"),
        ([], "put: expected a mapping of kinds, got a list"),
        ("x", "put: expected a mapping of kinds, got text"),
    ],
)  # fmt: skip
def test_a_change_that_leaves_the_book_invalid_is_refused(put, reason):
    if reason == "user_groups":
        assert any("unknown role 'dba'" in said for said in refused(BOOK, put))
    else:
        assert reason in refused(BOOK, put)


@pytest.mark.parametrize(
    ("delete", "reason"),
    [
        ([], "delete: expected a mapping of kinds, got a list"),
        ({"hosts": 1}, "delete: hosts: expected a list, got an integer"),
        ({"hosts": [True]}, "delete: hosts[0]: expected an id, got a flag"),
        ({"hosts": [None]}, "delete: hosts[0]: expected an id, got nothing"),
    ],
)
def test_deletions_are_lists_of_ids_by_kind(delete, reason):
    assert refused(BOOK, None, delete) == [reason]


def test_unknown_kinds_are_refused():
    assert refused(BOOK, {"nonsense": []})[0].startswith("put: nonsense: unknown kind 'nonsense'")
    assert refused(BOOK, None, {"nonsense": []})[0].startswith("delete: nonsense: unknown kind 'nonsense'")


def test_nothing_of_a_refused_change_applies():
    before = msgspec.json.encode(BOOK.strategies)
    refused(BOOK, {"strategies": [{"id": 8, "name": "fine"}, {"id": 9}]}, {"hosts": [3]})
    assert msgspec.json.encode(BOOK.strategies) == before
    assert "3" in BOOK.hosts


def test_local_times_follow_the_zone_of_their_business():
    berlin = {**FULL["businesses"][0], "time_zone": "Europe/Berlin"}
    moved = patched(BOOK, {"businesses": [berlin]})
    assert moved.shields["1"].begin_time - BOOK.shields["1"].begin_time == 7 * 3600
    assert moved.shields["1"].end_time == BOOK.shields["1"].end_time
    assert same(moved, book_of(**{**FULL, "businesses": [berlin]}))
    assert same(patched(moved, {"businesses": FULL["businesses"]}), BOOK)


def test_a_strategy_put_without_business_takes_that_of_the_book():
    book, _ = built({}, default_business=7)
    assert patched(book, {"strategies": [{"id": 1, "name": "a"}]}).strategies["1"].bk_biz_id == "7"


def test_hosts_move_between_addresses():
    book = patched(BOOK, {"hosts": [{"bk_host_id": 3, "ip": "10.0.0.1"}]})
    assert [host.bk_host_id for host in book.hosts_by_ip["10.0.0.1"]] == ["1", "3"]
    assert "10.0.0.3" not in book.hosts_by_ip


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"a": value}
    return value


@pytest.mark.parametrize("odd", [{"ip": "\ud800"}, {"attributes": {"a": "\udfff"}}, {"attributes": nested(100_000)}])
def test_what_cannot_be_written_as_json_is_refused(odd):
    assert "put: hosts[0]: holds half a surrogate pair, or is nested too deep" in refused(
        BOOK, {"hosts": [{"bk_host_id": 1, **odd}]}
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "name", "bk_host_id", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from(list(FULL)), JSON, max_size=2) | JSON,
    st.dictionaries(st.sampled_from(list(FULL)), JSON, max_size=2) | JSON,
)
def test_no_change_makes_patch_raise(put, delete):
    changed = patch(BOOK, put, delete, check_template)
    assert isinstance(changed, RuleBook) or changed


HOSTS = st.fixed_dictionaries(
    {"bk_host_id": st.integers(1, 4), "ip": st.sampled_from(["", "a", "b"]), "ipv6": st.sampled_from(["", "a", "c"])}
)
SHIELDS = st.fixed_dictionaries({"id": st.integers(1, 4), "bk_biz_id": st.integers(0, 1), "is_enabled": st.booleans()})
GROUPS = st.fixed_dictionaries({"id": st.integers(1, 4), "bk_biz_id": st.integers(0, 1), "priority": st.integers(0, 1)})
INSTANCES = st.fixed_dictionaries({"id": st.integers(1, 3), "bk_host_id": st.integers(1, 4)})
IDS = st.lists(st.integers(1, 4), max_size=2)
CHANGES = st.tuples(
    st.fixed_dictionaries(
        {},
        optional={
            "hosts": st.lists(HOSTS, max_size=3, unique_by=lambda one: one["bk_host_id"]),
            "shields": st.lists(SHIELDS, max_size=3, unique_by=lambda one: one["id"]),
            "dispatch": st.lists(GROUPS, max_size=3, unique_by=lambda one: one["id"]),
            "service_instances": st.lists(INSTANCES, max_size=2, unique_by=lambda one: one["id"]),
        },
    ),
    st.fixed_dictionaries({}, optional={"hosts": IDS, "shields": IDS, "dispatch": IDS, "service_instances": IDS}),
)


@given(st.lists(CHANGES, max_size=6))
def test_a_book_changed_step_by_step_is_the_book_of_what_is_left(changes):
    book, kinds = RuleBook.empty(), {}
    for put, delete in changes:
        after = left_after(kinds, put, delete)
        whole, errors = built({kind: list(documents.values()) for kind, documents in after.items()})
        changed = patch(book, put, delete, check_template)
        assert isinstance(changed, list) == bool(errors)
        if whole is not None:
            assert isinstance(changed, RuleBook)
            assert same(changed, whole)
            book, kinds = changed, after


def left_after(kinds, put, delete):
    left = {kind: dict(documents) for kind, documents in kinds.items()}
    for kind, names in delete.items():
        for name in names:
            left.get(kind, {}).pop(name, None)
    for kind, documents in put.items():
        left.setdefault(kind, {}).update(
            {one.get("bk_host_id") if kind == "hosts" else one["id"]: one for one in documents}
        )
    return left
