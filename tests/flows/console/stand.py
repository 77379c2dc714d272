"""A console as a process of its own, over a store that a test has filled."""

import json
from pathlib import Path
from urllib.parse import urlencode

import yaml

from sinks.store.elasticsearch import ElasticsearchStore
from sinks.store.interface import Batch
from sinks.store.place import open_store
from tests.flows.gateway.stand import Stand

OURS = {"HX-Request": "true", "Sec-Fetch-Site": "same-origin"}
"""What a page of the console sends along."""
JSON = {"accept": "application/json"}


class Desk(Stand):
    """A running console."""

    program = "console"

    def act(self, path: str, headers=OURS, **form: str):
        return self.post(path, urlencode(form).encode(), **headers)

    def page(self, path: str, **headers: str) -> str:
        answer = self.get(path, **headers)
        assert answer.status == 200, answer.data.decode()
        return answer.data.decode()

    def view(self, path: str):
        return json.loads(self.page(path, **JSON))


def filled(folder: Path, rules: dict, dsn: str = "", **batch) -> Path:
    """Write rules and a store, and return where the rules are."""
    place = folder / "rules"
    place.mkdir()
    (place / "rules.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    write(folder, dsn, **batch)
    return place


def write(folder: Path, dsn: str, **batch) -> None:
    """Write documents into the store of a console, to be found at once."""
    store = open_store(dsn or str(folder / "data" / "tocsin.sqlite3"))
    store.write(Batch(**batch))
    if isinstance(store, ElasticsearchStore):
        store._client.indices.refresh(index=f"{store._prefix}*")
    store.close()


def desk(folder: Path, rules: dict, *options: str, dsn: str = "", **batch) -> Desk:
    place = filled(folder, rules, dsn, **batch)
    return Desk(folder, "--settings", "/dev/null", "--rules", str(place), *options, env=at(dsn))


def at(dsn: str) -> dict[str, str]:
    """Return the environment that names a store; without an address it is beside the rest."""
    return {"TOCSIN__STORE__DSN": dsn} if dsn else {}
