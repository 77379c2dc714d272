"""Mail against real SMTP servers on loopback, and against peers that are none."""

import email
import email.policy
import ssl
import time
import tracemalloc

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from operators.rules.shapes.model import Channel as ChannelRule
from operators.rules.shapes.model import Secret
from sinks.channels import build
from sinks.channels.mail import address, compose
from sinks.render.sandbox import run
from tests.sinks.channels.given import notice
from tests.sinks.channels.peers import drip, hang, peer, reset, say, slam
from tests.sinks.render.given import say as render

pytestmark = pytest.mark.filterwarnings(
    "ignore:Requiring AUTH while not requiring TLS"
)  # it cannot see TLS from the first byte

HTML = render(way="mail").content


def unix(text):
    """Return a text as it was before it was a mail."""
    return text.replace("\r\n", "\n").rstrip("\n")


class Box:
    """A mail box that refuses whom it is told to."""

    def __init__(self):
        self.mails, self.envelopes, self.refused, self.after_data = [], [], {}, "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 (named by aiosmtpd)
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 (named by aiosmtpd)
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        self.envelopes.append((envelope.mail_from, list(envelope.rcpt_tos)))
        return self.after_data


class Server(Controller):
    """A controller on a port that the system chooses."""

    def __init__(self, handler, **options):
        super().__init__(handler, hostname="127.0.0.1", port=0, **options)

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@pytest.fixture
def box():
    """Return a box behind a running server; `box.port` is where."""
    made = Box()
    controller = Server(made)
    controller.start()
    made.port = controller.port
    yield made
    controller.stop()


def send(port, *, receivers=("alice", "bob"), environ=None, title="Tocsin [Fatal] CPU", content=HTML, **changes):
    fields = {"host": "127.0.0.1", "sender": "Tocsin <alerts@example.org>", "domain": "example.org", "timeout": 60.0}
    rule = ChannelRule(way="mail", port=port, **{**fields, **changes})
    channel = build(rule, environ or {})
    return channel.send(notice("mail", receivers=receivers, title=title, content=content))


def test_a_mail_goes_to_all_receivers_at_once_with_an_html_and_a_text_part(box):
    results = send(box.port)
    assert {name: (one.ok, one.message_id) for name, one in results.items()} == {
        "alice": (True, "0123abcd"),
        "bob": (True, "0123abcd"),
    }
    assert box.envelopes == [("alerts@example.org", ["alice@example.org", "bob@example.org"])]
    mail = box.mails[0]
    assert mail["Subject"] == "Tocsin [Fatal] CPU"
    assert mail["From"] == "Tocsin <alerts@example.org>"
    assert mail["To"] == "alice@example.org, bob@example.org"
    assert mail["Date"] == "Tue, 14 Nov 2023 22:13:20 +0000"
    assert mail["Message-ID"] == "<0123abcd@example.org>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = mail.get_body(("plain",)).get_content(), mail.get_body(("html",)).get_content()
    assert unix(html) == HTML
    assert "<" not in text
    for line in (
        "[Fatal] CPU usage on 10.0.0.1 (shop)",
        "Current value: 3%",
        "Dimensions: mount point=/data, device=cpu0",
    ):
        assert line in text.splitlines()


def test_a_receiver_that_is_an_address_is_used_as_it_is(box):
    assert send(box.port, receivers=("eve@other.example",), domain="")["eve@other.example"].ok
    assert box.envelopes[0][1] == ["eve@other.example"]


@pytest.mark.parametrize(
    ("name", "domain", "expected"),
    [
        ("alice", "example.org", "alice@example.org"),
        ("a.b+c@x.example", "example.org", "a.b+c@x.example"),
        ("alice", "", ""),
        ("", "example.org", ""),
        ("a b", "example.org", ""),
        ("a\r\nRCPT TO:<evil@x>", "example.org", ""),
        ("a>,<evil", "example.org", ""),
        ("a@b@c", "", ""),
        ("a,b", "example.org", ""),
        ("ä", "example.org", ""),
        ("a@-x", "", ""),
    ],
)
def test_only_plain_addresses_are_addresses(name, domain, expected):
    assert address(name, domain) == expected


def test_who_has_no_address_fails_alone(box):
    results = send(box.port, receivers=("alice", "a\r\nb"))
    assert results["alice"].ok
    assert (results["a\r\nb"].ok, results["a\r\nb"].message) == (False, "no mail address: a b")


def test_nothing_is_sent_where_nobody_has_an_address(box):
    results = send(box.port, domain="")
    assert not any(one.ok for one in results.values())
    assert not box.mails


NASTY = "a\r\nBcc: evil@example.org\r\n\r\n<b>body</b>\x00 \u2028 日本 😀 " + "w" * 900


