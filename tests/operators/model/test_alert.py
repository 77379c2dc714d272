"""The alert document: a copy that no later change reaches, with a version that only grows."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.model.alert import (
    NO_DATA_TAG,
    Alert,
    Extra,
    KeptAlert,
    UpgradeRecord,
    document,
    document_version,
    is_no_data,
    opening_signal,
)
from operators.model.event import Tag
from tests.operators.check.made import alert, event


def kept(**changes):
    one = alert(**changes)
    return KeptAlert(**{name: getattr(one, name) for name in one.__struct_fields__})


def test_a_document_is_the_alert_as_it_stood():
    one = kept(severity=2)
    said = document(one)
    one.status, one.revision = "CLOSED", 9
    assert (said.status, said.revision) == ("ABNORMAL", 1)
    assert type(said) is Alert
    assert said == alert(severity=2)


def test_a_document_cannot_be_changed():
    said = document(kept())
    with pytest.raises(AttributeError):
        said.status = "CLOSED"


def test_a_document_survives_the_wire():
    said = document(kept(labels=("a",), extra_info=Extra(acks=2)))
    assert msgspec.json.decode(msgspec.json.encode(said), type=Alert) == said


@pytest.mark.parametrize(
    ("tags", "no_data", "signal"),
    [
        ((), False, "abnormal"),
        ((Tag(NO_DATA_TAG, "1"),), True, "no_data"),
        ((Tag("a", "b"), Tag(NO_DATA_TAG, None)), True, "no_data"),
        ((Tag("tags." + NO_DATA_TAG, "1"),), False, "abnormal"),
    ],
    ids=["of data", "the mark", "the mark without a value", "another name"],
)
def test_the_mark_of_missing_data_says_which_signal_tells_of_an_alert(tags, no_data, signal):
    one = alert(event=event(tags=tags))
    assert (is_no_data(one), opening_signal(one)) == (no_data, signal)


def test_the_version_is_the_generation_and_then_the_revision():
    assert document_version(alert(generation=1, revision=1)) == (1 << 28) + 1
    assert document_version(alert(generation=0, revision=5)) == 5


revisions = st.integers(1, 2**28 - 1)
generations = st.integers(0, 2**35 - 1)


@given(generations, revisions, generations, revisions)
def test_a_later_generation_is_newer_whatever_the_revision(one, revision, other, second):
    versions = [document_version(alert(generation=g, revision=r)) for g, r in ((one, revision), (other, second))]
    assert (versions[0] < versions[1]) == ((one, revision) < (other, second))
    assert max(versions) < 2**63


def test_escalations_are_those_of_the_rules_and_that_of_the_strategy_under_no_name():
    own, ruled = UpgradeRecord(0, 5), {"7": UpgradeRecord(1, 9)}
    assert Extra().upgrades() == {}
    assert Extra(upgrade_notice=own).upgrades() == {"": own}
    assert Extra(rule_snaps=ruled).upgrades() == ruled
    assert Extra(upgrade_notice=own, rule_snaps=ruled).upgrades() == {"": own, **ruled}
