"""Rules in SQL: one contract for SQLite and MariaDB."""

import json
import time
from pathlib import Path

import pymysql
import pytest

from flows.rules.source import INVENTORY, SourceUnavailableError, Terms
from flows.rules.sql import SqlTables
from flows.rules.sql_database import writing
from flows.rules.sql_place import SqlPlace, sql_place
from flows.rules.transfer import RefusedRulesError, export_rules, import_rules
from flows.rules.watch import Watcher
from operators.rules.read.load import build, load
from tests.flows.rules.made import CPU, HOST, OPS, write


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.servers)])
def dsn(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/rules.db"
    return request.getfixturevalue("mariadb_dsn")


def run(dsn: str, statement: str, *values: object) -> None:
    with writing(sql_place(dsn)) as database:
        database.run(statement, *values)


def carry(tmp_path: Path, dsn: str, *, mirror: bool = False, **kinds: list) -> dict[str, tuple[int, int, int]]:
    write(tmp_path / "rules" / "a.yaml", **kinds)
    carried = import_rules(str(tmp_path / "rules"), dsn, Terms(), mirror=mirror)
    return {kind: (one.put, one.kept, one.deleted) for kind, one in carried.items() if kind in kinds}


def test_what_was_imported_is_read(tmp_path: Path, dsn: str):
    assert carry(tmp_path, dsn, strategies=[CPU], user_groups=[OPS]) == {
        "strategies": (1, 0, 0),
        "user_groups": (1, 0, 0),
    }
    book, errors = build(SqlTables(dsn).read().documents)
    assert errors == []
    assert book.version == load(tmp_path / "rules")[0].version


def test_a_second_import_writes_only_what_differs(tmp_path: Path, dsn: str):
    carry(tmp_path, dsn, strategies=[CPU], user_groups=[OPS])
    assert carry(tmp_path, dsn, strategies=[{**CPU, "name": "内存"}], user_groups=[OPS]) == {
        "strategies": (1, 0, 0),
        "user_groups": (0, 1, 0),
    }
    assert SqlTables(dsn).read().documents[0].document["name"] == "内存"


def test_rows_that_the_directory_lacks_stay_unless_it_is_mirrored(tmp_path: Path, dsn: str):
    carry(tmp_path, dsn, strategies=[{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])
    assert carry(tmp_path, dsn, strategies=[{"id": 2, "name": "b"}]) == {"strategies": (0, 1, 0)}
    assert carry(tmp_path, dsn, mirror=True, strategies=[{"id": 2, "name": "b"}]) == {"strategies": (0, 1, 1)}


def test_a_directory_that_is_no_book_is_not_imported(tmp_path: Path, dsn: str):
    carry(tmp_path, dsn, strategies=[CPU], user_groups=[OPS])
    with pytest.raises(RefusedRulesError, match="unknown user group 'ops'"):
        carry(tmp_path, dsn, mirror=True, strategies=[CPU])
    assert len(SqlTables(dsn).read().documents) == 2


def test_an_import_that_with_the_rows_left_would_be_no_book_changes_nothing(tmp_path: Path, dsn: str):
    module = {"bk_obj_id": "module", "bk_inst_id": 1, "parent": "set|2"}
    carry(tmp_path, dsn, topology=[module])
    with pytest.raises(RefusedRulesError, match="is above itself"):
        carry(tmp_path, dsn, topology=[{"bk_obj_id": "set", "bk_inst_id": 2, "parent": "module|1"}])
    assert [one.document for one in SqlTables(dsn).read().documents] == [module]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO strategies (id, name, document) VALUES ('9', 'new', '{}')",
        "DELETE FROM strategies WHERE id = '1'",
        "UPDATE strategies SET enabled = 0 WHERE id = '1'",
        "UPDATE strategies SET document = '{\"scenario\": \"os\"}' WHERE id = '1'",
    ],
    ids=["insert", "delete", "disable", "change"],
)
def test_a_stamp_differs_after(tmp_path: Path, dsn: str, statement: str):
    carry(tmp_path, dsn, strategies=[{"id": 1, "name": "a"}, {"id": 2, "name": "b"}])
    source = SqlTables(dsn)
    before = source.stamp()
    assert source.stamp() == before
    time.sleep(0.002)  # update times of SQLite have milliseconds
    run(dsn, statement)
    assert source.stamp() != before


def test_a_delete_ends_a_rule_while_the_job_runs(tmp_path: Path, dsn: str):
    carry(tmp_path, dsn, strategies=[CPU, {**CPU, "id": 2}], user_groups=[OPS])
    watcher = Watcher([SqlTables(dsn)], Terms())
    assert watcher.load() == []
    run(dsn, "DELETE FROM strategies WHERE id = %s", "1")
    watcher.look(time.monotonic() + 10)
    assert list(watcher.holder.current().strategies) == ["2"]


