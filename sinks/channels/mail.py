"""Mail over SMTP: one message with an HTML and a text part, one result for each receiver."""

import re
import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email.header import Header
from email.message import Message
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime, formataddr, parseaddr
from typing import Any, BinaryIO

import msgspec

from operators.deliver.delivery import Result, Results
from operators.model.records import Notice
from sinks.channels.deadline import Deadline
from sinks.channels.errors import DeliveryError, LaterError, RefusedError, failure, for_all, redact
from sinks.channels.parts import Parts
from sinks.channels.secrets import Reveal
from sinks.channels.wording import plain_text

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_PORTS = {"": 25, "starttls": 587, "tls": 465}
_PERMANENT = 500
_LARGEST_REPLY = 1 << 16
"""Bytes of one reply of a server, all its lines together."""
_AS_SENT = compat32.clone(linesep="\r\n")
"""Header fields go out as they were made: nothing in them is read again, which newer policies of the library do."""
_NOT_TRIED = (421, b"the server broke off before this receiver")


class MailSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Where mail goes. Seconds; `security` is "", starttls or tls."""

    host: str
    sender: str
    port: int = 0
    security: str = ""
    username: str = ""
    domain: str = ""
    """Appended with @ to user names without one."""
    timeout: float = 10.0


class Mail:
    """Sends a notice as one mail to all its receivers."""

    def __init__(self, settings: MailSettings, password: Reveal) -> None:
        self._settings, self._password = settings, password

    def send(self, notice: Notice) -> Results:
        """Send the mail; receivers that are no addresses, or that the server refuses, fail alone."""
        named = {name: address(name, self._settings.domain) for name in notice.receivers}
        known = {name: found for name, found in named.items() if found}
        results = {
            name: Result(ok=False, message=f"no mail address: {redact(name)}") for name in named if name not in known
        }
        if not known:
            return results
        secrets = []
        try:
            secrets.append(self._password())
            refused = self._transfer(notice, tuple(dict.fromkeys(known.values())), secrets[0])
        except DeliveryError as error:
            return {**for_all(known, failure(error, secrets)), **results}
        said = {name: refused.get(found) for name, found in known.items()}
        return {**{name: _result(one, notice) for name, one in said.items()}, **results}

    def _transfer(self, notice: Notice, addresses: tuple[str, ...], password: str) -> Mapping[str, tuple[int, bytes]]:
        """Return the addresses the server refused. Raises DeliveryError if it broke off."""
        data = compose(notice, self._settings.sender, addresses).as_bytes(policy=_AS_SENT)
        envelope = parseaddr(self._settings.sender)[1]
        try:
            with Deadline(self._settings.timeout) as deadline, self._session(deadline) as server:
                if self._settings.username:
                    server.login(self._settings.username, password)
                return server.sendmail(envelope, addresses, data)
        except smtplib.SMTPRecipientsRefused as error:
            return {one: error.recipients.get(one, _NOT_TRIED) for one in addresses}
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            raise _translated(error) from None

    @contextmanager
    def _session(self, deadline: Deadline) -> Iterator[smtplib.SMTP]:
        own = self._settings
        context = ssl.create_default_context()
        server = _Server(deadline, own, context if own.security == "tls" else None)
        try:
            if own.security == "starttls":
                server.starttls(context=context)
            yield server
            with suppress(smtplib.SMTPException, OSError):
                server.quit()
        finally:
            server.close()


def open_channel(parts: Parts) -> Mail:
    """Return the channel of a rule."""
    rule = parts.rule
    settings = MailSettings(
        host=rule.host,
        sender=rule.sender,
        port=rule.port,
        security="tls" if rule.tls else "starttls" if rule.starttls else "",
        username=rule.username,
        domain=rule.domain,
        timeout=rule.timeout,
    )
    return Mail(settings, parts.password())


class _Server(smtplib.SMTP):
    """A client under a deadline; with a context it speaks TLS from the first byte."""

    def __init__(self, deadline: Deadline, own: MailSettings, context: ssl.SSLContext | None) -> None:
        self._deadline, self._context = deadline, context
        port = own.port or _PORTS[own.security]
        super().__init__(own.host, port, local_hostname=socket.gethostname(), timeout=own.timeout)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        made = socket.create_connection((host, port), timeout)
        self._deadline.watch(made)
        return self._context.wrap_socket(made, server_hostname=host) if self._context else made

    def getreply(self) -> tuple[int, bytes]:
        """Return the server's next reply; one that does not end breaks the connection off."""
        if not isinstance(self.file, _Replies):
            self.file = _Replies(self.file or self.sock.makefile("rb"))  # type: ignore[union-attr]
        self.file.left = _LARGEST_REPLY
        return super().getreply()


