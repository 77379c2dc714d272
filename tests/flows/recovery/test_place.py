"""A folder and an object store keep parts alike."""

import pytest

from flows.recovery.parts import write_part
from flows.recovery.place import PlaceUnavailableError, open_place
from flows.recovery.restore import restore
from flows.recovery.sets import newest
from tests.flows.recovery.test_parts import ONE, state
from tests.servers.s3 import s3_server


@pytest.fixture(scope="session")
def s3():
    server, url = s3_server()
    yield url
    server.stop()


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.servers)])
def place(request, tmp_path, unique, monkeypatch):
    if request.param == "folder":
        return open_place(str(tmp_path / "place"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("s3"))
    for name, text in (("ACCESS_KEY_ID", "key"), ("SECRET_ACCESS_KEY", "geheim"), ("REGION", "eu-west-1")):
        monkeypatch.setenv(f"AWS_{name}", text)
    return open_place(f"s3://tocsin/{unique}")


def test_what_was_put_is_there_and_what_was_dropped_is_not(place):
    assert place.names("all") == []
    place.put("all/1/a", b"one")
    place.put("all/1/a", b"another")
    place.put("all/2/b", b"")
    place.put("other/1/a", b"x")
    assert sorted(place.names("all")) == ["all/1/a", "all/2/b"]
    assert (place.get("all/1/a"), place.get("all/2/b")) == (b"another", b"")
    place.drop("all/2/b")
    assert place.names("all") == ["all/1/a"]


def test_what_is_not_there_is_said(place):
    with pytest.raises(PlaceUnavailableError) as told:
        place.get("all/1/none")
    assert "all/1/none" in str(told.value)
    assert "geheim" not in str(told.value)


def test_a_job_goes_on_from_its_part_in_any_place(place, stopped, tmp_path):
    folder, _ = stopped
    write_part(state(folder), place, 100)
    write_part(state(folder), place, 200)
    assert newest(place, "all").closed_at == 100
    assert restore(place, tmp_path / "recovery", ONE).workers == 1
    assert (tmp_path / "recovery" / "savepoint").exists()
