"""The address of a queue, taken apart: what is said, what is the usual, and what is refused without being repeated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operators.rules.shapes.queue import FORMS, queue_of
from operators.rules.shapes.words import RefusedError


def parts(address):
    one = queue_of(address)
    return one.host, one.port, one.db, one.name


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("redis://h/0/k", ("h", 6379, 0, "k")),
        ("redis://h:7000/15/a/b", ("h", 7000, 15, "a/b")),
        ("rediss://h/0/k", ("h", 6379, 0, "k")),
        ("kafka://h/t", ("h", 9092, 0, "t")),
        ("kafka://H:9093/t", ("h", 9093, 0, "t")),
        ("redis://[::1]:7000/1/k", ("::1", 7000, 1, "k")),
    ],
)
def test_an_address_has_usual_ports(address, found):
    assert parts(address) == found


@pytest.mark.parametrize(
    ("address", "login"),
    [
        ("redis://h/0/k", ("", "")),
        ("redis://:p@h/0/k", ("", "p")),
        ("redis://u:p%40%2Fq@h/0/k", ("u", "p@/q")),
        ("kafka://u%3A:p@h/t", ("u:", "p")),
    ],
)
def test_a_login_may_be_quoted(address, login):
    one = queue_of(address)
    assert (one.username, one.password) == login


@pytest.mark.parametrize(
    ("address", "tls", "ca", "sasl"),
    [
        ("redis://h/0/k", False, "", "PLAIN"),
        ("rediss://h/0/k", True, "", "PLAIN"),
        ("rediss://h/0/k?ca=/a.pem", True, "/a.pem", "PLAIN"),
        ("kafka://h/t", False, "", "PLAIN"),
        ("kafka://h/t?tls=true", True, "", "PLAIN"),
        ("kafka://h/t?tls=false", False, "", "PLAIN"),
        ("kafka://h/t?ca=/a.pem", True, "/a.pem", "PLAIN"),
        ("kafka://h/t?tls=true&sasl=SCRAM-SHA-512", True, "", "SCRAM-SHA-512"),
    ],
)
def test_what_stands_behind_an_address(address, tls, ca, sasl):
    one = queue_of(address)
    assert (one.tls, one.ca, one.sasl) == (tls, ca, sasl)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", f"not a queue ({FORMS})"),
        ("amqp://u:PW@h/q", f"not a queue ({FORMS})"),
        ("redis:///0/PW", f"not a queue ({FORMS})"),
        ("redis://u:PW@h /0/k", f"not a queue ({FORMS})"),
        ("redis://u:PW@h:port/0/k", "not the address of a queue"),
        ("redis://u:PW@h:99999/0/k", "not the address of a queue"),
        ("redis://u:PW@[h/0/k", "not the address of a queue"),
        ("redis://u:PW@h/k", "redis://host:port/db/key needs a database number and a key"),
        ("redis://u:PW@h/0", "redis://host:port/db/key needs a database number and a key"),
        ("redis://u:PW@h/0/", "redis://host:port/db/key needs a database number and a key"),
        ("redis://u:PW@h/-1/k", "redis://host:port/db/key needs a database number and a key"),
        ("redis://u:PW@h/\u0661/k", "redis://host:port/db/key needs a database number and a key"),
        ("redis://u:PW@h/" + "9" * 5000 + "/k", "redis://host:port/db/key needs a database number and a key"),
        ("kafka://u:PW@h", "kafka://host:port/topic needs one topic"),
        ("kafka://u:PW@h/a/b", "kafka://host:port/topic needs one topic"),
        ("redis://u:PW@h/0/k?ca=/a", "redis:// takes nothing behind the `?`"),
        ("rediss://u:PW@h/0/k?tls=true", "rediss:// takes ca behind the `?`"),
        ("kafka://u:PW@h/t?colour=red", "kafka:// takes tls and ca and sasl behind the `?`"),
        ("kafka://u:PW@h/t#x", "kafka:// takes tls and ca and sasl behind the `?`"),
        ("kafka://u:PW@h/t?tls=yes", "tls is true or false, sasl one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
        ("kafka://u:PW@h/t?sasl=plain", "tls is true or false, sasl one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512"),
    ],
    ids=lambda text: text[:34],
)
def test_what_is_no_queue_says_why_without_its_password(address, reason):
    with pytest.raises(RefusedError) as caught:
        queue_of(address)
    assert str(caught.value) == reason
    assert "PW" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "label"),
    [("redis://u:p@h/3/k", "redis://h:6379/3/k"), ("kafka://u:p@h/t?tls=true", "kafka://h:9092/t"), ("rediss://h:1/0/k", "rediss://h:1/0/k")],
)  # fmt: skip
def test_a_label_shows_neither_login_nor_options(address, label):
    assert queue_of(address).label == label
    assert queue_of(address).is_kafka is address.startswith("kafka")


@given(st.text(max_size=30), st.sampled_from(["", "redis://", "kafka://h/", "redis://h/0/", "rediss://h/0/k?"]))
def test_any_text_is_a_queue_or_refused(text, start):
    try:
        one = queue_of(start + text)
    except RefusedError:
        return
    assert one.name
    assert one.host
