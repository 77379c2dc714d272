"""What a job is, in one line at its start: version, rules, sources, store, outbox, ways that go nowhere, ports."""

from importlib.metadata import version
from typing import Any

import structlog

from flows.settings.settings import Settings
from operators.model.address import without_password
from operators.rules.advice import ways_without_channel
from operators.rules.book import KINDS, RuleBook

BEGAN = "tocsin begins"

log = structlog.get_logger()


def tell_what_begins(settings: Settings, book: RuleBook) -> None:
    """Log what the job is."""
    log.info(BEGAN, **facts(settings, book))
    if settings.job == "all" and settings.kafka.workers > 1 and book.inhibit_index:
        log.warning("each worker inhibits among its own alerts only: run `notices` as a job (docs/jobs.md)")


def facts(settings: Settings, book: RuleBook) -> dict[str, Any]:
    """Return what the job is, without logins."""
    counts = {kind: len(getattr(book, kind)) for kind in KINDS}
    kafka, port = settings.kafka, settings.metrics.port
    return {
        "version": version("tocsin"),
        "job": settings.job,
        "worker": f"{kafka.worker} of {kafka.workers}",
        "rules": ", ".join(f"{count} {kind}" for kind, count in counts.items() if count) or "none",
        "rules_from": without_password(settings.rules),
        "rules_version": book.version,
        "reads": _sources(settings),
        "store": without_password(settings.store.dsn),
        "outbox": without_password(settings.outbox.dsn),
        "ways_without_channel": sorted(ways_without_channel(book)),
        "listens": f"{settings.metrics.host}:{port}" if port else "nowhere",
    }


def _sources(settings: Settings) -> list[str]:
    source, kafka = settings.source, settings.kafka
    if source.spool:
        return [f"spool {source.spool}"]
    topics = [name for name in (*kafka.topics, kafka.checks, kafka.commands) if name]
    return list(source.files) or [f"kafka {without_password(kafka.brokers)}: {', '.join(topics)}"]
