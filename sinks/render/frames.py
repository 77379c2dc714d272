"""The files of built-in notices: which one a notice takes (spec/notices.md 5.1), and rendering it.

These templates come with the product or from its operator, so they are not sandboxed; their values are escaped.
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from sinks.render.about import business_name
from sinks.render.case import Case
from sinks.render.headline import lead_texts, levels_text, name_text, tags_text
from sinks.render.listing import grouped
from sinks.render.media import MARKDOWN_WAYS, Medium
from sinks.render.spoken import sentence
from sinks.render.steps import next_text
from sinks.render.subject import level_color, text_of
from sinks.render.times import local_text
from sinks.render.words import suffixes

_STAND_IN = {"no_data": ("no_data", "abnormal"), "manual": ("abnormal",)}
"""Signal -> the folders to look in, in order; any other has its own."""


class Frames:
    """Template files by name; folders given come before the product's own."""

    def __init__(self, folders: Sequence[Path] = ()) -> None:
        self._folders = [*folders, Path(str(resources.files("templates")))]
        self._environments: dict[str, Environment] = {}
        self.find = lru_cache(maxsize=1024)(self._find)

    def _find(self, signal: str, kind: str, way: str, part: str, language: str) -> str | None:
        """Return the name of the file for `part` (title or content), or None."""
        for name in candidates(signal, kind, way, part, language):
            if any((folder / name).is_file() for folder in self._folders):
                return name
        return None

    def render(self, name: str, medium: Medium, variables: Mapping[str, Any]) -> str:
        """Render a file in a medium. Raises one of sandbox.RENDER_ERRORS."""
        return self._template(name, medium).render(variables)

    def _template(self, name: str, medium: Medium) -> Template:
        environment = self._environments.get(medium.name)
        if environment is None:
            environment = self._environments[medium.name] = _environment(self._folders, medium.escape)
        return environment.get_template(name)


def candidates(signal: str, kind: str, way: str, part: str, language: str) -> list[str]:
    """Return the names a file may have, best first: the way's in the language, the way's, the default's likewise."""
    stem = "markdown" if part == "content" and way in MARKDOWN_WAYS else way
    endings = [*(f"_{suffix}" for suffix in suffixes(language)), ""]
    return [
        f"notice/{folder}/{kind}/{name}_{part}{ending}.jinja"
        for folder in _STAND_IN.get(signal, (signal,))
        for name in (stem, "default")
        for ending in endings
    ]


class _Files(Environment):
    """An environment whose globals are a plain dict, which is what each rendering copies."""

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return d or {}


def _environment(folders: Sequence[Path], escape: Callable[[str], str]) -> Environment:
    def finalize(value: Any) -> Markup:
        return value if isinstance(value, Markup) else Markup(escape(text_of(value)))  # noqa: S704 (escaped)

    return _Files(
        loader=FileSystemLoader([str(folder) for folder in folders]),
        autoescape=True,
        finalize=finalize,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=400,
    )


def frame_variables(case: Case, user_title: str, *, is_own: bool) -> dict[str, Any]:
    """Return what template files may name; values are plain and escaped where they are printed."""
    message = case.message
    rows, more = grouped(case) if case.is_summary else ([], 0)
    color = case.alert.severity if case.alerts else message.severity
    return {
        "product": case.settings.product.name,
        "tags": Markup(tags_text(case)),  # noqa: S704 (the product's own words)
        "name": name_text(case),
        "business": business_name(case),
        "leads": lead_texts(case),
        "levels": levels_text(case) if case.is_summary else "",
        "count": len(case.alerts),
        "alerts": rows,
        "more": case.words.phrases["more"].format(count=more) if more else "",
        "alert_id": case.alert.id if case.alerts and (is_own or not next_text(case)) else "",
        "is_own": is_own,
        "link": Markup(case.link),  # noqa: S704 (harmless_link() made it so)
        "color": level_color(color),
        "time": local_text(case.now, case.zone),
        "language": case.language,
        "signal": message.signal,
        "notice_type": message.notice_type,
        "mentions": message.mentions,
        "words": case.words,
        "sentence": sentence(case) if message.way == "voice" else "",
        "user_title": user_title,
        "user_content": Markup(),
    }