@pytest.mark.parametrize("title", [NASTY, "\n", "=?utf-8?q?x?=", "日本" * 200])
def test_no_title_makes_a_header_of_its_own(box, title):
    assert send(box.port, title=title)["alice"].ok
    mail = box.mails[0]
    assert mail["Bcc"] is None
    assert mail["Subject"].replace(" ", "") == "".join("".join(c if c.isprintable() else " " for c in title).split())
    assert set(mail.keys()) == {
        "From",
        "To",
        "Subject",
        "Date",
        "Message-ID",
        "In-Reply-To",
        "References",
        "Auto-Submitted",
        "MIME-Version",
        "Content-Type",
    }
    assert unix(mail.get_body(("html",)).get_content()) == HTML


@pytest.mark.parametrize("content", ["<p>.\r\n.\r\nQUIT</p>", "." * 2000, "日" * 5000, "<p>\n.\nRCPT TO:<x@y></p>"])
def test_no_content_ends_the_mail_early(box, content):
    assert send(box.port, content=content)["alice"].ok
    assert unix(box.mails[0].get_body(("html",)).get_content()) == unix(content)
    assert len(box.mails) == 1


@pytest.mark.parametrize(
    "word",
    [
        "disk =?utf-8?q?full=0D=0AReply-To:_evil=40evil.example=0D=0A=0D=0AClick_http://evil.example?= now",
        "=?utf-8?b?ZnVsbA0KUmVwbHktVG86IGV2aWxAZXZpbC5leGFtcGxl?=",
        "=?iso-8859-1?Q?a?= =?utf-8?q?=0Ab?= 日",
        "=?utf-8*en?q?=0D=0ABcc:_x?=",
    ],
)
def test_nothing_of_an_event_is_read_as_an_encoded_word(box, word):
    assert send(box.port, title=f"[Fatal] {word}")["alice"].ok
    mail = box.mails[0]
    assert mail["Subject"] == f"[Fatal] {word}"
    assert mail["Reply-To"] is mail["Bcc"] is None
    assert unix(mail.get_body(("html",)).get_content()) == HTML


def test_mails_of_one_alert_are_one_thread_and_no_two_are_the_same():
    told = [compose(notice("mail", id=name, alert_ids=("a1",)), "a@b", ("c@d",)) for name in ("n1", "n2")]
    other = compose(notice("mail", id="n3", alert_ids=("a2", "a1")), "a@b", ("c@d",))
    assert [mail["Message-ID"] for mail in (*told, other)] == ["<n1@b>", "<n2@b>", "<n3@b>"]
    assert [mail["References"] for mail in (*told, other)] == ["<alert.a1@b>", "<alert.a1@b>", "<alert.a2@b>"]
    assert [mail["In-Reply-To"] for mail in told] == ["<alert.a1@b>"] * 2
    assert compose(notice("mail", alert_ids=()), "a@b", ("c@d",))["References"] is None


@pytest.mark.parametrize("flood", [b"220-more\r\n", b"220-" + b"x" * 8000 + b"\r\n", b"220 " + b"y" * 4000 + b"\r\n"])
def test_a_server_that_floods_reply_lines_costs_a_little_memory(flood):
    def behave(connection):
        for _ in range(1 << 10):
            connection.sendall(flood * 16)

    with peer(behave) as port:
        tracemalloc.start()
        results = send(port)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert not results["alice"].ok
    assert peak < 4 << 20


def test_a_repeated_send_is_the_same_mail():
    made = [compose(notice("mail"), "a@b", ("c@d",)).as_bytes() for _ in range(2)]
    assert made[0] == made[1]
    assert compose(notice("mail"), "a@b", ("c@d",))["Message-ID"] == "<0123abcd@b>"


@pytest.mark.parametrize(
    ("answer", "retryable"), [("550 no such user", False), ("450 mailbox busy", True), ("452 full", True)]
)
def test_a_refused_receiver_fails_alone(box, answer, retryable):
    box.refused["bob@example.org"] = answer
    results = send(box.port)
    assert results["alice"].ok
    assert (results["bob"].ok, results["bob"].retryable) == (False, retryable)
    assert results["bob"].message == f"SMTP {answer[:3]}: {answer[4:]}"


def test_all_receivers_may_be_refused_each_in_its_own_way(box):
    box.refused = {"alice@example.org": "550 unknown", "bob@example.org": "451 later"}
    results = send(box.port)
    assert (results["alice"].retryable, results["bob"].retryable) == (False, True)
    assert not box.mails


