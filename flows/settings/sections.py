"""The sections of the settings, each with its defaults (docs/settings.md)."""

from typing import TYPE_CHECKING, Annotated, Literal

import msgspec

from operators.rules.shapes.ways import WAYS

DAY = 86400
AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
Pause = Annotated[float, msgspec.Meta(ge=0, le=DAY)]
"""Seconds, a day at most: neither an endless one nor one that is no number."""
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
if TYPE_CHECKING:
    _Way = str
else:
    _Way = Literal["", *WAYS]
JobName = Literal["all", "intake", "alerts", "notices"]


class StoreSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where alerts, logs, actions and events are kept: a SQLite file, or Elasticsearch by URL."""

    dsn: str = "data/tocsin.sqlite3"
    events: bool = True
    """Keep the event archive."""


class OutboxSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where notices wait for the courier: a SQLite file or `redis://host:port/db/key`."""

    dsn: str = "data/outbox.sqlite3"
    wait: Pause = 30.0
    """Seconds to wait for Redis at start."""


class CourierSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the courier does beside the channels' own terms."""

    stale: Pause = 900.0
    """Seconds behind its moment after which a notice is told in a digest; 0 = never."""


class RecoverySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where snapshots are kept, how many files they are spread over, and how many seconds lie between two."""

    directory: str = "data/recovery"
    partitions: AtLeastOne = 16
    interval: Pause = 10.0


class BackupSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where parts of savepoints are written while the job runs: a folder that outlives the machine, or `s3://bucket/prefix`."""

    place: str = ""
    """Empty: nowhere."""
    interval: Annotated[float, msgspec.Meta(ge=1, le=DAY)] = 300.0
    """Seconds between two; the last one is written when the job ends."""
    restore: bool = False
    """Begin from the newest complete set where a worker has no state, or that of another number of workers."""


Format = Literal[
    "tocsin", "prometheus", "alertmanager", "grafana", "pagerduty", "zabbix", "cloudevents", "bk-monitor", "json"
]
"""A format of operators/intake/formats/table.py."""


class SourceSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Files of events to read (`-` is stdin), one after the other.

    `clock`: `input` = a record arrives when it says so, as in a replay; `wall` = when it is read.
    `follow`: wait for more lines in the last file.
    """

    files: tuple[str, ...] = ()
    follow: bool = False
    clock: Literal["input", "wall"] = "input"
    recording: bool = False
    """Each line says by `kind` what it is, as in a replay: a file of one's own, for it may hold commands and rules."""
    commands: str = ""
    """A file of commands to follow beside them; `tocsin ack` and its like append to it."""
    format: Format = "tocsin"
    """What the lines of the files are (docs/gateway.md)."""
    source: str = ""
    """Of format json: the rule of kind `sources` that reads them."""
    spool: str = ""
    """A directory that gateways write to; where it is named, the job follows it instead of files."""


class TopicSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A topic of events: the data id that metrics show, and how its records are read."""

    data_id: int | str = 0
    """What metrics call the source."""
    decoder: Format = "tocsin"
    """What its records are (docs/gateway.md)."""
    source: str = ""
    """Of decoder json: the rule of kind `sources` that reads them."""


class Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secret stands: in a variable of the environment or in a file."""

    env: str = ""
    """Variable of the environment that holds it."""
    file: str = ""
    """File that holds it."""


class KafkaSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The brokers and the topics of the job (docs/kafka.md). Empty names: no such topic."""

    brokers: str = ""
    topics: dict[str, TopicSettings] = {}
    checks: str = ""
    commands: str = ""
    dead_letters: str = ""
    changes: str = ""
    """The latest document of each alert, keyed by its id."""
    keyed: str = ""
    """Events and checks that are decoded and named, partitioned by slot: from the job of intake to that of alerts."""
    planned: str = ""
    """Planned actions with their alerts, partitioned by business: from the job of alerts to that of notices."""
    job: JobName = "all"
    """Follows setting `job`."""
    worker: Annotated[int, msgspec.Meta(ge=0)] = 0
    workers: AtLeastOne = 1
    """This process reads the partitions p with p % workers == worker."""
    group: str = "tocsin"
    """Where offsets are shown to lag tools; they are never read from there."""
    create_topics: bool = False
    """Create missing topics; else they are an error."""
    partitions: AtLeastOne = 16
    """Partitions of a topic that is created."""
    replication: Annotated[int, msgspec.Meta(ge=-1)] = -1
    """Replicas of a topic that is created; -1: as the brokers are set up."""
    start: Literal["earliest", "latest"] = "earliest"
    """Where a partition is read from that was never read before."""
    out_of_range: Literal["fail", "earliest"] = "fail"
    """What to do when records were deleted before they were read."""
    prefetch: AtLeastOne = 32
    """MiB of records read ahead."""
    patience: Pause = 60.0
    """Seconds after which a partition whose broker is silent no longer holds up the others."""
    wait: Pause = 30.0
    """Seconds to wait for a broker at start."""
    timeout: Pause = 60.0
    """Seconds to wait until a record is delivered."""
    options: dict[str, str | int | float | bool | Secret] = {}
    """Further options of librdkafka: security, above all."""


class MetricsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The port of /metrics, /healthz and /readyz; 0 = none."""

    port: Port = 0
    host: str = "127.0.0.1"
    strategies: list[str | int] = []
    """Strategies that metrics name; all others are `__total__`."""


class GatewaySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where events come in over HTTP, and where they go: to a topic if there are brokers, else to a spool."""

    listen: str = "127.0.0.1:9093"
    """Address and port on which it takes events and alerts over HTTP."""
    tokens: str = ""
    """A file of tokens; without one, only this machine may ask."""
    spool: str = "data/spool"
    """Where what it took waits for the job, if there are no brokers."""
    name: str = "gateway-0"
    """The folder of this process within the spool."""
    topic: str = ""
    """Default: the first of kafka.topics."""


class ConsoleSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may do what on the console where a proxy before it signs people in; tokens go on to count beside it."""

    proxies: tuple[str, ...] = ()
    """Addresses or networks of proxies whose headers are believed; they must overwrite them."""
    user_header: str = "X-Forwarded-User"
    """The header that names who is signed in."""
    groups_header: str = "X-Forwarded-Groups"
    """The header that names their groups, with commas between."""
    see: tuple[str, ...] = ("*",)
    """Users and groups that may read; `*` is everybody who is signed in."""
    act: tuple[str, ...] = ()
    """Those that may act on alerts and shields."""
    admin: tuple[str, ...] = ()
    """Those that may send given-up notices again, or drop them."""
    businesses: dict[str, tuple[str, ...]] = {}
    """User or group: the businesses whose alerts they see; who is named in none sees all."""
    views: dict[str, str] = {}
    """Name of a view -> the search it stands for, as links on the page Now."""
    rule_sets: dict[str, str] = {}
    """Name of a set of rules -> its directory: those that may be tried on history, on the page Replay."""
    replays: str = "data/replays"
    """A directory for what came of them."""


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From which level on lines are written."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """From which level on lines are written."""


class HeartbeatSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sign every few minutes while all is well: to an address, as a notice, or both; empty = none."""

    url: str | Secret = ""
    """An address that is posted to; empty = none."""
    way: _Way = ""
    """The way of a notice that says so, by outbox, courier and channel; empty = none."""
    receivers: tuple[str, ...] = ()
    """Who gets that notice: people, or chats and addresses of the way."""
    minutes: Annotated[float, msgspec.Meta(gt=0, le=1440)] = 5.0
    """Minutes between two signs."""
