"""What becomes of each document of a bulk write, against a server that answers as told."""

import json
from typing import Any

import pytest
from elasticsearch import Elasticsearch
from werkzeug import Request, Response

from sinks.store.bulk import CHUNK_BYTES, CHUNK_COUNT, Answer, Bulk, Document, Fate, chunks, fate_of, pauses_between
from sinks.store.interface import StoreError, StoreUnavailableError


def document(name: str, size: int = 10) -> Document:
    return Document(b'{"index":{"_id":"%b"}}' % name.encode(), b'{"x":"%b"}' % (b"x" * size), name)


class Clock:
    """Time that only passes in sleep."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Cluster:
    """Answers `_bulk` by a table of document id -> answers, the last of them for ever."""

    def __init__(self, httpserver, answers: dict[str, list[Answer]]) -> None:
        self.requests: list[list[str]] = []
        self.whole: list[Response] = []
        self.spoiled: Response | None = None
        self.answers = answers
        httpserver.expect_request("/_bulk").respond_with_handler(self.answer)
        self.client = Elasticsearch(httpserver.url_for("/"))
        self.clock = Clock()
        self.bulk = Bulk(self.client, patience=60, clock=lambda: self.clock.now, sleep=self.clock.sleep)

    def answer(self, request: Request) -> Response:
        ids = [json.loads(line)["index"]["_id"] for line in request.data.splitlines()[::2]]
        self.requests.append(ids)
        if self.spoiled and "f" in ids:
            return self.spoiled
        if self.whole:
            return self.whole.pop(0)
        return reply(200, {"errors": True, "items": [{"index": self.item(name)} for name in ids]})

    def item(self, name: str) -> dict[str, Any]:
        left = self.answers.get(name, [Answer(200)])
        answer = left.pop(0) if len(left) > 1 else left[0]
        error = {"error": {"type": answer.kind, "reason": answer.reason}} if answer.kind else {}
        return {"status": answer.status, **error}


def reply(status: int, body: Any) -> Response:
    text = body if isinstance(body, str) else json.dumps(body)
    headers = {
        "X-Elastic-Product": "Elasticsearch",
        "Content-Type": "application/vnd.elasticsearch+json;compatible-with=8",
    }
    return Response(text, status=status, headers=headers)


def refusal(status: int, kind: str) -> Response:
    return reply(status, {"error": {"type": kind, "reason": "because"}, "status": status})


@pytest.fixture
def cluster(httpserver):
    made = []

    def make(answers=None):
        made.append(Cluster(httpserver, answers or {}))
        return made[-1]

    yield make
    for one in made:
        one.client.close()


@pytest.mark.parametrize(
    ("answer", "fate"),
    [
        (Answer(200), Fate.WRITTEN),
        (Answer(201), Fate.WRITTEN),
        (Answer(409, "version_conflict_engine_exception"), Fate.CONFLICT),
        (Answer(429, "es_rejected_execution_exception"), Fate.RETRY),
        (Answer(429, "cluster_block_exception"), Fate.RETRY),
        (Answer(403, "cluster_block_exception"), Fate.RETRY),
        (Answer(500, "anything"), Fate.RETRY),
        (Answer(503, "unavailable_shards_exception"), Fate.RETRY),
        (Answer(400, "strict_dynamic_mapping_exception"), Fate.POISON),
        (Answer(400, "document_parsing_exception"), Fate.POISON),
        (Answer(400, "mapper_parsing_exception"), Fate.POISON),
        (Answer(400, "illegal_argument_exception"), Fate.POISON),
        (Answer(400, "validation_exception"), Fate.RETRY),
        (Answer(400, "invalid_index_name_exception"), Fate.FATAL),
        (Answer(400, "media_type_header_exception"), Fate.FATAL),
        (Answer(401, "security_exception"), Fate.FATAL),
        (Answer(403, "security_exception"), Fate.FATAL),
        (Answer(404, "index_not_found_exception"), Fate.FATAL),
    ],
)
def test_an_answer_decides_what_becomes_of_a_document(answer, fate):
    assert fate_of(answer) is fate


def test_requests_are_bounded_by_count():
    assert [len(chunk) for chunk in chunks(document(str(number)) for number in range(CHUNK_COUNT + 1))] == [
        CHUNK_COUNT,
        1,
    ]


def test_requests_are_bounded_by_size_and_a_larger_document_goes_alone():
    half = CHUNK_BYTES // 2
    sizes = [half, half - 1000, 2000, CHUNK_BYTES * 2, 10]
    cut = chunks(document(str(number), size) for number, size in enumerate(sizes))
    assert [[one.record for one in chunk] for chunk in cut] == [["0", "1"], ["2"], ["3"], ["4"]]


def test_nothing_is_cut_from_nothing():
    assert list(chunks([])) == []


def test_pauses_double_up_to_a_limit_with_at_most_half_off():
    pauses = pauses_between()
    for whole in (0.5, 1, 2, 4, 8, 16, 30, 30):
        assert whole / 2 <= next(pauses) <= whole


def test_only_what_was_refused_for_the_moment_is_sent_again(cluster):
    busy = Answer(429, "es_rejected_execution_exception")
    server = cluster({"b": [busy, busy, Answer(201)], "c": [Answer(503, "unavailable"), Answer(200)]})
    tally = server.bulk.send([document(name) for name in "abc"])
    assert server.requests == [["a", "b", "c"], ["b", "c"], ["b"]]
    assert (tally.conflicts, tally.poison) == ([], [])


def test_conflicts_are_counted_and_poison_is_handed_back_with_its_reason(cluster):
    server = cluster(
        {
            "b": [Answer(409, "version_conflict_engine_exception")],
            "c": [Answer(400, "document_parsing_exception", "no date")],
        }
    )
    tally = server.bulk.send([document(name) for name in "abc"])
    assert [one.record for one in tally.conflicts] == ["b"]
    assert [(one.record, why) for one, why in tally.poison] == [("c", "400 document_parsing_exception: no date")]
    assert len(server.requests) == 1


def test_a_server_that_stays_busy_ends_the_write_when_patience_is_over(cluster):
    server = cluster({"a": [Answer(429, "es_rejected_execution_exception", "queue full")]})
    with pytest.raises(StoreUnavailableError, match=r"1 documents not written: 429 .* queue full"):
        server.bulk.send([document("a")])
    assert 20 < server.clock.now <= 60


def test_a_refusal_that_no_retry_mends_ends_the_write_at_once(cluster):
    server = cluster({"a": [Answer(403, "security_exception", "not yours")]})
    with pytest.raises(StoreError, match="not yours") as caught:
        server.bulk.send([document("a")])
    assert not isinstance(caught.value, StoreUnavailableError)
    assert server.clock.now == 0


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_request_refused_as_a_whole_for_the_moment_is_sent_again_as_a_whole(cluster, status):
    server = cluster()
    server.whole = [refusal(status, "busy")]
    server.bulk.send([document("a"), document("b")])
    assert server.requests == [["a", "b"], ["a", "b"]]


@pytest.mark.parametrize("garbage", ["", "<html>", "{"])
def test_an_answer_that_cannot_be_read_is_asked_for_again(cluster, garbage):
    server = cluster()
    server.whole = [reply(200, garbage)]
    server.bulk.send([document("a")])
    assert server.requests == [["a"], ["a"]]


@pytest.mark.parametrize("status", [400, 413])
def test_one_document_that_spoils_a_request_is_found_by_halving(cluster, status):
    server = cluster()
    server.spoiled = refusal(status, "illegal_argument_exception")
    tally = server.bulk.send([document(name) for name in "abcdefgh"])
    assert [one.record for one, _ in tally.poison] == ["f"]
    assert {name for ids in server.requests if "f" not in ids for name in ids} == set("abcdegh")


def test_a_request_refused_for_want_of_rights_ends_the_write(cluster):
    server = cluster()
    server.whole = [refusal(401, "security_exception")]
    with pytest.raises(StoreError, match="401 security_exception"):
        server.bulk.send([document("a")])


def test_a_server_that_is_away_is_asked_again_until_patience_is_over():
    clock = Clock()
    client = Elasticsearch("http://127.0.0.1:9")
    bulk = Bulk(client, patience=5, clock=lambda: clock.now, sleep=clock.sleep)
    with pytest.raises(StoreUnavailableError, match="1 documents not written"):
        bulk.send([document("a")])
    client.close()
    assert clock.now > 1
