"""Flapping carried out: what counts as a change, and which notice says that it flaps (design.md 7.54)."""

import pytest

from operators.model.alert import FlapRecord
from operators.model.memory import CALM, Flapping
from operators.model.reason import Reason
from operators.model.settings import CoreSettings, FlapSettings
from operators.plan.flap import judge_flapping, note_change, note_severity, show_flapping
from operators.plan.judge import GO, Verdict
from tests.operators.check.made import T0
from tests.operators.state.staged import Stage, kept

LIMIT = FlapSettings(changes=3, window=60, quiet=90)
SETTINGS = CoreSettings(flap=LIMIT)


# --- what counts as a change


@pytest.mark.parametrize(
    ("signal", "extra", "counts"),
    [
        ("abnormal", {}, True),
        ("no_data", {}, True),
        ("recovered", {}, True),
        ("closed", {}, True),
        ("ack", {}, False),
        ("abnormal", {"predecessor": "1"}, False),
        ("closed", {"predecessor": "1"}, True),
    ],
    ids=["opened", "opened without data", "recovered", "closed", "acked", "a supersede", "the end of what superseded"],
)
def test_openings_and_ends_are_changes_and_a_supersede_is_none(signal, extra, counts):
    turn = Stage(kept(extra=extra), settings=SETTINGS).turn(7)
    note_change(turn, signal)
    assert turn.state.flapping == (Flapping((T0 + 7,)) if counts else CALM)


# --- what is told

ON, TOLD = Flapping((T0, T0 + 40), 4), Flapping((T0, T0 + 40), 4, told=2)
HELD = ("normal", Verdict("skipped", Reason.FLAPPING, "4 changes in 40 s"))
SHIELDED = Verdict("skipped", Reason.SHIELDED_BY_RULE)


@pytest.mark.parametrize(
    ("flapping", "severity", "signal", "kind", "verdict", "found"),
    [
        (CALM, 2, "abnormal", "normal", GO, ("normal", GO)),
        (ON, 2, "abnormal", "normal", GO, ("flapping", GO)),
        (ON, 2, "closed", "normal", GO, ("flapping", GO)),
        (ON, 2, "ack", "normal", GO, ("normal", GO)),
        (ON, 2, "abnormal", "upgrade", GO, ("upgrade", GO)),
        (ON, 2, "abnormal", "normal", SHIELDED, ("normal", SHIELDED)),
        (TOLD, 2, "abnormal", "normal", GO, HELD),
        (TOLD, 3, "abnormal", "normal", GO, HELD),
        (TOLD, 1, "abnormal", "normal", GO, ("normal", GO)),
        (TOLD, 1, "recovered", "normal", GO, HELD),
        (TOLD, 1, "no_data", "normal", GO, ("normal", GO)),
        (TOLD, 2, "abnormal", "unshielded", GO, ("unshielded", HELD[1])),
    ],
    ids=[
        "it does not flap", "the first says so", "the first is an end", "an ack", "an escalation", "what may not go anyway",
        "then they wait", "a milder one too", "a worse one is told", "an end of a worse one waits", "worse without data",
        "after a shield",
    ],
)  # fmt: skip
def test_what_is_told_while_it_flaps(flapping, severity, signal, kind, verdict, found):
    turn = Stage(kept(severity=severity), flapping=flapping, settings=SETTINGS).turn()
    assert judge_flapping(turn, signal, kind, verdict) == found


def test_the_alert_shows_what_people_were_told_of_it():
    stage = Stage(kept(), flapping=ON, settings=SETTINGS)
    show_flapping(stage.turn())
    assert stage.state.alert.extra_info.flapping == FlapRecord(4, 40, 90)


@pytest.mark.parametrize(
    ("flapping", "told"), [(ON, 2), (TOLD, 2), (CALM, 0)], ids=["told first", "told again", "calm"]
)
def test_the_severity_that_people_were_told_is_remembered_while_it_flaps(flapping, told):
    turn = Stage(kept(severity=2), flapping=flapping, settings=SETTINGS).turn()
    note_severity(turn)
    assert turn.state.flapping.told == told
