"""Putting a message into words: configured templates, rows, frames, limits (spec/notices.md 4.1, 5.2)."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from markupsafe import Markup
from msgspec.structs import replace

from operators.model.alert import Alert
from operators.model.records import Message
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.rules.shapes.model import NoticeRelation, NoticeTemplate, Strategy
from sinks.render.case import SHIELD, Case, make_case
from sinks.render.content import default_rows
from sinks.render.escapes import one_line, restore
from sinks.render.frames import Frames, frame_variables
from sinks.render.headline import name_text
from sinks.render.lengths import DEFAULT_LIMIT, DEFAULT_LIMITS, cut, fit
from sinks.render.link import harmless_link
from sinks.render.media import LINE, MAIL, MARKDOWN, RAW
from sinks.render.program import body_of, config_of
from sinks.render.sandbox import MAX_OUTPUT, Budget, caught, check_template, run, whole
from sinks.render.variables import Variables

LONGEST_TITLE = 255
"""Characters of a title."""

_WITHOUT_TITLE_LINE = ("mail", "rtx", "voice")
_BUILT_IN = NoticeTemplate()
_WIDEST = 4
"""Bytes of a character in UTF-8."""


class Rendered(msgspec.Struct, frozen=True, gc=False):
    """A message in words. `content` of mail is HTML; of webhooks and queue pushes it is the body."""

    title: str
    content: str
    error: str | None = None
    """What went wrong in a configured template; the built-in text stands in its place."""
    config: dict[str, Any] | None = None
    """Of a webhook or push: its configuration with address and headers rendered."""


class Renderer:
    """Puts messages into words. The same inputs give the same words; no clock is read. Safe from several threads.

    Template files of `folders` come before the product's own. A `links.alert` that is no template raises ValueError.
    """

    def __init__(self, settings: CoreSettings, folders: Sequence[Path] = ()) -> None:
        self._settings = settings
        default = settings.default_notice
        self._default = msgspec.convert(default, NoticeRelation) if default is not None else None
        self._frames = Frames(folders)
        wrong = check_template(settings.links.alert)
        if wrong is not None:
            raise ValueError(f"links.alert: {wrong}")

    def render(
        self, message: Message, alerts: Sequence[Alert], strategy: Strategy | None, book: RuleBook, now: int
    ) -> Rendered:
        """Return title and content; `alerts` has the representative one first."""
        errors: list[str] = []
        case = make_case(message, alerts, strategy, book, self._settings, now)
        case = replace(case, link=self._link(case, errors))
        if message.config is not None:
            return self._for_program(case.within(RAW), errors)
        own = self._own_template(message, strategy)
        own_title = self._attempt(own.title_tmpl, case.within(LINE), "title_tmpl", errors).strip()
        user_title = one_line(restore(own_title)) or name_text(case)
        variables = frame_variables(case, user_title, is_own=bool(own.message_tmpl))
        title = self._frame(case, "title", variables, errors, user_title)
        content = self._content(case, own, variables, errors)
        return Rendered(_title_text(title), whole(content), _said(errors))

    __call__ = render

    def _for_program(self, case: Case, errors: list[str]) -> Rendered:
        variables, budget = Variables(case), Budget()

        def rendered(template: str) -> str:
            return run(template, variables, RAW.escape, budget)

        config, content = config_of(case, rendered, errors), body_of(case, rendered, errors)
        return Rendered(_title_text(name_text(case)), whole(content), _said(errors), config)

    def _content(self, case: Case, own: NoticeTemplate, variables: dict[str, Any], errors: list[str]) -> str:
        message = case.message
        rows = self._user_content(case, own, errors)
        if own.title_tmpl and message.way not in _WITHOUT_TITLE_LINE:
            rows = "\n".join(part for part in (case.medium.escape(variables["user_title"]), rows) if part)
        spare = "\n".join((variables["tags"] + variables["name"], rows))

        def frame(user_content: str) -> str:
            variables["user_content"] = Markup(user_content)  # noqa: S704 (made harmless value by value)
            return _tidy(self._frame(case, "content", variables, errors, spare), case)

        limit = _limit(case)
        return fit(restore(rows), frame, limit, chars=message.way == "sms", shorten=case.medium.shorten)

    def _user_content(self, case: Case, own: NoticeTemplate, errors: list[str]) -> str:
        if not own.message_tmpl or case.message.way == "voice":
            return default_rows(case)
        failures = len(errors)
        text = self._attempt(own.message_tmpl, case, "message_tmpl", errors)
        if len(errors) == failures:
            return case.medium.rows(text)
        words = case.words
        remark = case.medium.row(words.rows["remark"], words.phrases["template_failed"])
        return ("" if case.medium is MAIL else "\n").join((default_rows(case), remark))

    def _frame(self, case: Case, part: str, variables: Mapping[str, Any], errors: list[str], spare: str) -> str:
        message = case.message
        name = self._frames.find(message.signal, message.collect_type, message.way, part, case.language)
        if name is None:
            return spare
        medium = LINE if part == "title" else case.medium
        return caught(lambda: self._frames.render(name, medium, variables), spare, name, errors)

    def _attempt(self, template: str, case: Case, place: str, errors: list[str]) -> str:
        """Render a user's template; "" and a note among the errors if that fails."""
        return caught(lambda: run(template, Variables(case), case.medium.escape), "", place, errors) if template else ""

    def _link(self, case: Case, errors: list[str]) -> str:
        if not case.alerts:
            return ""
        return harmless_link(self._attempt(self._settings.links.alert, case.within(RAW), "links.alert", errors))

    def _own_template(self, message: Message, strategy: Strategy | None) -> NoticeTemplate:
        """Return the template configured for the signal, that of abnormal for no_data, else one without texts.

        Third-party alerts have those of setting `default_notice`.
        """
        relation = strategy.notice if strategy is not None else self._default if not message.strategy_id else None
        if message.signal == SHIELD or relation is None:
            return _BUILT_IN
        found = {one.signal: one for one in relation.config.template}
        own = found.get(message.signal)  # type: ignore[call-overload]
        if own is None and message.signal == "no_data":
            own = found.get("abnormal")
        return own or _BUILT_IN


def _said(errors: list[str]) -> str | None:
    return "; ".join(dict.fromkeys(errors)) or None


def _title_text(text: str) -> str:
    return cut(" ".join(one_line(restore(whole(text))).split()), LONGEST_TITLE, chars=True)


def _limit(case: Case) -> int:
    """Return the limit of the way: its channel's, else the setting, else the default; never above MAX_OUTPUT bytes."""
    way = case.message.way
    most = MAX_OUTPUT // _WIDEST if way == "sms" else MAX_OUTPUT
    own = next((one.max_length for one in case.book.channels if one.way == way), 0)
    limit = own or case.settings.notice.max_length.get(way, DEFAULT_LIMITS.get(way, DEFAULT_LIMIT))
    return min(limit, most) if limit > 0 else most


def _tidy(text: str, case: Case) -> str:
    text = restore(text)
    if case.medium is MAIL or case.medium is MARKDOWN:
        return text.strip()
    return "\n".join(line.rstrip() for line in text.split("\n") if line.strip())
