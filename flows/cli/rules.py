"""`tocsin rules`: check rule files, run their tests, carry them to SQL and back, describe them."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import click

from flows.cli.answer import print_answer
from flows.cli.fail import fail
from flows.cli.given import json_option, lone_settings_option, read_lone_settings
from flows.cli.strict import Group
from flows.rules.source import SourceUnavailableError, Terms, id_in
from flows.rules.templates import renderer
from flows.rules.transfer import RefusedRulesError, export_rules, import_rules
from flows.rules.trial_of_sources import source_failures
from flows.rules.trials import trials
from flows.settings.settings import Settings, SettingsError
from operators.model.address import without_password
from operators.rules.advice import advice
from operators.rules.book import KINDS, RuleBook, acted_on
from operators.rules.read.documents import Found, RuleError, read_files
from operators.rules.read.export import schema as file_schema
from operators.rules.read.lines import with_lines
from operators.rules.read.load import build, load
from operators.state.scene import default_notice


@click.group(cls=Group)
def rules() -> None:
    """Check, test and move rules."""


def _terms(settings: Settings) -> Terms:
    try:
        check_template = renderer(settings).check_template
    except SettingsError as error:
        fail(error)
    return Terms(check_template, settings.default_business, settings.time_zone)


# --- check


@rules.command(short_help="Tell every mistake in the rules of a directory.")
@click.argument("directory", metavar="DIR")
@click.option("--strict", is_flag=True, help="Count what is hardly meant as a mistake.")
@lone_settings_option
@json_option
def check(directory: str, settings_path: str | None, *, strict: bool, as_json: bool) -> None:
    """Read the rules in DIR and tell every mistake, one a line: file and line, place, reason. Exit 1 if there is one.

    Warnings tell what is no mistake but hardly meant: people whom no channel reaches, groups that nobody uses, silences
    without an end, conditions and rules that never count, files that are not read. With --strict they are mistakes.
    """
    settings = read_lone_settings(settings_path)
    found = read_files([directory])
    book, errors = build(found.documents, found.errors, **_terms(settings).keywords())
    errors += _failed_sources(found, book)
    errors, warnings = with_lines(errors), with_lines(_warnings(found, book, settings))
    if as_json:
        print_answer("rules", [_report(book, errors, warnings)])
    else:
        for error in errors:
            click.echo(error)
        for warning in warnings:
            click.echo(f"warning: {warning}")
        if book is not None and not errors:
            click.echo(_table(book, len(warnings)))
    sys.exit(1 if errors or (strict and warnings) else 0)


def _failed_sources(found: Found, book: RuleBook | None) -> list[RuleError]:
    """Return the tests of sources that fail: they need no job, so they are run at once."""
    if book is None:
        return []
    places = {str(id_in(one.kind, one.document)): one for one in found.documents if one.kind == "sources"}
    return [
        places[name].error(f"tests[{number}]", f"{source.tests[number].name}: {reason}")
        for name, source in book.sources.items()
        for number, reason in source_failures(source)
    ]


def _warnings(found: Found, book: RuleBook | None, settings: Settings) -> list[RuleError]:
    """Return what is hardly meant: in the book, and files that were passed over."""
    told = [RuleError(name, "", "is not read: rule files end in .yaml, .yml or .json") for name in found.skipped]
    if book is None:
        return told
    sources = {(one.kind, str(id_in(one.kind, one.document))): one for one in found.documents}
    notice = default_notice(settings, lambda _: None)
    used = notice.user_groups if notice is not None else ()
    return told + [sources[kind, name].error(place, reason) for kind, name, place, reason in advice(book, used)]


def _counts(book: RuleBook) -> dict[str, int]:
    return {kind: len(getattr(book, kind)) for kind in KINDS}


def _report(book: RuleBook | None, errors: Sequence[RuleError], warnings: Sequence[RuleError]) -> dict[str, Any]:
    report = {"ok": not errors, "errors": [*map(_entry, errors)], "warnings": [*map(_entry, warnings)]}
    if book is None:
        return report
    idle = [kind for kind in KINDS if not acted_on(kind)]
    return {**report, "version": book.version, "kinds": _counts(book), "not_acted_on": idle}


def _entry(one: RuleError) -> dict[str, Any]:
    return {"file": without_password(one.file), "line": one.line, "path": one.path, "reason": one.reason}


def _table(book: RuleBook, warnings: int) -> str:
    told = f", {warnings} warning{'' if warnings == 1 else 's'}" if warnings else ""
    counts = _counts(book)
    width = max(map(len, counts))
    rows = [f"{kind:<{width}}  {count:>6}{_note(kind)}" for kind, count in counts.items()]
    return "\n".join(
        [
            f"{'kind':<{width}}   count",
            *rows,
            f"version {book.version}: no mistakes{told}",
        ]
    )


def _note(kind: str) -> str:
    return "" if acted_on(kind) else "  read, not yet acted on"


# --- test


class Tested(NamedTuple):
    """How a test went."""

    directory: str
    name: str
    failures: Sequence[str]
    """Why it failed; none: it passed."""


@rules.command()
@click.argument("directories", metavar="DIR...", nargs=-1, required=True)
@lone_settings_option
@json_option
def test(directories: tuple[str, ...], settings_path: str | None, *, as_json: bool) -> None:
    """Run the `tests` in rules through the replay core. Exit 1 if one fails."""
    settings = read_lone_settings(settings_path)
    ran = []
    for one in (outcome for directory in directories for outcome in _tested(directory, settings)):
        ran.append(one)
        if not as_json:
            _tell_tested(one)
    failed = sum(bool(one.failures) for one in ran)
    if as_json:
        print_answer("test", [one._asdict() for one in ran], failed=failed)
    else:
        click.echo(f"ran {len(ran)}, failed {failed}")
    sys.exit(1 if failed else 0)


def _tested(directory: str, settings: Settings) -> Iterator[Tested]:
    """Run the tests of one directory; rules with mistakes are one that failed."""
    book, errors = load([directory], **_terms(settings).keywords())
    if book is None:
        yield Tested(directory, "", [str(error) for error in errors])
        return
    for name, failures in trials(book, settings):
        yield Tested(directory, name, failures)


def _tell_tested(one: Tested) -> None:
    """Tell how a test went; of rules with mistakes, these."""
    if not one.name:
        click.echo("\n".join(one.failures), err=True)
        return
    click.echo(f"{'FAIL' if one.failures else 'ok  '} {one.directory}: {one.name}")
    for line in one.failures:
        click.echo(f"       {line}")


# --- import, export


@rules.command("import", short_help="Write rule files into the tables of a database.")
@click.argument("directory", metavar="DIR")
@click.argument("dsn", metavar="DSN")
@click.option("--mirror", is_flag=True, help="Delete what DIR does not have, inventory included.")
@lone_settings_option
@json_option
def import_(directory: str, dsn: str, settings_path: str | None, *, mirror: bool, as_json: bool) -> None:
    """Write the rules in DIR into the tables of a database, all or nothing.

    DSN is sqlite:///path or mysql://user@host:port/database, with ?password_env=NAME or ?password_file=PATH.
    """
    carried = _carried(lambda: import_rules(directory, dsn, _terms(read_lone_settings(settings_path)), mirror=mirror))
    if as_json:
        print_answer(
            "carried",
            [
                {"kind": kind, "written": one.put, "unchanged": one.kept, "deleted": one.deleted}
                for kind, one in carried.items()
            ],
        )
        return
    for kind, one in carried.items():
        if one.put or one.kept or one.deleted:
            click.echo(f"{kind}: {one.put} written, {one.kept} unchanged, {one.deleted} deleted")


@rules.command(short_help="Write the rules of a database into files.")
@click.argument("dsn", metavar="DSN")
@click.argument("directory", metavar="DIR")
@lone_settings_option
@json_option
def export(dsn: str, directory: str, settings_path: str | None, *, as_json: bool) -> None:
    """Write the rules in the tables of a database into DIR, one file a kind. DIR must hold no rule files yet."""
    written = _carried(lambda: export_rules(dsn, directory, _terms(read_lone_settings(settings_path))))
    if as_json:
        print_answer("carried", [{"kind": kind, "written": count} for kind, count in written.items()])
        return
    for kind, count in written.items():
        click.echo(f"{kind}: {count} written")


def _carried(carry: Any) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = carry()
    except RefusedRulesError as refusal:
        fail(*refusal.errors)
    except (SourceUnavailableError, ValueError, OSError) as error:
        fail(error)
    return found


# --- schema


@rules.command()
def schema() -> None:
    """Print the JSON schema of a rule file, for editors."""
    click.echo(json.dumps(file_schema(), indent=2, ensure_ascii=False))
