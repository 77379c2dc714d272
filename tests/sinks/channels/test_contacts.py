"""People are named to a provider by their contacts, and to us by their names."""

import pytest

from operators.deliver.delivery import Result
from operators.rules.shapes.people import User
from operators.rules.shapes.ways import BY_NAME, TABLE
from sinks.channels.contacts import Addressed, addressed
from tests.sinks.channels.given import notice

USERS = {
    "alice": User(id="alice", mail="a@example.org", phone="+49 1", slack="U01", telegram="4711"),
    "bob": User(id="bob", phone="+49 1"),
    "dora": User(id="dora"),
}


class Asked:
    """A channel that takes everything, and keeps what it was asked."""

    def __init__(self, *, as_one=False):
        self.as_one = as_one

    def send(self, sent):
        self.sent = sent
        names = [",".join(sent.receivers)] if self.as_one else sent.receivers
        return {name: Result(ok=True, message=f"to {name}") for name in names}


def send(way, channel=None, **changes):
    channel = channel or Asked()
    results = Addressed(channel, BY_NAME[way], lambda: USERS).send(notice(way, **changes))
    return channel.sent, {name: one.message for name, one in results.items()}


def test_mail_goes_to_the_addresses_and_is_answered_by_names():
    sent, results = send("mail", receivers=("alice", "dora", "eve"))
    assert sent.receivers == ("a@example.org", "dora", "eve")
    assert results == {"alice": "to a@example.org", "dora": "to dora", "eve": "to eve"}


def test_two_people_with_one_phone_get_one_message_and_both_know():
    sent, results = send("sms", receivers=("alice", "bob"))
    assert sent.receivers == ("+49 1",)
    assert results == {"alice": "to +49 1", "bob": "to +49 1"}


def test_a_call_that_is_answered_as_one_is_told_of_all():
    sent, results = send("voice", Asked(as_one=True), receivers=("alice", "dora"))
    assert sent.receivers == ("+49 1", "dora")
    assert results == {"alice,dora": "to +49 1,dora"}


@pytest.mark.parametrize(("way", "named"), [("slack", ["U01", "dora"]), ("telegram", ["4711", "dora"])])
def test_chats_stay_and_mentions_ping(way, named):
    sent, results = send(way, receivers=("room",), mentions={"room": ["alice", "dora"]})
    assert (sent.receivers, sent.mentions) == (("room",), {"room": named})
    assert results == {"room": "to room"}


def test_people_are_those_of_the_rules_in_force():
    users = {}
    channel = Asked()
    one = Addressed(channel, BY_NAME["mail"], lambda: users)
    one.send(notice("mail", receivers=("alice",)))
    assert channel.sent.receivers == ("alice",)
    users.update(USERS)
    one.send(notice("mail", receivers=("alice",)))
    assert channel.sent.receivers == ("a@example.org",)


def test_only_ways_with_contacts_and_a_channel_of_the_rules_are_addressed():
    made = addressed({"mail": Asked(), "webhook": Asked(), "sms": Asked()}, ["mail", "webhook"], lambda: USERS)
    assert {way for way, one in made.items() if isinstance(one, Addressed)} == {"mail"}


@pytest.mark.parametrize("way", [way for way in TABLE if way.contact], ids=lambda way: way.name)
def test_the_contact_of_a_way_is_a_field_of_users(way):
    assert getattr(User(id="x"), way.contact) == ""
