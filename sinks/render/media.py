"""The media a notice is written for: how values are made harmless, how a row looks, how a text is cut."""

import re
from collections.abc import Callable

import msgspec

from operators.rules.shapes.ways import TABLE
from sinks.render.escapes import escape_html, escape_line, escape_markdown, escape_text
from sinks.render.lengths import Cut, cut, cut_html

_ROW = re.compile(r"#([^#\n]*)#(.*)")
_BLANK_RUN = re.compile(r"\n(?:[ \t]*\n){2,}")
_NAME_CELL = "padding:4px 16px 4px 0;color:#63656e;white-space:nowrap;vertical-align:top"
_CELL = "padding:4px 0;color:#313238"


class Medium(msgspec.Struct, frozen=True):
    """One medium. `escape` turns a value into text that means only itself there."""

    name: str
    """Of the variants of rows: mail, markdown, sms or text."""
    escape: Callable[[str], str]
    row: Callable[[str, str], str]
    shorten: Cut = cut
    keeps_blank_lines: bool = False

    def rows(self, text: str) -> str:
        """Return the text with every line `#title#content` as a row."""
        lines: list[str] = []
        for line in text.split("\n"):
            found = _ROW.match(line)
            if found is None:
                lines += [line] if self.keeps_blank_lines or line.strip() else []
            elif found[1].strip() or found[2].strip():
                lines.append(self.row(found[1].strip(), found[2].strip()))
        if self.name == "mail":
            return _in_table(lines)
        joined = "\n".join(lines)
        return _BLANK_RUN.sub("\n\n", joined).strip("\n") if self.keeps_blank_lines else joined


def _plain_row(title: str, content: str) -> str:
    return f"{title}: {content}".rstrip() if title else content


def _bold_row(title: str, content: str) -> str:
    return f"**{title}**: {content}".rstrip() if title else content


def _table_row(title: str, content: str) -> str:
    return f'<tr><td style="{_NAME_CELL}">{title}</td><td style="{_CELL}">{content}</td></tr>'


def _in_table(lines: list[str]) -> str:
    """Return lines as rows of a table: those that are none share one cell, a break between them."""
    made: list[str] = []
    free: list[str] = []
    for line in (*lines, "<tr>"):
        if not line.startswith("<tr>"):
            free.append(line)
            continue
        if free:
            made.append(f'<tr><td colspan="2" style="{_CELL}">{"<br>".join(free)}</td></tr>')
            free = []
        made.append(line)
    return "".join(made[:-1])


def _nothing(text: str) -> str:
    return text


MAIL = Medium("mail", escape_html, _table_row, cut_html)
MARKDOWN = Medium("markdown", escape_markdown, _bold_row, keeps_blank_lines=True)
TEXT = Medium("text", escape_text, _plain_row)
SMS = Medium("sms", escape_line, _plain_row)
LINE = Medium("line", escape_line, _plain_row)
"""Titles and voice: one line of plain text."""
RAW = Medium("raw", _nothing, _plain_row)
"""What programs read: bodies and headers of webhooks."""

MARKDOWN_WAYS = tuple(way.name for way in TABLE if way.medium == MARKDOWN.name)
_OF_NAME = {medium.name: medium for medium in (MAIL, MARKDOWN, TEXT, SMS, LINE)}
_OF_WAY = {way.name: _OF_NAME[way.medium] for way in TABLE}


def medium_of(way: str) -> Medium:
    """Return the medium of a notice way; plain text for any other."""
    return _OF_WAY.get(way, TEXT)