def test_the_last_good_rules_stay_when_a_row_is_wrong(tmp_path: Path, dsn: str):
    carry(tmp_path, dsn, strategies=[CPU], user_groups=[OPS])
    watcher = Watcher([SqlTables(dsn)], Terms())
    watcher.load()
    run(dsn, "DELETE FROM user_groups WHERE id = %s", "ops")
    watcher.look(time.monotonic() + 10)
    assert list(watcher.holder.current().user_groups) == ["ops"]


@pytest.mark.parametrize(
    ("kind", "document", "read"),
    [
        ("strategies", {"id": 1, "name": "a"}, {"id": 1, "name": "a", "is_enabled": False}),
        ("duties", {"id": 1, "name": "a"}, {"id": 1, "name": "a", "enabled": False}),
        ("user_groups", {"id": 1, "name": "a", "users": [], "ways": []}, None),
    ],
)
def test_a_row_that_is_not_enabled_is_off_or_left_out(tmp_path: Path, dsn: str, kind: str, document: dict, read):
    carry(tmp_path, dsn, **{kind: [document]})
    run(dsn, f"UPDATE `{kind}` SET enabled = 0")
    assert [one.document for one in SqlTables(dsn).read().documents] == ([read] if read else [])


def test_a_disabled_rule_is_stored_in_the_column_where_it_can_be_switched_on(tmp_path: Path, dsn: str):
    carry(tmp_path, dsn, strategies=[{"id": 1, "name": "a", "is_enabled": False}])
    assert SqlTables(dsn).read().documents[0].document["is_enabled"] is False
    run(dsn, "UPDATE strategies SET enabled = 1")
    assert "is_enabled" not in SqlTables(dsn).read().documents[0].document


def test_a_row_lends_its_id_and_name_to_its_document(tmp_path: Path, dsn: str):
    carry(tmp_path, dsn, strategies=[], topology=[])
    run(dsn, "INSERT INTO strategies (id, name, document) VALUES ('7', 'disk', '{}')")
    run(dsn, "INSERT INTO topology (id, name, document) VALUES ('module|28', 'web', '{}')")
    assert [one.document for one in SqlTables(dsn).read().documents] == [
        {"id": "7", "name": "disk"},
        {"bk_obj_id": "module", "bk_inst_id": "28", "name": "web"},
    ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"id": 8}', "the document says id '8'"),
        ("[]", "expected a mapping"),
        ('{"a": 1, "a": 2}', "duplicate key 'a'"),
    ],
)
def test_a_wrong_row_is_named_by_table_and_id(tmp_path: Path, dsn: str, text: str, reason: str):
    carry(tmp_path, dsn, strategies=[])
    run(dsn, "INSERT INTO strategies (id, name, document) VALUES (%s, %s, %s)", "7", "x", text)
    (error,) = SqlTables(dsn).read().errors
    assert (error.file, error.path) == (sql_place(dsn).name, "strategies[7]")
    assert reason in error.reason


def test_text_that_looks_like_sql_stays_text(tmp_path: Path, dsn: str):
    odd = "x'; DROP TABLE strategies; -- %s `"
    carry(tmp_path, dsn, user_groups=[{"id": odd, "name": odd, "users": [odd]}])
    carry(tmp_path, dsn, mirror=True, user_groups=[{"id": odd, "name": odd, "users": ["a"]}])
    assert SqlTables(dsn).read().documents[0].document == {"id": odd, "name": odd, "users": ["a"]}


def test_only_the_kinds_asked_for_are_read(tmp_path: Path, dsn: str):
    carry(tmp_path, dsn, hosts=[HOST], user_groups=[OPS])
    assert [one.kind for one in SqlTables(dsn, kinds=INVENTORY).read().documents] == ["hosts"]


def test_a_kind_without_table_has_no_documents(tmp_path: Path, dsn: str):
    carry(tmp_path, dsn, user_groups=[OPS])
    run(dsn, "DROP TABLE hosts")
    assert len(SqlTables(dsn).read().documents) == 1


def test_a_database_without_any_table_is_no_empty_rule_book(dsn: str):
    with writing(sql_place(dsn)):
        pass
    with pytest.raises(SourceUnavailableError, match="no rule tables"):
        SqlTables(dsn).read()


