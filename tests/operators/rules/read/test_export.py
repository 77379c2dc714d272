import copy
import json

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from operators.rules.book import KINDS
from operators.rules.read.export import schema, to_documents
from operators.rules.read.load import load
from operators.rules.read.meanings import KINDS_MEAN, MEANINGS
from tests.operators.rules.books import book_of
from tests.operators.rules.full import FULL


def test_what_a_book_exports_makes_the_same_book():
    book = book_of(**FULL)
    again = book_of(**to_documents(book))
    assert again.version == book.version
    assert all(getattr(again, kind) == getattr(book, kind) for kind in KINDS)


def test_an_export_is_plain_and_leaves_defaults_out():
    documents = to_documents(book_of(**FULL))
    assert json.loads(json.dumps(documents)) == documents
    assert documents["strategies"][1] == {
        "id": "2",
        "name": "event only",
        "bk_biz_id": "0",
        "is_enabled": False,
        "timeout": 600,
    }


@given(st.randoms(use_true_random=False))
def test_a_version_knows_no_order_of_documents_or_keys(chance):
    kinds = list(FULL.items())
    chance.shuffle(kinds)
    mixed = {
        kind: chance.sample([shuffled(one, chance) for one in documents], len(documents)) for kind, documents in kinds
    }
    assert book_of(**mixed).version == book_of(**FULL).version


def shuffled(document, chance):
    names = list(document)
    chance.shuffle(names)
    return {name: document[name] for name in names}


def test_a_version_knows_no_files_and_no_formatting(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "many").mkdir()
    (tmp_path / "one" / "all.json").write_text(json.dumps(FULL))
    for kind, documents in FULL.items():
        for number, document in enumerate(documents):
            (tmp_path / "many" / f"{kind}{number}.yaml").write_text(yaml.safe_dump({kind: [document]}))
    one, many = (load(tmp_path / name) for name in ("one", "many"))
    assert one[1] == many[1] == []
    assert one[0].version == many[0].version


def test_short_and_long_forms_are_the_same_version(tmp_path):
    short = book_of(user_groups=[{"id": "ops", "name": "Ops", "users": ["alice"]}])
    long = book_of(
        user_groups=[
            {
                "id": "ops",
                "name": "Ops",
                "need_duty": False,
                "duty_arranges": [{"users": [{"type": "user", "id": "alice"}]}],
            }
        ]
    )
    assert short.version == long.version


@pytest.mark.parametrize("kind", KINDS)
def test_a_version_changes_with_every_kind(kind):
    less = copy.deepcopy(FULL)
    document = less[kind][-1]
    name = {"strategies": "scenario", "shields": "description", "inhibits": "description", "channels": "rate", "hosts": "bk_host_name", "dispatch": "priority",
            "circuit_breaking": "module", "dynamic_groups": "bk_biz_id", "tests": "until", "user_groups": "name", "sources": "when"}.get(kind, "name")  # fmt: skip
    document[name] = {"rate": 5, "module": "alert.manager", "until": 61, "bk_biz_id": 5, "priority": 6}.get(
        name, "other"
    )
    assert book_of(**less).version != book_of(**FULL).version


def test_the_schema_knows_every_kind_and_shape():
    made = json.loads(json.dumps(schema()))
    assert made["properties"].keys() == KINDS.keys()
    strategy = made["$defs"]["Strategy"]
    assert strategy["required"] == ["id", "name"]
    assert strategy["properties"]["id"]["type"] == ["string", "integer"]
    assert strategy["additionalProperties"] is False
    level = made["$defs"]["Detect"]["properties"]["level"]
    assert (level["type"], level["minimum"], level["maximum"]) == ("integer", 1, 3)
    assert {"key", "field"} <= made["$defs"]["Condition"]["properties"].keys()
    assert references(made) <= made["$defs"].keys()


def references(made):
    text = json.dumps(made)
    return {part.partition('"')[0] for part in text.split('"#/$defs/')[1:]}


def test_every_field_of_a_schema_is_a_field_of_its_shape():
    made = schema()["$defs"]
    for shape in KINDS.values():
        assert set(made[shape.__name__]["properties"]) == {field.name for field in msgspec.structs.fields(shape)}


def test_every_key_is_described_to_editors_and_nothing_else_is():
    made = schema()
    shapes = {name: shape.get("properties", {}) for name, shape in made["$defs"].items()}
    keys = {f"{name}.{field}": part for name, parts in shapes.items() for field, part in parts.items()}
    assert [key for key, part in (keys | made["properties"]).items() if not part.get("description")] == []
    assert MEANINGS.keys() == keys.keys()
    assert KINDS_MEAN.keys() == made["properties"].keys()
