"""The state machine of an alert as one table: what each reason does to its status, and which log entry tells it.

design.md 7, spec/lifecycle.md 2.8 and 2.10. Code looks moves up here, a test walks them, docs/lifecycle.md draws them.
"""

import msgspec

from operators.model.alert import ABNORMAL, CLOSED, RECOVERED
from operators.model.reason import OpType, Reason


class Move(msgspec.Struct, frozen=True, gc=False):
    """From one status to another. `source` None: no open alert."""

    source: str | None
    target: str
    op_type: OpType


def _stay(op_type: OpType) -> Move:
    return Move(ABNORMAL, ABNORMAL, op_type)


def _close(op_type: OpType = OpType.CLOSE) -> Move:
    return Move(ABNORMAL, CLOSED, op_type)


def _recover(op_type: OpType = OpType.RECOVER) -> Move:
    return Move(ABNORMAL, RECOVERED, op_type)


MOVES: dict[Reason, Move] = {
    Reason.OPENED: Move(None, ABNORMAL, OpType.CREATE),
    Reason.REPEATED: _stay(OpType.CONVERGE),
    Reason.OUT_OF_ORDER: _stay(OpType.CONVERGE),
    Reason.MILDER: _stay(OpType.EVENT_DROP),
    Reason.RECOVERY_DELAYED: _stay(OpType.DELAY_RECOVER),
    Reason.RECOVERY_ABORTED: _stay(OpType.ABORT_RECOVER),
    Reason.WINDOW_QUIET: _stay(OpType.RECOVERING),
    Reason.WINDOW_BROKEN: _stay(OpType.ABORT_RECOVER),
    Reason.WORSE: _close(),
    Reason.CLOSED_BY_EVENT: _close(),
    Reason.CLOSED_BY_OPERATOR: _close(),
    Reason.QUOTA_RELEASED: _close(),
    Reason.CIRCUIT_BREAKING: _close(OpType.ALERT_QOS),
    Reason.TIMED_OUT: _close(OpType.SYSTEM_CLOSE),
    Reason.STRATEGY_TIMED_OUT: _close(OpType.SYSTEM_CLOSE),
    Reason.STRATEGY_GONE: _close(),
    Reason.OUT_OF_ACTIVE_TIME: _close(),
    Reason.METRIC_CHANGED: _close(),
    Reason.DIMENSIONS_CHANGED: _close(),
    Reason.LEVEL_REMOVED: _close(),
    Reason.CONDITIONS_CHANGED: _close(),
    Reason.NO_DATA_DISABLED: _close(),
    Reason.TARGET_LEFT: _close(),
    Reason.NO_DATA_EXPIRED: _close(),
    Reason.DATA_STOPPED: _close(),
    Reason.PRIORITY: _close(),
    Reason.RECOVERED_BY_EVENT: _recover(),
    Reason.LEASE_OVER: _recover(OpType.SYSTEM_RECOVER),
    Reason.DELAY_OVER: _recover(OpType.SYSTEM_RECOVER),
    Reason.ALL_WINDOWS_QUIET: _recover(),
    Reason.NO_DATA_IN_WINDOW: _recover(),
    Reason.DATA_BACK: _recover(),
}
