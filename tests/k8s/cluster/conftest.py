"""A control plane for the tests of this folder; `make test-k8s` runs them, `make test` does not."""

from collections.abc import Iterator

import pytest

from tests.servers import kubernetes
from tests.servers.kubernetes import ControlPlane


@pytest.fixture(scope="session", params=["", "1.34"], ids=["newest", "1.34"])
def validating(request: pytest.FixtureRequest) -> Iterator[ControlPlane]:
    """An API server that validates, of the newest version and of the oldest that is maintained; its namespace is made."""
    if why := kubernetes.missing():
        pytest.skip(f"{why}: the manifests are checked by schema alone")
    plane = ControlPlane(request.param)
    plane.kubectl("create", "namespace", "tocsin")
    yield plane
    plane.stop()
