"""What a shell is told when Tab is pressed: ids of open alerts, people, groups and ways. It never fails and never asks long."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from flows.settings.places import store_under
from flows.settings.settings import Settings, SettingsError, load_settings
from operators.model.alert import ABNORMAL
from operators.rules.book import RuleBook
from operators.rules.read.load import load
from sinks.store.interface import Store, StoreError
from sinks.store.order import WORST_FIRST
from sinks.store.place import open_store
from sinks.store.query import AlertQuery

Found = TypeVar("Found")

MOST = 200
"""Alerts that are proposed: the worst."""


def alert_ids(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """Return ids of open alerts, the worst first, with what each is."""
    found = _read(ctx, lambda store: store.alerts(AlertQuery(status=(ABNORMAL,), sort=WORST_FIRST, limit=MOST)))
    texts = ((one.id, f"{one.alert_name} on {one.event.target or 'no target'}") for one in found)
    return [CompletionItem(name, help=text) for name, text in texts if name.startswith(typed)]


def people(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
    """Return ids of alerts for the first word of `assign`, then people of the rules."""
    if param.name == "names" and not ctx.params.get("names"):
        found = alert_ids(ctx, param, typed)
        return found or _matching(_people(_book(ctx)), typed)
    return _matching(_people(_book(ctx)), typed)


def groups(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """Return user groups of the rules."""
    book = _book(ctx)
    return _matching({one.id: one.name for one in book.user_groups.values()} if book else {}, typed)


def ways(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """Return the ways of the rules' channels."""
    book = _book(ctx)
    return _matching({one.way: "" for one in book.channels} if book else {}, typed)


def _read(ctx: click.Context, read: Callable[[Store], list[Found]]) -> list[Found]:
    """Return what a store says; nothing where there is none."""
    settings, given = _settings(ctx), ctx.params
    if settings is None:
        return []
    place = given.get("place") or store_under(settings, given.get("data")).dsn
    try:
        store = open_store(place, read_only=True)
        try:
            return read(store)
        finally:
            store.close()
    except StoreError:
        return []


def _matching(names: Mapping[str, str], typed: str) -> list[CompletionItem]:
    return [CompletionItem(name, help=text) for name, text in sorted(names.items()) if name.startswith(typed)]


def _people(book: RuleBook | None) -> dict[str, str]:
    if book is None:
        return {}
    named = {one.id: one.name for one in book.users.values()}
    return {**dict.fromkeys(_members(book), ""), **named}


def _members(book: RuleBook) -> Iterator[str]:
    for group in book.user_groups.values():
        for arrangement in group.duty_arranges:
            yield from (one.id for one in arrangement.users if one.type == "user")
    for duty in book.duties.values():
        for arranged in duty.duty_arranges:
            yield from (one.id for team in arranged.duty_users for one in team if one.type == "user")


def _settings(ctx: click.Context) -> Settings | None:
    try:
        return load_settings(ctx.params.get("settings_path"), os.environ)
    except SettingsError:
        return None


def _book(ctx: click.Context) -> RuleBook | None:
    settings = _settings(ctx)
    place: Any = ctx.params.get("rules") or (settings and settings.rules)
    if settings is None or not place or not Path(place).exists():
        return None
    return load([place], default_business=settings.default_business, time_zone=settings.time_zone)[0]


def silence_ids(ctx: click.Context, _: click.Parameter, typed: str) -> list[CompletionItem]:
    """Return ids of silences that are not over, with why they were set."""
    now = time.time()
    found = {one.id: one.message for one in _read(ctx, lambda store: store.shields()) if not one.is_over(now)}
    return _matching(found, typed)