def test_receivers_after_a_broken_off_dialogue_may_be_tried_again(box):
    box.refused = {"alice@example.org": "421 shutting down"}
    results = send(box.port)
    assert not results["alice"].ok
    assert (results["bob"].ok, results["bob"].retryable) == (False, True)


@pytest.mark.parametrize(("answer", "retryable"), [("554 spam", False), ("451 try later", True)])
def test_a_mail_refused_after_its_text_fails_for_all(box, answer, retryable):
    box.after_data = answer
    results = send(box.port)
    assert {(one.ok, one.retryable, one.message) for one in results.values()} == {
        (False, retryable, f"SMTP {answer[:3]}: {answer[4:]}")
    }


@pytest.mark.parametrize(
    ("behave", "longest"),
    [
        (hang, 2),
        (drip(b"220 "), 2),
        (drip(b"220-", b"more\r\n220-"), 2),
        (reset, 1),
        (slam, 1),
        (say(b"nonsense\r\n"), 2),
        (say(b"554 go away\r\n"), 2),
        (say(b"421 busy\r\n"), 2),
        (say(b"\xff" * 100000), 2),
        (say(b"220 hello\r\n"), 2),
    ],
)
def test_a_peer_that_is_no_mail_server_costs_the_timeout_and_no_more(behave, longest):
    with peer(behave) as port:
        start = time.monotonic()
        results = send(port, timeout=1.0)
        seconds = time.monotonic() - start
    assert {one.ok for one in results.values()} == {False}
    assert all(one.message and len(one.message) <= 300 for one in results.values())
    assert seconds < longest + 6  # one that drips would go on for 10 s


@pytest.mark.parametrize(("text", "retryable"), [(b"554 go away\r\n", False), (b"421 busy\r\n", True)])
def test_a_greeting_says_whether_a_retry_helps(text, retryable):
    def greet(connection):
        connection.sendall(text)
        hang(connection)

    with peer(greet) as port:
        assert {one.retryable for one in send(port).values()} == {retryable}


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_a_host_that_is_not_there_may_be_tried_again(host):
    results = send(1, host=host)
    assert {(one.ok, one.retryable) for one in results.values()} == {(False, True)}


class Secured(Server):
    """A server that asks for TLS and a login, over TLS from the first byte if `implicit`."""

    def __init__(self, handler, certificate, *, implicit, password=b"token-secret"):
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(*map(str, certificate))
        self.password = password
        self.implicit = implicit
        super().__init__(handler, ssl_context=self.context if implicit else None)

    def factory(self):
        def check(server, session, envelope, mechanism, data):
            fine = isinstance(data, LoginPassword) and data.password == self.password
            return AuthResult(success=fine, handled=fine)

        options = {} if self.implicit else {"tls_context": self.context, "require_starttls": True}
        return SMTP(
            self.handler, authenticator=check, auth_required=True, auth_require_tls=not self.implicit, **options
        )


@pytest.fixture(params=["starttls", "tls"])
def secured(request, certificate):
    """Return (port, security, box) of a server with TLS and login."""
    made = Box()
    controller = Secured(made, certificate, implicit=request.param == "tls")
    controller.start()
    yield controller.port, request.param, made
    controller.stop()


def login(port, security, password="token-secret", **changes):
    fields = {"username": "tocsin", "password": Secret(env="PW"), security: True}
    return send(port, environ={"PW": password}, **{**fields, **changes})


def test_a_mail_goes_over_tls_with_a_login(secured, certificate, monkeypatch):
    port, security, box = secured
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    results = login(port, security)
    assert {one.message for one in results.values() if not one.ok} == set()
    assert len(box.mails) == 1


def test_a_certificate_that_nobody_signed_is_not_trusted(secured):
    port, security, box = secured
    results = login(port, security)
    assert {(one.ok, one.retryable) for one in results.values()} == {(False, True)}
    assert "CERTIFICATE_VERIFY_FAILED" in results["alice"].message
    assert not box.mails


def test_a_wrong_password_is_refused_for_good_and_not_shown(secured, certificate, monkeypatch):
    port, security, _ = secured
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    results = login(port, security, password="wrong-hunter2")
    assert {(one.ok, one.retryable) for one in results.values()} == {(False, False)}
    assert "hunter2" not in results["alice"].message


def test_a_server_without_tls_is_not_trusted_with_a_login(box):
    results = login(box.port, "starttls")
    assert {(one.ok, one.retryable) for one in results.values()} == {(False, False)}
    assert "does not offer" in results["alice"].message


def test_templates_of_a_mail_do_not_reach_its_headers():
    title = run("{{ x }}", {"x": "a\nBcc: b"})
    assert compose(notice("mail", title=title), "a@b", ("c@d",))["Subject"] == "a Bcc: b"
