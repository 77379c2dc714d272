"""The address of a cluster, and clear words at the start when the server will not do."""

import json
from datetime import date, timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug import Response

from sinks.store.cluster import LONGEST_LINE, ClusterSettings, portions, read_address
from sinks.store.elasticsearch import ElasticsearchStore
from sinks.store.interface import StoreError, StoreUnavailableError

PRODUCT = {"X-Elastic-Product": "Elasticsearch"}


def reply(status: int, body: dict, headers=PRODUCT) -> Response:
    return Response(json.dumps(body), status=status, headers=headers, content_type="application/json")


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("http://es", {"hosts": ["http://es:9200"]}),
        ("http://es:9201/", {"hosts": ["http://es:9201"]}),
        ("http://es/path/", {"hosts": ["http://es:9200/path"]}),
        ("https://es", {"hosts": ["https://es:443"], "verify_certs": True}),
        ("https://es?verify_certs=false", {"hosts": ["https://es:443"], "verify_certs": False}),
        ("https://es?ca_certs=/ca.pem", {"hosts": ["https://es:443"], "verify_certs": True, "ca_certs": "/ca.pem"}),
        ("http://a,b:1", {"hosts": ["http://a:9200", "http://b:1"]}),
        ("http://[::1]", {"hosts": ["http://[::1]:9200"]}),
        ("http://[::1]:7", {"hosts": ["http://[::1]:7"]}),
        ("http://me:p%40ss@es", {"hosts": ["http://es:9200"], "basic_auth": ("me", "p@ss")}),
        ("http://es?api_key=k", {"hosts": ["http://es:9200"], "api_key": "k"}),
        ("http://es?timeout=5", {"hosts": ["http://es:9200"], "request_timeout": 5.0}),
    ],
)
def test_an_address_says_where_the_cluster_is_and_how_to_log_in(dsn, expected):
    assert read_address(dsn)[0] == {"request_timeout": 30.0} | expected


def test_an_address_says_how_indices_are_named_and_made():
    settings = read_address("http://es?prefix=x_&shards=3&replicas=0-2&patience=9")[1]
    assert settings == ClusterSettings(prefix="x_", shards=3, replicas="0-2", patience=9.0)


@pytest.mark.parametrize("options", ["shard=3", "shards=many", "verify_certs=perhaps", "nonsense"])
def test_an_option_nobody_knows_is_an_error(options):
    with pytest.raises(StoreError, match="address of Elasticsearch"):
        read_address(f"http://es?{options}")


def test_no_password_stands_in_an_error():
    with pytest.raises(StoreError) as caught:
        read_address("http://me:secret@es?nonsense=1")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (reply(200, {"status": "green"}, headers={}), StoreError, "not Elasticsearch"),
        (
            reply(400, {"error": {"type": "media_type_header_exception", "reason": "x"}}),
            StoreError,
            "install elasticsearch<",
        ),
        (
            reply(401, {"error": {"type": "security_exception", "reason": "who are you"}}),
            StoreError,
            "no permission: .*who are you",
        ),
        (reply(403, {"error": {"type": "security_exception", "reason": "not you"}}), StoreError, "no permission"),
        (reply(405, {"error": "Incorrect HTTP method"}), StoreError, "does not support"),
        (reply(503, {"error": {"type": "x", "reason": "no master"}}), StoreUnavailableError, "in trouble: .*no master"),
    ],
)
def test_a_server_that_will_not_do_is_refused_at_the_start_in_clear_words(httpserver, read_only, answer, error, words):
    httpserver.expect_request("/_cluster/health").respond_with_response(answer)
    with pytest.raises(error, match=words):
        ElasticsearchStore(httpserver.url_for("/").rstrip("/"), prepares=not read_only)


def test_a_server_that_is_away_is_said_to_be():
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        ElasticsearchStore("http://127.0.0.1:9?timeout=1")


def test_a_server_without_index_templates_is_refused_by_the_name_of_what_it_lacks(httpserver):
    httpserver.expect_request("/_cluster/health").respond_with_response(reply(200, {"status": "green"}))
    httpserver.expect_request("/_index_template/alert").respond_with_response(
        reply(400, {"error": {"type": "x", "reason": "unknown"}})
    )
    with pytest.raises(StoreError, match="template alert: Elasticsearch does not support what is asked of it"):
        ElasticsearchStore(httpserver.url_for("/").rstrip("/"))


@given(
    st.lists(
        st.text(st.characters(exclude_characters=",/*?<>| #", codec="utf-8"), min_size=1, max_size=255), max_size=80
    )
)
def test_portions_hold_every_name_once_in_order_and_fit_a_line(names):
    cut = list(portions(names))
    assert [name for portion in cut for name in portion] == names
    assert all(portion for portion in cut)
    longest = max((len(quote(name)) + 3 for name in names), default=0)
    assert all(len(quote(",".join(portion))) <= max(LONGEST_LINE, longest) for portion in cut)


@pytest.mark.parametrize("years", [1, 10, 30])
def test_years_of_daily_indices_come_in_portions(years):
    names = [f"tocsin_event_{date(2000, 1, 1) + timedelta(day):%Y%m%d}" for day in range(365 * years)]
    cut = list(portions(names))
    assert sum(map(len, cut)) == len(names)
    assert len(cut) <= 3 * years + 1