def test_an_export_reads_as_the_same_book(tmp_path: Path, dsn: str):
    odd = [
        "no",
        "1e5",
        "1.5",
        "12:30",
        "true",
        "~",
        "a: b",
        "# c",
        " d ",
        "é\n\tf",
        '"',
        "",
        "null",
        "0x1f",
        "'",
        "- g",
    ]
    groups = [{"id": f"g{place}", "name": text, "users": [text or "x"]} for place, text in enumerate(odd)]
    shield = {"id": 1, "begin_time": "2026-01-01 00:00:00", "end_time": 1800000000, "is_enabled": False}
    carry(tmp_path, dsn, user_groups=groups, shields=[shield], strategies=[{**CPU, "notice": None}])
    counts = export_rules(dsn, str(tmp_path / "out"), Terms())
    assert counts == {"strategies": 1, "shields": 1, "user_groups": len(odd)}
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "shields.yaml",
        "strategies.yaml",
        "user_groups.yaml",
    ]
    assert load(tmp_path / "out")[0].version == load(tmp_path / "rules")[0].version
    with pytest.raises(FileExistsError):
        export_rules(dsn, str(tmp_path / "out"), Terms())


@pytest.mark.servers
def test_the_password_is_read_from_a_file_each_time(tmp_path: Path, mariadb_dsn: str, unique: str):
    place = sql_place(mariadb_dsn)
    with pymysql.connect(host=place.host, port=place.port, user="root", autocommit=True) as server:
        with server.cursor() as cursor:
            cursor.execute(f"CREATE USER {unique}@'127.0.0.1' IDENTIFIED BY 'se:cr@t'")
            cursor.execute(f"GRANT ALL ON {unique}.* TO {unique}@'127.0.0.1'")
        secret = tmp_path / "secret"
        secret.write_text("wrong")
        dsn = f"mysql://{unique}@{place.host}:{place.port}/{unique}?password_file={secret}"
        source = SqlTables(dsn)
        with pytest.raises(SourceUnavailableError, match="Access denied"):
            source.stamp()
        secret.write_text("se:cr@t\n")
        with pytest.raises(SourceUnavailableError, match="no rule tables"):
            source.read()
        with pytest.raises(SourceUnavailableError, match="no rule tables"):
            SqlTables(dsn.partition("?")[0] + "?password_env=PW", environment={"PW": "se:cr@t"}).read()
        with server.cursor() as cursor:
            cursor.execute(f"DROP USER {unique}@'127.0.0.1'")


def test_a_server_that_is_not_there_is_trouble_and_no_crash():
    with pytest.raises(SourceUnavailableError, match=r"mysql://root@127.0.0.1:1/x: "):
        SqlTables("mysql://root@127.0.0.1:1/x").stamp()


def test_a_file_that_is_not_there_is_trouble_and_is_not_made(tmp_path: Path):
    with pytest.raises(SourceUnavailableError, match="unable to open"):
        SqlTables(f"sqlite:///{tmp_path}/none.db").stamp()
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("dsn", "place"),
    [
        ("sqlite:///rules.db", SqlPlace(path="rules.db")),
        ("sqlite:////var/r%20s.db", SqlPlace(path="/var/r s.db")),
        ("mysql://u@h/d", SqlPlace(host="h", user="u", database="d")),
        ("mariadb://u@h:33/d?password_env=P", SqlPlace(host="h", port=33, user="u", database="d", password_env="P")),
        ("mysql://u@h/d?tls_ca=/c.pem", SqlPlace(host="h", user="u", database="d", tls_ca="/c.pem")),
    ],
)
def test_an_address_is_taken_apart(dsn: str, place: SqlPlace):
    assert sql_place(dsn) == place


@pytest.mark.parametrize(
    "dsn",
    ["sqlite://", "sqlite:///", "sqlite://host/x.db", "mysql://h/d", "mysql://u@h", "mysql://u@h/d/e", "mysql:///d",
     "mysql://u:topsecret@h/d", "mysql://u@h/d?pass=topsecret", "postgres://u@h/d"],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused_without_its_secret(dsn: str):
    with pytest.raises(ValueError, match=r"expected|password|unknown option") as refusal:
        sql_place(dsn)
    assert "topsecret" not in str(refusal.value)


def test_a_password_that_is_nowhere_is_trouble():
    with pytest.raises(SourceUnavailableError, match="environment variable P is not set"):
        SqlTables("mysql://u@h/d?password_env=P", environment={}).stamp()
    with pytest.raises(SourceUnavailableError, match="password file"):
        SqlTables("mysql://u@h/d?password_file=/does/not/exist").stamp()


def test_documents_are_kept_as_they_were_written(tmp_path: Path, dsn: str):
    carry(tmp_path, dsn, user_groups=[OPS])
    with writing(sql_place(dsn)) as database:
        ((text,),) = database.run("SELECT document FROM user_groups")
    assert json.loads(text) == OPS
