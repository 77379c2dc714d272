"""A control plane for the tests of this folder; `make test-k8s` runs them, `make test` does not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.k8s.cluster.sandbox import Sandbox
from tests.servers import image, kubernetes
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


@pytest.fixture(scope="session")
def image_name() -> str:
    """The image of this tree."""
    if why := image.missing():
        pytest.skip(f"{why}: the container file is only linted")
    return image.built()


@pytest.fixture(scope="session")
def image_config(image_name: str) -> dict[str, Any]:
    """What the image says of itself."""
    return image.config(image_name)


@pytest.fixture(scope="session")
def image_root(image_name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the root of the image; nobody writes it."""
    folder = tmp_path_factory.mktemp("image")
    image.unpack(image_name, folder)
    return folder


@pytest.fixture
def sandbox(image_root: Path, image_config: dict[str, Any], tmp_path: Path) -> Sandbox:
    """Programs of the image, and a home that is empty."""
    return Sandbox(image_root, image_config, tmp_path)
