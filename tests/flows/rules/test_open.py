"""Sources by their addresses."""

from pathlib import Path

import pytest

from flows.rules.open import open_rules
from flows.rules.source import Terms
from flows.rules.transfer import import_rules
from tests.flows.rules.made import CPU, HOST, OPS, write


def test_rules_and_inventory_come_from_files_and_databases_together(tmp_path: Path):
    write(tmp_path / "a" / "a.yaml", user_groups=[OPS], hosts=[HOST])
    write(tmp_path / "b" / "a.yaml", strategies=[CPU])
    write(tmp_path / "c" / "a.yaml", hosts=[{**HOST, "bk_host_id": 2}], strategies=[{"id": 9, "name": "not inventory"}])
    dsn = f"sqlite:///{tmp_path}/c.db"
    import_rules(str(tmp_path / "c"), dsn, Terms(), mirror=False)
    watcher = open_rules([str(tmp_path / "a"), str(tmp_path / "b")], [dsn], Terms())
    assert watcher.load() == []
    book = watcher.holder.current()
    assert (list(book.strategies), sorted(book.hosts)) == (["1"], ["1", "2"])


def test_rules_may_come_from_a_database_alone(tmp_path: Path):
    write(tmp_path / "a" / "a.yaml", user_groups=[OPS], hosts=[HOST])
    dsn = f"sqlite:///{tmp_path}/a.db"
    import_rules(str(tmp_path / "a"), dsn, Terms(), mirror=False)
    watcher = open_rules([dsn], [], Terms())
    assert watcher.load() == []
    assert list(watcher.holder.current().hosts) == ["1"]


@pytest.mark.parametrize(
    ("rules", "inventory", "said"),
    [
        (["redis://:topsecret@h/0/k"], [], "rules: cannot read redis://"),
        (["http://u:topsecret@h"], [], "rules: cannot read http://"),
        ([], ["http://u:topsecret@h"], "inventory: cannot read http"),
        ([], ["rules"], "inventory: cannot read rules"),
        ([], ["redis://:topsecret@h"], "expected redis://host:port/db/key"),
        (["mysql://u:topsecret@h/d"], [], "a password does not stand in an address"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_secret(rules, inventory, said: str):
    with pytest.raises(ValueError, match=said) as refusal:
        open_rules(rules, inventory, Terms())
    assert "topsecret" not in str(refusal.value)
