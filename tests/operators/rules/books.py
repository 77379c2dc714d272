"""Books and files for the tests of rules."""

import json
from pathlib import Path

import jinja2

from operators.rules.book import RuleBook
from operators.rules.read.documents import RuleError, taken_apart
from operators.rules.read.load import build, load


def check_template(text: str) -> str | None:
    try:
        jinja2.Environment(autoescape=False).parse(text)
    except jinja2.TemplateSyntaxError as wrong:
        return str(wrong)
    return None


def built(kinds: dict, **options) -> tuple[RuleBook | None, list[RuleError]]:
    documents, errors = taken_apart(kinds, "rules")
    return build(documents, errors, check_template=check_template, **options)


def book_of(**kinds: list) -> RuleBook:
    book, errors = built(kinds)
    assert book is not None, [str(error) for error in errors]
    return book


def complaints(**kinds: list) -> list[str]:
    return [str(error) for error in built(kinds)[1]]


def loaded(folder: Path, **files: object) -> tuple[RuleBook | None, list[str]]:
    """Load files of the given stems: text as YAML, bytes as they are, all else as JSON."""
    for stem, content in files.items():
        if isinstance(content, bytes):
            (folder / f"{stem}.yaml").write_bytes(content)
        elif isinstance(content, str):
            (folder / f"{stem}.yaml").write_text(content)
        else:
            (folder / f"{stem}.json").write_text(json.dumps(content))
    book, errors = load(folder, check_template=check_template)
    return book, [str(error) for error in errors]
