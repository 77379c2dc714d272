"""What keeps a value from being read as markup, as a row or as a template."""

import re

from markupsafe import escape as _escape_html

HASH = "\ue023"
"""Stands for `#` in values until rows are made, so that no value can begin a row."""

_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Control characters, line separators, overrides of the writing direction, halves of surrogate pairs."""
_MARKDOWN = re.compile(r"[\\`*]|(?<=\])\(|~(?=~)|(?<=~)~|(?<![^\W_])_|_(?![^\W_])")
_MARKDOWN_START = re.compile(r"^(\s*)(?=[#>]|[-+]\s|\[[^\]]*\]:)")
_TAG_START = re.compile(r"<(?=[\w/@!#?])")
_BLANKS = re.compile(r"\s*\n\s*")


def clean(text: str) -> str:
    """Return the text without characters that no reader sees and some are fooled by."""
    return _UNWANTED.sub("", text)


def one_line(text: str) -> str:
    """Return the text on one line: breaks and the blanks around them become one blank."""
    return _BLANKS.sub(" ", text) if "\n" in text else text


def escape_text(text: str) -> str:
    """Escape for plain text: lines after the first are indented, so that they cannot pass for lines of their own."""
    plain = clean(text)
    if "\n" in plain:
        plain = plain.replace("\n", "\n  ")
    return plain.replace("#", HASH)


def escape_line(text: str) -> str:
    """Escape for media where every value stands on one line: sms, voice, titles."""
    return one_line(clean(text)).replace("#", HASH)


def escape_html(text: str) -> str:
    """Escape for HTML; breaks become `<br>`."""
    return str(_escape_html(clean(text))).replace("\n", "<br>").replace("#", HASH)


def escape_markdown(text: str) -> str:
    """Escape for the markdown of chats: a value makes no emphasis, code, link, tag, mention, heading, quote or list."""
    plain = one_line(clean(text))
    plain = _TAG_START.sub("&lt;", plain)
    plain = _MARKDOWN.sub(r"\\\g<0>", plain)
    return _MARKDOWN_START.sub(r"\1\\", plain).replace("#", HASH)


def restore(text: str) -> str:
    """Turn the stand-in back into `#`; the last thing done to a text."""
    return text.replace(HASH, "#") if HASH in text else text
