"""The words of the console in every language: the English of a template is the key. What the store says stays as it is."""

from importlib import resources

import yaml

LANGUAGES = ("en", "zh")

CHINESE: dict[str, str] = yaml.safe_load(
    (resources.files("templates") / "console" / "zh.yaml").read_text(encoding="utf-8")
)
"""English words -> Chinese ones."""

SINGULAR = {
    "{alerts} alerts": "{alerts} alert",
    "{n} alerts": "{n} alert",
    "would now shield {n} alerts": "would now shield {n} alert",
    "{n} notices wait, the oldest for {span}": "{n} notice waits, for {span}",
    "{n} notices given up": "{n} notice given up",
    "{n} times": "once",
    "{n} records wait to be read": "{n} record waits to be read",
    "{n} events": "{n} event",
    "{n} of the newest alerts were made by": "{n} of the newest alerts was made by",
    "and hold back {n} notices": "and hold back {n} notice",
    "{n} of them are shielded already": "{n} of them is shielded already",
}
"""English words of one thing."""


def said(text: str, language: str, **parts: object) -> str:
    """Return words in a language, their blanks filled; what has no translation stays English."""
    if language == "zh":
        text = CHINESE.get(text, text)
    elif 1 in parts.values():
        text = SINGULAR.get(text, text)
    return text.format(**parts) if parts else text
