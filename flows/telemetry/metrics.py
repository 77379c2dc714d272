"""Every metric there is, in one closed list; docs/metrics.md is made from it, dashboards are checked against it."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from operators.deliver.delivery import BuryReason
from operators.model.reason import DeadReason, DropReason

Kind = Literal["counter", "gauge", "histogram"]
Program = Literal["job", "courier", "gateway"]

TOTAL = "__total__"
"""Stands for every strategy that is not on the allow-list."""

SHORT = (0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 2.5, 5.0, 7.5, 10.0, 30.0)
"""Seconds that a piece of work takes."""
LATENCY = (1.0, 2.0, 3.0, 5.0, 10.0, 15.0, 20.0, 30.0, 60.0, 180.0, 300.0)
"""Seconds between an event and its alert, as dashboards of the reference system have them (spec/storage.md 6)."""


class Metric(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """One metric, and no other is equal to it. `counter` names have no `_total`: the exposition adds it."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    known: tuple[tuple[str, ...], ...] = ()
    """Values of the labels that stand at 0 from the start, so that a first increase shows as one."""
    program: Program = "job"

    @property
    def series(self) -> str:
        """The name by which it is asked for in Prometheus."""
        return f"{self.name}_total" if self.kind == "counter" else self.name


def _each(values: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple((str(value),) for value in values)


# --- the four of the reference system

PUSHED = Metric(
    name="alert_manage_push_data_count", kind="counter", labels=("strategy_id", "signal"),
    help="Signals of alerts: abnormal, recovered, closed, no_data, ack.",
)  # fmt: skip
LATENCY_SECONDS = Metric(
    name="alert_process_latency", kind="histogram", labels=("bk_data_id", "topic"), buckets=LATENCY,
    help="Seconds from the arrival of a record at its topic until everything that follows from it is durable.",
)  # fmt: skip
CREATE_SECONDS = Metric(
    name="action_create_process_time", kind="histogram", labels=("strategy_id", "signal"), buckets=SHORT,
    help="Seconds that the batch took in which an action was created, its writing included.",
)  # fmt: skip
CREATED = Metric(
    name="action_create_process_count", kind="counter", labels=("status", "exception"),
    known=(("success", "None"), ("failed", "TemplateError")),
    help="Actions created; failed = the words of one had to be replaced because a template failed.",
)  # fmt: skip

# --- what runs

BUILD = Metric(
    name="tocsin_build_info",
    kind="gauge",
    labels=("version", "python"),
    help="1 for the version of the program that runs.",
)

# --- what comes in

RECORDS = Metric(
    name="tocsin_records_read", kind="counter", labels=("topic",), help="Records read, of every kind, by topic or file."
)
EVENTS = Metric(name="tocsin_events", kind="counter", help="Events decoded, duplicates included.")
DUPLICATES = Metric(name="tocsin_events_duplicate", kind="counter", help="Events that had come before.")
EXPIRED = Metric(name="tocsin_events_expired", kind="counter", help="Events that were too old to matter.")
UNMATCHED = Metric(
    name="tocsin_events_unmatched", kind="counter", help="Recoveries and closings that found no open alert."
)
DROPPED = Metric(
    name="tocsin_events_dropped", kind="counter", labels=("reason",), known=_each(DropReason),
    help="Events that can open no alert: enrichment let them go, or their strategy is not in force.",
)  # fmt: skip
AHEAD = Metric(
    name="tocsin_events_ahead", kind="counter", labels=("plugin_id",),
    help="Events whose clock was ahead by more than setting `clock_skew`; sources beyond the first hundred are `__other__`.",
)  # fmt: skip
UNREAD_WORDS = Metric(
    name="tocsin_events_unread_words", kind="counter", labels=("field",), known=(("severity",), ("status",)),
    help="Events with a word for severity or status that was not understood; each word is logged once a source.",
)  # fmt: skip
DEAD_LETTERS = Metric(
    name="tocsin_dead_letters", kind="counter", labels=("reason",), known=_each(DeadReason),
    help="Records refused; each is kept with its bytes.",
)  # fmt: skip
LAG_RECORDS = Metric(
    name="tocsin_lag_records", kind="gauge", labels=("topic", "partition"),
    help="Records of a partition that were not yet read.",
)  # fmt: skip
CLOCK_LAG = Metric(
    name="tocsin_clock_lag_seconds", kind="gauge", help="How far the clock of the stream is behind the wall clock."
)

# --- what is kept

SLOTS = Metric(name="tocsin_slots", kind="gauge", help="Slots that hold state.")
STATES = Metric(name="tocsin_states", kind="gauge", help="Fingerprints that are kept.")
OPEN_ALERTS = Metric(
    name="tocsin_open_alerts", kind="gauge", labels=("severity",), known=(("1",), ("2",), ("3",)),
    help="Alerts that are abnormal now.",
)  # fmt: skip
ALERTS = Metric(
    name="tocsin_alerts", kind="counter", labels=("change",), known=(("opened",), ("recovered",), ("closed",)),
    help="Alerts opened and ended.",
)  # fmt: skip
UNCHECKED = Metric(
    name="tocsin_alerts_unchecked", kind="counter",
    help="Alerts closed because no data came, of series that no check ever came of: are the results of detection sent at all?",
)  # fmt: skip
LOG_ENTRIES = Metric(
    name="tocsin_log_entries", kind="counter", labels=("op_type", "reason"),
    help="Entries of alert logs: every change of an alert, and every reason why nothing was done.",
)  # fmt: skip
BATCH_SECONDS = Metric(
    name="tocsin_batch_seconds", kind="histogram", buckets=SHORT,
    help="Seconds from reading a batch until everything that follows from it is durable.",
)  # fmt: skip
BUSY_SECONDS = Metric(
    name="tocsin_busy_seconds", kind="counter",
    help="Seconds spent on records, from reading a batch until the next is asked for; what is not in it was spent waiting.",
)  # fmt: skip
WORKERS = Metric(
    name="tocsin_workers", kind="gauge", labels=("stage",),
    help="How many workers the job has, as each of them was told; fewer that say so means that one is missing.",
)  # fmt: skip
SNAPSHOT_TIME = Metric(
    name="tocsin_snapshot_timestamp_seconds", kind="gauge",
    help="When the last snapshot was taken, in Unix seconds; its age is time() minus this.",
)  # fmt: skip
SNAPSHOT_PAUSE = Metric(
    name="tocsin_snapshot_pause_seconds", kind="histogram", buckets=SHORT,
    help="Seconds in which nothing else was done because a snapshot was taken.",
)  # fmt: skip
BACKUP_TIME = Metric(
    name="tocsin_backup_timestamp_seconds", kind="gauge",
    help="When this worker last wrote its part of a savepoint, in Unix seconds; nothing where setting backup.place is empty.",
)  # fmt: skip
CONFLICTS = Metric(
    name="tocsin_store_conflicts", kind="counter",
    help="Documents that the store already had in a newer version: normal for a while after a restart.",
)  # fmt: skip

# --- what goes out

ACTIONS = Metric(
    name="tocsin_actions", kind="counter", labels=("plugin_type", "status"),
    help="States that actions reached: a notice that is withheld and then sent counts for both.",
)  # fmt: skip
NOTICES = Metric(name="tocsin_notices", kind="counter", labels=("way",), help="Notices put into the outbox.")
OUTBOX_DEPTH = Metric(
    name="tocsin_outbox_notices", kind="gauge", labels=("state",), program="courier",
    known=(("ready",), ("later",), ("in_flight",), ("dead",)),
    help="Notices in the outbox: to send now, to try again later, being sent, given up.",
)  # fmt: skip
OUTBOX_AGE = Metric(
    name="tocsin_outbox_oldest_seconds", kind="gauge", program="courier",
    help="How long the oldest notice has waited that is neither delivered nor given up.",
)  # fmt: skip
SENDS = Metric(
    name="tocsin_sends", kind="counter", labels=("way", "result"), program="courier",
    help="Attempts to deliver: ok, or failed where someone is to be tried again or was given up.",
)  # fmt: skip
SEND_SECONDS = Metric(
    name="tocsin_send_seconds", kind="histogram", labels=("way",), buckets=SHORT, program="courier",
    help="Seconds that a provider took to answer.",
)  # fmt: skip
GIVEN_UP = Metric(
    name="tocsin_notices_given_up", kind="counter", labels=("way", "reason"), program="courier",
    help=f"Notices put on the dead list; reason: {', '.join(sorted(BuryReason))}.",
)  # fmt: skip

# --- the rules

RULES = Metric(
    name="tocsin_rules_info", kind="gauge", labels=("version",), help="1 for the version of the rule book in force."
)
RULES_TIME = Metric(
    name="tocsin_rules_timestamp_seconds", kind="gauge",
    help="When the rule book in force was last found to be what the sources say, in Unix seconds.",
)  # fmt: skip
RULES_ERRORS = Metric(
    name="tocsin_rules_errors", kind="gauge",
    help="Mistakes in the rules as they now stand, and sources that cannot be read; while there are any, the last good ones stay in force.",
)  # fmt: skip
RULES_LOADS = Metric(
    name="tocsin_rules_loads", kind="counter", labels=("result",), known=(("ok",), ("refused",)),
    help="Changes of rules or inventory that were taken over, and that were refused or could not be read.",
)  # fmt: skip

# --- the gateway

REQUESTS = Metric(
    name="tocsin_gateway_requests", kind="counter", labels=("path", "status"), program="gateway",
    help="Requests answered, by path as it stands in the documentation and by status.",
)  # fmt: skip
TAKEN_IN = Metric(
    name="tocsin_gateway_records", kind="counter", labels=("format",), program="gateway",
    help="Events and commands made durable, by format.",
)  # fmt: skip
NOT_TAKEN_IN = Metric(
    name="tocsin_gateway_refused", kind="counter", labels=("format", "reason"), program="gateway",
    help="Parts of bodies that were no events; their senders were told.",
)  # fmt: skip
LEFT_OUT = Metric(
    name="tocsin_gateway_truncated_alerts", kind="counter", labels=("format",), program="gateway",
    help="Alerts that senders say they have left out of what they sent.",
)  # fmt: skip
KEEP_SECONDS = Metric(
    name="tocsin_gateway_keep_seconds", kind="histogram", buckets=SHORT, program="gateway",
    help="Seconds from a body's arrival until all of it was durable.",
)  # fmt: skip
AM_BUILD = Metric(
    name="alertmanager_build_info", kind="gauge", labels=("version",), program="gateway", known=(("0.27.0",),),
    help="The version of Alertmanager's API that is spoken; tools look for it.",
)  # fmt: skip

METRICS = (
    BUILD,
    PUSHED, LATENCY_SECONDS, CREATE_SECONDS, CREATED,
    RECORDS, EVENTS, DUPLICATES, EXPIRED, UNMATCHED, DROPPED, AHEAD, UNREAD_WORDS, DEAD_LETTERS, LAG_RECORDS, CLOCK_LAG,
    SLOTS, STATES, OPEN_ALERTS, ALERTS, UNCHECKED, LOG_ENTRIES, BATCH_SECONDS, BUSY_SECONDS, WORKERS,
    SNAPSHOT_TIME, SNAPSHOT_PAUSE, BACKUP_TIME, CONFLICTS,
    ACTIONS, NOTICES, OUTBOX_DEPTH, OUTBOX_AGE, SENDS, SEND_SECONDS, GIVEN_UP,
    RULES, RULES_TIME, RULES_ERRORS, RULES_LOADS,
    REQUESTS, TAKEN_IN, NOT_TAKEN_IN, LEFT_OUT, KEEP_SECONDS, AM_BUILD,
)  # fmt: skip


def document() -> str:
    """Return docs/metrics.md."""
    return "\n".join([_HEAD, *map(_row, METRICS), _TAIL])


def _row(metric: Metric) -> str:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    buckets = ", ".join(f"{bound:g}" for bound in metric.buckets)
    return f"| `{metric.series}` | {metric.kind} | {labels} | {metric.program} | {metric.help} | {buckets} |"


_HEAD = """\
# Metrics

Made from `flows/telemetry/metrics.py` by `python -m flows.telemetry.metrics`; a test compares.

The job and the courier each answer `GET /metrics` on their own port (setting `metrics.port`; 0 = not at all; host
`metrics.host`, default 127.0.0.1); run side by side, which is the default, they share one. `/healthz` answers 503 when
the source of the job has not been asked for records for longer than the larger of a minute and five snapshot intervals,
or when a thread that should never end has; `/readyz` answers 200 once the state of the last snapshot is back and every
partition was heard of, empty or not, and says until then what it waits for.

`--worker i/N` keeps the port, since each worker has a machine or a pod of its own; `--workers N` gives worker i the port
`metrics.port` + i.

`strategy_id` is `__total__` unless the strategy stands in setting `metrics.strategies`, so that the number of series
does not grow with the number of strategies. The names without `tocsin_` are those of the reference system.

| name | kind | labels | program | what | buckets |
| --- | --- | --- | --- | --- | --- |"""

_TAIL = """
Beside these stand the `process_*` metrics of the Prometheus client: processor time, memory, open files, start time.
"""

if __name__ == "__main__":
    import sys

    sys.stdout.write(document())