class _Replies:
    """Reads lines of replies until one reply has had its share."""

    def __init__(self, lines: BinaryIO) -> None:
        self._lines, self.left = lines, 0

    def readline(self, limit: int) -> bytes:
        line = self._lines.readline(limit)
        self.left -= len(line)
        if self.left < 0:
            raise OSError("a reply that does not end")  # which closes the connection
        return line

    def close(self) -> None:
        self._lines.close()


def address(name: str, domain: str) -> str:
    """Return the mail address of a receiver; "" where it has none."""
    full = name if "@" in name or not domain else f"{name}@{domain}"
    return full if _ADDRESS.fullmatch(full) else ""


def compose(notice: Notice, sender: str, addresses: tuple[str, ...]) -> Message:
    """Return the mail. All of it comes from the notice alone, so a repeated send is the same mail."""
    mail = MIMEMultipart("alternative", boundary=f"=_{notice.id}")
    name, own = parseaddr(sender)
    mail["From"] = formataddr((_line(name), own))
    mail["To"] = ", ".join(addresses)
    mail["Subject"] = _encoded(_line(notice.title))
    mail["Date"] = format_datetime(datetime.fromtimestamp(notice.time, UTC))
    domain = own.rpartition("@")[2] or "tocsin"
    mail["Message-ID"] = f"<{notice.id}@{domain}>"
    if notice.alert_ids:
        mail["In-Reply-To"] = mail["References"] = thread(notice, domain)
    mail["Auto-Submitted"] = "auto-generated"
    mail.attach(MIMEText(plain_text(notice.content), "plain", "utf-8"))
    mail.attach(MIMEText(notice.content, "html", "utf-8"))
    return mail


def thread(notice: Notice, domain: str) -> str:
    """Return the id that all mails of an alert refer to; no mail has it, so none is the other's double."""
    return f"<alert.{notice.alert_ids[0]}@{domain}>"


def _encoded(text: str) -> Any:
    """Return the value of a field: text that is not ASCII, or could pass for an encoded word, as encoded words."""
    return Header(text, "utf-8") if not text.isascii() or "=?" in text else text


def _line(text: str) -> str:
    """Return the text without anything that could end a header line."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def _result(refused: tuple[int, bytes] | None, notice: Notice) -> Result:
    if refused is None:
        return Result(ok=True, message_id=notice.id)
    code, said = refused
    return Result(ok=False, message=_said(code, said), retryable=code < _PERMANENT)


def _said(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return redact(f"SMTP {code}: {text}")


def _translated(error: Exception) -> DeliveryError:
    if isinstance(error, smtplib.SMTPResponseException):
        text = _said(error.smtp_code, error.smtp_error)
        return RefusedError(text) if error.smtp_code >= _PERMANENT else LaterError(text)
    if isinstance(error, TimeoutError):
        return LaterError("no answer in time")
    if isinstance(error, ssl.SSLError):
        return LaterError(f"no secure connection: {error.reason}")
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return RefusedError("the server does not offer what the channel asks for (login or TLS)")
    if isinstance(error, ConnectionRefusedError):
        return LaterError("the host refuses connections")
    if isinstance(error, UnicodeError):
        return RefusedError("the server does not take such addresses")
    return LaterError("the host has no address" if isinstance(error, socket.gaierror) else "the connection broke")
