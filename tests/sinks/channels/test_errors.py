import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.deliver.delivery import Result
from sinks.channels.errors import LaterError, RefusedError, attempt, failure, for_all, redact


@pytest.mark.parametrize(
    ("text", "secrets", "expected"),
    [
        ("plain words", (), "plain words"),
        ("two\nlines\tand\x1b[31m", (), "two lines and [31m"),
        ("see https://user:pw@h.example:8443/path?key=k#x now", (), "see https://h.example:8443 now"),
        ("redis://:pw@h:6379/0/list is down", (), "redis://h:6379 is down"),
        ("password hunter2 is wrong", ("hunter2",), "password *** is wrong"),
        ("key abcdef", ("http://h/hook?key=abcdef",), "key ***"),
        ("user joey", ("http://joey:pass@h/",), "user ***"),
        ("T/B/0123456789abcdef0123", ("https://hooks.slack.com/services/T/B/0123456789abcdef0123",), "T/B/***"),
        ("invalid webhook", ("http://h/webhook/send?key=abcdef",), "invalid webhook"),
        ("abc", ("abc",), "abc"),
        ("x" * 500, (), "x" * 300),
        ("", ("secret",), ""),
    ],
)
def test_a_reason_is_one_short_line_without_secrets(text, secrets, expected):
    assert redact(text, secrets) == expected


@given(st.text(max_size=400), st.lists(st.text(max_size=20), max_size=3))
def test_redacting_never_fails_and_leaves_one_printable_line(text, secrets):
    made = redact(text, secrets)
    assert len(made) <= 300
    assert made == "" or made.isprintable()


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RefusedError("no"), Result(ok=False, message="no")),
        (LaterError("busy"), Result(ok=False, message="busy", retryable=True)),
        (LaterError("busy", 7.0), Result(ok=False, message="busy", retryable=True, retry_after=7.0)),
        (LaterError(""), Result(ok=False, message="LaterError", retryable=True)),
    ],
)
def test_an_error_says_whether_a_retry_helps(error, expected):
    assert failure(error) == expected

    def fail():
        raise error

    assert attempt(fail) == expected


def test_one_answer_for_all_stands_for_each():
    fine = Result(ok=True)
    assert for_all(("a", "b"), fine) == {"a": fine, "b": fine}
