"""One book from several sources."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.rules import compose
from flows.rules.compose import Composer
from flows.rules.source import Terms
from operators.rules.read.documents import Found, RuleError
from operators.rules.read.load import build
from tests.flows.rules.made import CPU, HOST, OPS, found


def composer(**sources: Found) -> Composer:
    made = Composer(Terms())
    for name, said in sources.items():
        made.offer(name, said)
    made.settle()
    return made


def test_documents_of_all_sources_make_one_book():
    made = composer(rules=found(strategies=[CPU], user_groups=[OPS]), inventory=found(hosts=[HOST]))
    assert made.errors == ()
    assert list(made.book.strategies) == ["1"]
    assert [host.bk_host_id for host in made.book.hosts_by_ip["10.0.0.1"]] == ["1"]


def test_a_mistake_leaves_the_last_good_book_and_is_told_with_its_place():
    made = composer(rules=found(strategies=[CPU], user_groups=[OPS]))
    good = made.book
    made.offer("rules", found(strategies=[CPU]))
    assert made.settle() is good
    assert [str(error) for error in made.errors] == [
        "a.yaml: strategies[0].notice.user_groups[0]: unknown user group 'ops'"
    ]


def test_a_first_book_needs_every_source_to_fit():
    made = composer(rules=found(strategies=[CPU]), inventory=found(hosts=[HOST]))
    assert made.book is None
    assert len(made.errors) == 1


def test_one_source_with_a_mistake_does_not_hold_the_others_back():
    made = composer(rules=found(user_groups=[OPS]), inventory=found(hosts=[HOST]))
    made.offer("rules", Found(errors=(RuleError("a.yaml", "", "not YAML"),)))
    made.offer("inventory", found(hosts=[HOST, {**HOST, "bk_host_id": 2}]))
    book = made.settle()
    assert list(book.hosts) == ["1", "2"]
    assert list(book.user_groups) == ["ops"]
    assert [error.reason for error in made.errors] == ["not YAML"]


def test_what_did_not_fit_is_taken_over_when_another_source_brings_what_it_needs():
    made = composer(rules=found(user_groups=[OPS]), inventory=found())
    group = {"id": "g1", "host_ids": [1]}
    made.offer("rules", found(user_groups=[OPS], dynamic_groups=[group]))
    assert made.settle().dynamic_groups == {}
    made.offer("inventory", found(hosts=[HOST]))
    assert list(made.settle().dynamic_groups) == ["g1"]
    assert made.errors == ()


def test_the_same_id_in_two_sources_is_a_mistake():
    made = composer(files=found(hosts=[HOST]), redis=found())
    made.offer("redis", found(hosts=[HOST]))
    made.settle()
    assert "duplicate id '1'" in made.errors[0].reason


def test_a_document_may_move_from_one_source_to_another():
    made = composer(one=found(user_groups=[OPS], strategies=[CPU]), two=found())
    made.offer("one", found(strategies=[CPU]))
    made.offer("two", found(user_groups=[OPS]))
    made.settle()
    assert made.errors == ()
    assert list(made.book.user_groups) == ["ops"]


def test_true_and_one_are_not_taken_for_the_same():
    made = composer(rules=found(strategies=[{"id": 1, "name": "x", "is_enabled": True}]))
    made.offer("rules", found(strategies=[{"id": 1, "name": "x", "is_enabled": 1}]))
    made.settle()
    assert [error.reason for error in made.errors] == ["expected true or false, got an integer"]


def test_an_id_twice_in_one_source_is_a_mistake_also_beside_a_book_in_force():
    made = composer(rules=found(user_groups=[OPS]))
    made.offer("rules", found(user_groups=[OPS, OPS]))
    made.settle()
    assert "duplicate id 'ops'" in made.errors[0].reason


hosts = st.dictionaries(st.integers(0, 6), st.sampled_from(["10.0.0.1", "10.0.0.2"]), max_size=6).map(
    lambda known: [{"bk_host_id": name, "ip": ip} for name, ip in known.items()]
)


@given(st.lists(hosts, min_size=1, max_size=5))
def test_a_book_that_was_changed_equals_the_one_built_anew(versions):
    made = Composer(Terms())
    for version in versions:
        made.offer("inventory", found(hosts=version))
        made.settle()
    fresh, _ = build(found(hosts=versions[-1]).documents)
    assert made.book.version == fresh.version
    assert made.book.hosts == fresh.hosts
    assert made.book.hosts_by_ip == fresh.hosts_by_ip


def test_much_that_is_new_is_built_and_not_patched(monkeypatch: pytest.MonkeyPatch):
    made = composer(inventory=found(hosts=[HOST]))
    monkeypatch.setattr(compose, "MANY", 3)
    made.offer("inventory", found(hosts=[{"bk_host_id": name} for name in range(10)]))
    assert len(made.settle().hosts) == 10
