"""A console as a process of its own, over a store that a test has filled."""

import json
from pathlib import Path
from urllib.parse import urlencode

import yaml

from sinks.store.interface import Batch
from sinks.store.sqlite import SqliteStore
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


def filled(folder: Path, rules: dict, **batch) -> Path:
    """Write rules and a store, and return where the rules are."""
    place = folder / "rules"
    place.mkdir()
    (place / "rules.yaml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    store = SqliteStore(folder / "data" / "tocsin.sqlite3")
    store.write(Batch(**batch))
    store.close()
    return place


def desk(folder: Path, rules: dict, *options: str, **batch) -> Desk:
    return Desk(folder, "--settings", "/dev/null", "--rules", str(filled(folder, rules, **batch)), *options)
