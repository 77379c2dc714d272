"""A gateway for the tests of a module."""

import pytest

from tests.flows.gateway.stand import Stand


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    stand = Stand(tmp_path_factory.mktemp("gateway"), "--settings", "/dev/null")
    yield stand
    assert stand.stop() == 0
