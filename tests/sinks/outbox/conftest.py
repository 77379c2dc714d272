"""Every place an outbox can be; the contract suite runs on each."""

import pytest

from sinks.outbox import MemoryOutbox, Outbox, Terms, open_outbox

TERMS = Terms(visibility=60, retention=1000)


@pytest.fixture(params=["memory", "sqlite", pytest.param("redis", marks=pytest.mark.servers)])
def outbox(request, tmp_path) -> Outbox:
    match request.param:
        case "memory":
            place = MemoryOutbox(TERMS)
        case "sqlite":
            place = open_outbox(str(tmp_path / "outbox.db"), TERMS)
        case _:
            place = open_outbox(request.getfixturevalue("redis_dsn"), TERMS)
    yield place
    place.close()


@pytest.fixture(params=["sqlite", pytest.param("redis", marks=pytest.mark.servers)])
def place(request, tmp_path) -> str:
    """Where a durable outbox can be opened, more than once."""
    return str(tmp_path / "outbox.db") if request.param == "sqlite" else request.getfixturevalue("redis_dsn")
