"""A real Kafka (KRaft, one node) from Maven's artifacts, kept in the cache (servers.md 2)."""

import shutil
import tempfile
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.servers.process import Server, cache, fetch_once, free_port, run_or_tell

VERSION = "4.4.0"
CLUSTER = "MkU3OEVBNTcwNTJENDM2Qg"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.11.0:copy-dependencies"
JVM = ("-Xms128m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

POM = f"""\
<project>
  <modelVersion>4.0.0</modelVersion><groupId>tests</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.5</version></dependency>
  </dependencies>
</project>
"""
LOG4J = """\
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d %p %c{1}: %m%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
"""
SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={run}/data
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=4194304
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
log.retention.ms=-1
log.message.timestamp.after.max.ms=9223372036854775807
"""


def kafka_server() -> tuple[Server, str]:
    """Start one; return it and its `host:port`."""
    home, port = _home(), free_port()
    run = Path(tempfile.mkdtemp(prefix="kafka."))
    (run / "log4j2.properties").write_text(LOG4J)
    settings = run / "server.properties"
    settings.write_text(SETTINGS.format(run=run, port=port, controller=free_port()))
    java = ["java", *JVM, f"-Dlog4j2.configurationFile={run}/log4j2.properties", "-cp", f"{home}/*"]
    try:
        run_or_tell([*java, "kafka.tools.StorageTool", "format", "--standalone", "-t", CLUSTER, "-c", str(settings)])
    except RuntimeError:
        shutil.rmtree(run)
        raise
    server = Server([*java, "kafka.Kafka", str(settings)], run, _Ready(f"127.0.0.1:{port}"), patience=120.0)
    server.start()
    return server, f"127.0.0.1:{port}"


def missing() -> str:
    """Say why no server can be had, or nothing."""
    if not shutil.which("java"):
        return "Kafka needs java (17 or newer) on the PATH"
    if not (cache() / f"kafka-{VERSION}").exists() and not shutil.which("mvn"):
        return "needs mvn to fetch Kafka"
    return ""


class _Ready:
    """Asks one broker whether it takes part in its cluster."""

    def __init__(self, address: str) -> None:
        quiet = {"bootstrap.servers": address, "log_level": 0, "reconnect.backoff.max.ms": 200}
        self._admin = AdminClient(quiet)

    def __call__(self) -> bool:
        try:
            return bool(self._admin.list_topics(timeout=1).brokers)
        except KafkaException:
            return False


def _home() -> Path:
    return fetch_once(f"kafka-{VERSION}", _fetch)


def _fetch(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "pom.xml").write_text(POM)
        copy = ["mvn", "-B", "-q", f"-Dmaven.repo.local={cache()}/m2", "-f", "pom.xml", COPY]
        copy += ["-DincludeScope=runtime", f"-DoutputDirectory={folder}"]
        run_or_tell(copy, cwd=scratch)
