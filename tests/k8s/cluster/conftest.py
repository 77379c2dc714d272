"""A control plane for the tests of this folder; `make test-k8s` runs them, `make test` does not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.k8s.cluster.production import Production, Servers
from tests.k8s.cluster.sandbox import Sandbox
from tests.servers import image, kubernetes
from tests.servers.kubernetes import ControlPlane
from tests.servers.node.start import Cluster
from tests.servers.s3 import s3_server


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


@pytest.fixture(scope="session")
def cluster(
    image_root: Path, image_config: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A control plane with two nodes that run pods as processes."""
    if why := kubernetes.missing():
        pytest.skip(f"{why}: no pod is run")
    found = Cluster(tmp_path_factory.mktemp("cluster"), image_root, image_config)
    try:
        found.bring("tocsin:0.1.0")
        for name in ("node-0", "node-1"):
            found.start_node(name)
        yield found
    finally:
        found.stop()


@pytest.fixture
def production(
    cluster: Cluster, unique: str, tmp_path: Path, kafka_address: str, elasticsearch_url: str, redis_address: str
) -> Iterator[Production]:
    """An installation on real servers, in a namespace of its own, with nothing applied yet."""
    site = Production(cluster, unique, tmp_path, Servers(kafka_address, elasticsearch_url, redis_address))
    yield site
    site.close()


@pytest.fixture(scope="session")
def objects() -> Iterator[str]:
    """The URL of a store that speaks S3, with a bucket `tocsin`."""
    server, url = s3_server()
    yield url
    server.stop()
