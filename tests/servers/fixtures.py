"""Real servers as fixtures: each starts once per run; a test isolates itself by a topic, index, key prefix or database."""

import uuid
from collections.abc import Callable, Iterator

import pymysql
import pytest

from tests.servers import elasticsearch, kafka, redis
from tests.servers.park import NoServerError
from tests.servers.plugin import NEEDS, SERVERS
from tests.servers.process import Server
from tests.servers.topics import Topics


def _address(request: pytest.FixtureRequest) -> str:
    assert request.fixturename is not None
    try:
        return request.config.stash[SERVERS].address(NEEDS[request.fixturename])
    except NoServerError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def kafka_address(request: pytest.FixtureRequest) -> str:
    """The `host:port` of a Kafka that runs for all tests."""
    return _address(request)


@pytest.fixture(scope="session")
def elasticsearch_url(request: pytest.FixtureRequest) -> str:
    """The URL of an Elasticsearch that runs for all tests."""
    return _address(request)


@pytest.fixture(scope="session")
def redis_address(request: pytest.FixtureRequest) -> str:
    """The `host:port` of a Redis that runs for all tests."""
    return _address(request)


@pytest.fixture(scope="session")
def mariadb_address(request: pytest.FixtureRequest) -> str:
    """The `host:port` of a MariaDB that runs for all tests; user `root`, no password."""
    return _address(request)


@pytest.fixture
def unique() -> str:
    """A name no other test uses: for a topic, an index, a key, a database."""
    return f"t{uuid.uuid4().hex[:12]}"


@pytest.fixture
def topics(kafka_address: str, unique: str) -> Topics:
    """Topics no other test uses, on the Kafka that runs for all."""
    return Topics(kafka_address, unique)


@pytest.fixture
def redis_dsn(redis_address: str, unique: str) -> str:
    """An outbox address no other test uses."""
    return f"redis://{redis_address}/0/{unique}"


@pytest.fixture
def elasticsearch_dsn(elasticsearch_url: str) -> Iterator[str]:
    """A store address no other test uses."""
    with elasticsearch.place(elasticsearch_url) as address:
        yield address


@pytest.fixture
def mariadb_dsn(mariadb_address: str, unique: str) -> Iterator[str]:
    """A database no other test uses, as `mysql://root@host:port/database`."""
    host, _, port = mariadb_address.partition(":")
    with pymysql.connect(host=host, port=int(port), user="root", autocommit=True) as server, server.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {unique}")
        yield f"mysql://root@{mariadb_address}/{unique}"
        cursor.execute(f"DROP DATABASE {unique}")


@pytest.fixture(scope="session")
def own_kafka() -> Iterator[tuple[Server, str]]:
    """A Kafka that tests kill, hang and restart, and its `host:port`; each leaves it running."""
    yield from _own(kafka.missing, kafka.kafka_server)


@pytest.fixture(scope="session")
def own_elasticsearch() -> Iterator[tuple[Server, str]]:
    """An Elasticsearch that tests kill, hang and restart, and its URL; each leaves it running."""
    yield from _own(elasticsearch.missing, elasticsearch.elasticsearch_server)


@pytest.fixture
def own_redis() -> Iterator[tuple[Server, str]]:
    """A Redis for one test, which may kill, hang and restart it, and its `host:port`."""
    yield from _own(redis.missing, redis.redis_server)


def _own(missing: Callable[[], str], start: Callable[[], tuple[Server, str]]) -> Iterator[tuple[Server, str]]:
    if why := missing():
        pytest.fail(why, pytrace=False)
    server, address = start()
    yield server, address
    server.stop()
