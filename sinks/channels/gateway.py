"""Ways behind a gateway of the house: sms, voice, weixin, rtx. One post names all receivers."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from operators.deliver.delivery import Result, Results
from operators.model.records import Notice
from sinks.channels.body import body_text, content_type
from sinks.channels.errors import DeliveryError, LaterError, RefusedError, failure, for_all, redact
from sinks.channels.http import Answer, Http
from sinks.channels.parts import Parts
from sinks.channels.secrets import Reveal

_NO = ("error", "err", "fail", "failed", "failure", "rejected", "refused", "undelivered")
_CONSENT = (b"", b"0", b"ok", b"true", b"success", b"accepted", b"queued", b"sent", b"done")
_LATER = ("429", "500", "502", "503", "504")


class Gateway:
    """Posts a notice to a gateway and reads whom it could not reach."""

    def __init__(
        self, url: Reveal, http: Http, method: str = "POST", headers: Mapping[str, Reveal] | None = None, body: str = ""
    ) -> None:
        self._url, self._http, self._method, self._headers, self._body = url, http, method, headers or {}, body

    def send(self, notice: Notice) -> Results:
        """Post the notice; one result for each receiver."""
        secrets: list[str] = []
        try:
            secrets += [self._url(), *(one() for one in self._headers.values())]
            body = body_text(self._body, notice)
            headers = {"Content-Type": content_type(body), "Idempotency-Key": notice.id}
            headers.update(zip(self._headers, secrets[1:], strict=True))
            answer = self._http.call(self._method, secrets[0], body.encode(), headers)
            results = results_of(answer, notice.receivers)
        except DeliveryError as error:
            return for_all(notice.receivers, failure(error, secrets))
        return {name: replace(one, message=redact(one.message, secrets)) for name, one in results.items()}


def open_channel(parts: Parts) -> Gateway:
    """Return the channel of a rule."""
    return Gateway(parts.url(), parts.http(), parts.rule.method, parts.headers(), parts.rule.body)


def results_of(answer: Answer, receivers: tuple[str, ...]) -> Results:
    """Return who was reached (spec/notices.md 4.1).

    An empty answer or a word of consent is a success. A JSON object is believed: `result: false` or a code other than 0
    refuses all, `username_check.invalid` and `message_detail` name those who failed. Raises DeliveryError.
    """
    if answer.body.strip().lower() in _CONSENT:
        return for_all(receivers, Result(ok=True))
    said = answer.json()
    invalid = _names(_inside(said, "username_check").get("invalid"))
    detail = _inside(said, "message_detail")
    text = str(said.get("message") or said.get("errmsg") or said.get("msg") or "")
    code = next((said[name] for name in ("errcode", "code", "status") if name in said), 0)
    if (said.get("result") is False or _is_no(code)) and not invalid and not detail:
        message = f"code {code}: {text}".rstrip(": ")
        raise LaterError(message) if str(code) in _LATER else RefusedError(message)
    message_id = str(said.get("message_id") or said.get("msg_id") or "")
    return {name: _result(name, invalid, detail, text, message_id) for name in receivers}


def _is_no(code: Any) -> bool:
    """Return True if a code or status word is a refusal: any number but 0 and 2xx, or a word that says so."""
    text = str(code).strip().lower()
    number = text.removeprefix("-")
    if number.isascii() and number.isdecimal():
        return text != "0" and not (len(text) == 3 and text.startswith("2"))  # noqa: PLR2004 (2xx)
    return text in _NO


def _result(name: str, invalid: list[str], detail: dict[str, Any], text: str, message_id: str) -> Result:
    if name in detail:
        return Result(ok=False, message=str(detail[name]))
    if name in invalid:
        return Result(ok=False, message=text or "no such receiver")
    return Result(ok=True, message_id=message_id)


def _inside(document: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a mapping of the answer or of its `data`; empty where there is none."""
    data = document.get("data")
    for place in (document, data if isinstance(data, dict) else {}):
        found = place.get(name)
        if isinstance(found, dict):
            return found
    return {}


def _names(value: Any) -> list[str]:
    if isinstance(value, str):
        return [name.strip() for name in value.split(",")]
    return [str(one) for one in value] if isinstance(value, list) else []
