"""One text in the forms that providers want: HTML as plain text, markdown as each chat reads it."""

import re
from html.parser import HTMLParser

_BOLD = re.compile(r"(?<!\\)\*\*(.+?)(?<!\\)\*\*")
_LINK = re.compile(r"(?<!\\)\[([^\[\]\n]*)\]\((https?://[^\s()<>]+)\)")
_ESCAPE = re.compile(r"\\([\\`*_(\[~#>+-])")
_BREAKS = ("br", "tr", "div", "p", "li", "table", "h1", "h2", "h3", "h4")
_SILENT = ("title", "style", "script", "head")


class _Reader(HTMLParser):
    """Collects what a reader of the HTML sees; cells of a row stand side by side.

    A table of data keeps each row on one line, whatever breaks its cells hold; one that only lays out does not.
    """

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0
        self._is_first_cell = True
        self._are_data: list[bool] = []
        """Of the tables around, the innermost last."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Break the line, or part two cells."""
        given = dict(attrs)
        if tag in _SILENT:
            self._silent += 1
        if tag == "table":
            self._are_data.append(given.get("role") != "presentation")
        if tag in _BREAKS:
            self._break(tag)
        if tag in ("td", "th"):
            if not self._is_first_cell:
                self.pieces.append(" | " if self._is_data else ": ")
            self._is_first_cell = False
        if tag == "a" and given.get("href"):
            self.pieces.append(f"{given['href']} ")

    def handle_endtag(self, tag: str) -> None:
        """Break the line."""
        if tag in _SILENT and self._silent:
            self._silent -= 1
        if tag in _BREAKS:
            self._break(tag)
        if tag == "table" and self._are_data:
            self._are_data.pop()

    @property
    def _is_data(self) -> bool:
        return bool(self._are_data) and self._are_data[-1]

    def _break(self, tag: str) -> None:
        is_line = tag in ("table", "tr") or not self._is_data
        self.pieces.append("\n" if is_line else " ")
        self._is_first_cell |= is_line

    def handle_data(self, data: str) -> None:
        """Keep what can be seen."""
        if not self._silent:
            self.pieces.append(" ".join(data.split("\n")) if data.strip() else "")


def plain_text(html: str) -> str:
    """Return what a reader of the HTML sees, one row a line: `title: content`, or `cell | cell` of a table of data."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    rows = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return "\n".join(row for row in rows if row)


def slack_text(markdown: str) -> str:
    """Return markdown as Slack reads it: `*bold*`, `<address|text>`, and no tag that a value could have made."""
    text = markdown.replace("&lt;", "<").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _LINK.sub(lambda link: f"<{link[2]}|{link[1]}>", text)
    return _ESCAPE.sub(r"\1", _BOLD.sub(r"*\1*", text))


def dingtalk_text(markdown: str) -> str:
    """Return markdown as DingTalk reads it: a line break is two blanks and a newline."""
    return markdown.replace("\n", "  \n")


def telegram_html(markdown: str) -> str:
    """Return markdown as the small HTML that Telegram reads: bold, links, and no tag that a value could have made."""
    text = markdown.replace("&lt;", "<").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    text = _LINK.sub(lambda link: f'<a href="{link[2].replace(chr(34), "%22")}">{link[1]}</a>', text)
    return _ESCAPE.sub(r"\1", _BOLD.sub(r"<b>\1</b>", text))
