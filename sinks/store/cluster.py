"""Reaching a cluster and getting it ready: the address, the templates, and clear words when it will not do."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

import msgspec
from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError
from elasticsearch import __version__ as client_version

from sinks.store.interface import StoreError, StoreUnavailableError
from sinks.store.mappings import KINDS, VERSION, mapping, template


class ClusterSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands behind the `?` of the address."""

    prefix: str = ""
    """Before the name of every index, alias and template."""
    shards: int = 1
    replicas: str = "0-1"
    """As `auto_expand_replicas` of an index."""
    patience: float = 120.0
    """Seconds until a write gives up."""
    timeout: float = 30.0
    """Seconds until a request gives up."""
    api_key: str = ""
    ca_certs: str = ""
    verify_certs: bool = True


def read_address(dsn: str) -> tuple[dict[str, Any], ClusterSettings]:
    """Read `http(s)://[user:password@]host:port[,host:port...][/path][?option=value&...]` into client arguments."""
    try:
        parts = urlsplit(dsn)
        settings = msgspec.convert(
            dict(parse_qsl(parts.query, strict_parsing=bool(parts.query))), ClusterSettings, strict=False
        )
    except (msgspec.ValidationError, ValueError) as error:
        raise StoreError(f"address of Elasticsearch: {error}") from error
    login, _, places = parts.netloc.rpartition("@")
    hosts = [
        f"{parts.scheme}://{_with_port(place, parts.scheme)}{parts.path.rstrip('/')}" for place in places.split(",")
    ]
    arguments: dict[str, Any] = {"hosts": hosts, "request_timeout": settings.timeout}
    if login:
        user, _, password = login.partition(":")
        arguments["basic_auth"] = (unquote(user), unquote(password))
    if settings.api_key:
        arguments["api_key"] = settings.api_key
    if parts.scheme == "https":
        arguments["verify_certs"] = settings.verify_certs
        if settings.ca_certs:
            arguments["ca_certs"] = settings.ca_certs
    return arguments, settings


def _with_port(place: str, scheme: str) -> str:
    has_port = ":" in place.rpartition("]")[2]
    return place if has_port else f"{place}:{443 if scheme == 'https' else 9200}"


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn errors of the client into those of the store, in words that say what to do."""
    try:
        yield
    except UnsupportedProductError as error:
        raise StoreError(f"{what}: the server is not Elasticsearch: {error}") from error
    except ApiError as error:
        raise _api_error(what, error) from error
    except TransportError as error:
        raise StoreUnavailableError(f"{what}: Elasticsearch does not answer: {_root(error)}") from error
    except ValueError as error:  # the client refuses its own arguments
        raise StoreError(f"{what}: {error}") from error


def _root(error: Exception) -> Exception:
    """Return the error at the root of what the client wrapped."""
    while isinstance(error, TransportError) and error.errors:
        error = error.errors[-1]
    return error


def _api_error(what: str, error: ApiError) -> StoreError:
    status, text = error.meta.status, f"{error.meta.status} {error.message}: {_reason(error)}"
    if "media_type_header_exception" in text:
        major = client_version[0]
        return StoreError(
            f"{what}: the server does not speak with client version {major}: install elasticsearch<{major}"
        )
    if status in (401, 403):
        return StoreError(f"{what}: no permission: {text}")
    if status == 429 or status >= 500:  # noqa: PLR2004 - busy, broken
        return StoreUnavailableError(f"{what}: Elasticsearch is in trouble: {text}")
    return StoreError(f"{what}: Elasticsearch does not support what is asked of it: {text}")


def _reason(error: ApiError) -> str:
    body: Any = error.body
    cause = body.get("error") if isinstance(body, dict) else body
    return str(cause.get("reason", cause) if isinstance(cause, dict) else cause)[:500]


def connect(arguments: dict[str, Any]) -> Elasticsearch:
    """Make a client; nothing is sent yet."""
    with explained("address of Elasticsearch"):
        return Elasticsearch(**arguments)


def check(client: Elasticsearch) -> None:
    """Ask something that every server answers (`GET /` is not: some builds have no handler for it)."""
    places = ", ".join(node.base_url for node in client.transport.node_pool.all())
    with explained(places):
        client.cluster.health(filter_path="status")


def prepare(client: Elasticsearch, settings: ClusterSettings) -> None:
    """Put the templates; give present indices the fields they lack. Raises StoreError with what is in the way."""
    check(client)
    for kind in KINDS:
        name = settings.prefix + kind
        with explained(f"template {name}"):
            _refuse_newer(client, name)
            client.indices.put_index_template(
                name=name, **template(kind, settings.prefix, settings.shards, settings.replicas)
            )
        with explained(f"indices {name}_*"):
            _complete(client, kind, name)


def _refuse_newer(client: Elasticsearch, name: str) -> None:
    found = client.options(ignore_status=404).indices.get_index_template(name=name)
    versions = [one["index_template"].get("version") or 0 for one in found.get("index_templates", ())]
    if max(versions, default=0) > VERSION:
        raise StoreError(
            f"template {name} was made by a newer Tocsin (version {max(versions)}, this one knows {VERSION})"
        )


def _complete(client: Elasticsearch, kind: str, name: str) -> None:
    """Add new fields to indices made under an older template."""
    present = client.options(ignore_status=404).indices.get(index=name, features="aliases").body
    indices = [index for index in present if index.startswith(f"{name}_")]
    if name in present:
        raise StoreError(
            f"{name} is an index, and we need it as an alias of {name}_*; rename one by the option `prefix`"
        )
    properties = mapping(kind)["properties"]
    for portion in portions(indices):
        client.indices.put_mapping(index=portion, properties=properties, dynamic="strict")


LONGEST_LINE = 3500
"""Bytes of names in one request: a server reads 4096 of its first line, and years have thousands of daily indices."""


def portions(names: Iterable[str]) -> Iterator[list[str]]:
    """Cut names into lists that fit the first line of a request, commas and escapes counted."""
    portion: list[str] = []
    size = 0
    for name in names:
        length = len(quote(name)) + 3  # a comma may be escaped
        if portion and size + length > LONGEST_LINE:
            yield portion
            portion, size = [], 0
        portion.append(name)
        size += length
    if portion:
        yield portion
