"""What every channel over HTTP keeps to, whatever its peer does."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug import Request, Response

from tests.sinks.channels.given import IDS, KEY, STANDS
from tests.sinks.channels.peers import drip, hang, peer, reset, say, slam

pytestmark = pytest.mark.parametrize("stand", STANDS, ids=IDS)


def send(stand, url, timeout=60.0, **changes):
    """Return the one result that all receivers have, and the seconds it took."""
    start = time.monotonic()
    results = stand.channel(url, timeout=timeout).send(stand.notice(url, **changes))
    seconds = time.monotonic() - start
    assert set(results) == set(stand.notice(url, **changes).receivers)
    (result,) = {
        (one.ok, one.message, one.retryable, one.retry_after, one.message_id): one for one in results.values()
    }.values()
    assert result.ok or result.message, "a failure has a reason"
    assert KEY not in result.message
    assert len(result.message) <= 300
    assert result.message.isprintable()
    return result, seconds


def answer(httpserver, status=200, body=b"", **fields):
    seen: list[Request] = []

    def handle(request: Request) -> Response:
        request.get_data()
        seen.append(request)
        return Response(body, status, fields)

    httpserver.expect_request("/hook").respond_with_handler(handle)
    return httpserver.url_for("/hook") + f"?key={KEY}", seen


def test_what_the_provider_takes_is_a_success_for_each_receiver(stand, httpserver):
    url, seen = answer(httpserver, 200, stand.yes)
    result, _ = send(stand, url)
    assert result.ok
    assert not result.retryable
    assert len(seen) == stand.posts
    body = seen[0].get_data(as_text=True)
    assert "10.0.0.1" in body
    assert seen[0].headers["User-Agent"] == "tocsin"


def test_what_the_provider_refuses_with_a_2xx_status_is_a_failure_for_good(stand, httpserver):
    if not stand.no:
        pytest.skip("a 2xx status is all its provider says")
    url, _ = answer(httpserver, 200, stand.no)
    result, _ = send(stand, url)
    assert (result.ok, result.retryable) == (False, False)


def test_a_limit_told_in_a_2xx_answer_may_be_tried_again(stand, httpserver):
    if not stand.later:
        pytest.skip("a 2xx status is all its provider says")
    url, _ = answer(httpserver, 200, stand.later)
    result, _ = send(stand, url)
    assert (result.ok, result.retryable) == (False, True)


@pytest.mark.parametrize(
    ("status", "fields", "retryable", "wait"),
    [
        (429, {"Retry-After": "7"}, True, 7.0),
        (429, {"Retry-After": "0.5"}, True, 0.5),
        (429, {}, True, None),
        (429, {"Retry-After": "soon"}, True, None),
        (429, {"Retry-After": "-5"}, True, 0.0),
        (429, {"Retry-After": "nan"}, True, None),
        (429, {"Retry-After": "99999999999"}, True, 86400.0),
        (503, {"Retry-After": "Tue, 14 Nov 2023 22:14:20 GMT"}, True, 60.0),
        (500, {}, True, None),
        (502, {}, True, None),
        (504, {}, True, None),
        (408, {}, True, None),
        (400, {}, False, None),
        (401, {}, False, None),
        (403, {}, False, None),
        (404, {}, False, None),
        (410, {}, False, None),
        (413, {}, False, None),
        (301, {"Location": "/elsewhere"}, False, None),
        (307, {"Location": "http://127.0.0.1:9/"}, False, None),
    ],
)
def test_a_status_says_whether_a_retry_helps(stand, httpserver, status, fields, retryable, wait):
    url, seen = answer(httpserver, status, stand.yes or b"words", **fields)
    result, _ = send(stand, url)
    assert (result.ok, result.retryable, result.retry_after) == (False, retryable, wait)
    assert str(status) in result.message
    assert len(seen) == (1 if retryable else stand.posts)


@pytest.mark.parametrize(
    "body",
    [
        b"<html>please log in</html>",
        b"\x00\xff\xfe\x80 junk",
        b"[1, 2]",
        b'"text"',
        b"{",
        b"null",
        b'{"unexpected": true' + b" " * 70000 + b"}",
        b"{" * 5000,
    ],
)
def test_nonsense_is_a_failure_with_a_reason(stand, httpserver, body):
    url, _ = answer(httpserver, 200, body)
    result, _ = send(stand, url)
    assert result.ok is not stand.nonsense_is_no


@pytest.mark.parametrize(
    "body", [b'{"errcode": "x", "code": null, "ok": 1, "result": "?"}', b'{"errcode": true, "code": true, "ok": "yes"}']
)
def test_an_answer_of_the_wrong_types_breaks_nothing(stand, httpserver, body):
    url, _ = answer(httpserver, 200, body)
    send(stand, url)


def test_a_server_that_never_answers_costs_the_timeout_and_no_more(stand):
    with peer(hang) as port:
        result, seconds = send(stand, f"http://127.0.0.1:{port}/?key={KEY}", timeout=0.4)
    assert (result.ok, result.retryable) == (False, True)
    assert 0.3 < seconds < 8  # the peer would go on for ever


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"HTTP/1.1 200 OK\r\n",),
        (b"HTTP/1.1 200 OK\r\nX: ",),
        (b"HTTP/1.1 200 OK\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",),
    ],
)
def test_a_server_that_drips_costs_the_timeout_and_no_more(stand, pieces):
    with peer(drip(*pieces)) as port:
        result, seconds = send(stand, f"http://127.0.0.1:{port}/?key={KEY}", timeout=0.4)
    assert (result.ok, result.retryable) == (False, True)
    assert seconds < 8  # the peer would go on for 10 s


@pytest.mark.parametrize(
    "behave",
    [
        reset,
        slam,
        say(b"nonsense\r\n\r\n"),
        say(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort"),
        say(b"\xff" * 100000),
    ],
)
def test_a_connection_that_breaks_may_be_tried_again(stand, behave):
    with peer(behave) as port:
        result, _ = send(stand, f"http://127.0.0.1:{port}/?key={KEY}")
    assert (result.ok, result.retryable) == (False, True)


def test_an_endless_answer_is_read_only_so_far(stand):
    block = b"x" * 65536
    with peer(say(b"HTTP/1.1 200 OK\r\n\r\n", *([block] * 400))) as port:
        result, _ = send(stand, f"http://127.0.0.1:{port}/?key={KEY}")
    assert result.ok is not stand.nonsense_is_no


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://no-such-host.invalid/"])
def test_a_host_that_is_not_there_may_be_tried_again(stand, url):
    result, _ = send(stand, f"{url}?key={KEY}")
    assert (result.ok, result.retryable) == (False, True)


@pytest.mark.parametrize(
    "url", ["ftp://x/", "http://", "http://[::1", "http://a b/", "http://127.0.0.1:99999/", "http://\nx/"]
)
def test_what_is_no_address_is_refused_without_a_retry(stand, url):
    result, _ = send(stand, f"{url}?key={KEY}")
    assert not result.ok


def test_what_the_provider_repeats_of_the_address_is_not_shown(stand, httpserver):
    url, _ = answer(httpserver, 400, f"bad request to http://user:{KEY}@host/x?key={KEY} ({KEY})\n\x1b[31m".encode())
    result, _ = send(stand, url)
    assert "***" in result.message or "http://" in result.message


def test_no_value_of_a_notice_ends_up_in_the_request_line_or_headers(stand, httpserver):
    url, seen = answer(httpserver, 200, stand.yes)
    nasty = 'a"b\\c\r\nX-Evil: 1\r\n\r\n{{ 7 * 191 }} \u2028 😀'
    result, _ = send(stand, url, title=nasty, content=nasty)
    assert result.ok
    assert "X-Evil" not in seen[0].headers
    assert b"1337" not in seen[0].get_data()


def test_one_channel_serves_several_threads(stand, httpserver):
    url, seen = answer(httpserver, 200, stand.yes)
    channel = stand.channel(url)
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: channel.send(stand.notice(url, id=f"n{n}")), range(40)))
    assert all(one.ok for result in results for one in result.values())
    assert len(seen) == 40 * stand.posts
