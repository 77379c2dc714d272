"""The core of each job of a split pipeline; the whole of it is the worker itself (design.md 5; docs/jobs.md)."""

from collections.abc import Mapping
from typing import Literal

import msgspec

from operators.converge.stage import Notices
from operators.intake.name import Body, RulesChange, Tick
from operators.lifecycle.fold import FOLD
from operators.lifecycle.worker import CheckTemplate, Table, Worker
from operators.model.check import Check
from operators.model.event import Event
from operators.model.handover import Clock, Handover
from operators.model.settings import CoreSettings
from operators.rules.book import RuleBook
from operators.state.scene import Render

Job = Literal["all", "intake", "alerts", "notices"]

replace = msgspec.structs.replace


def _pass_event(worker: Worker, event: Event) -> None:
    worker.said.append(replace(event, at=worker.clock, create_time=worker.clock))


def _pass_check(worker: Worker, check: Check) -> None:
    worker.said.append(replace(check, event=replace(check.event, at=worker.clock)))


INTAKE: Table = {**FOLD, Event: _pass_event, Check: _pass_check}


class Intake(Worker):
    """Decodes, enriches and names; events and checks go on as they are, nothing is kept but changes of the rules."""

    table = INTAKE

    def meant(self, body: Body, kind: str) -> Body:
        """Of the topic that every job reads only changes of rules concern this one."""
        return Tick() if kind == "command" and not isinstance(body, RulesChange) else body

    def advance(self, now: int) -> None:
        """Let the clock go on, and say so; nothing is ever due."""
        if now > self.clock:
            self.clock = now
            self.said.append(Clock(now))

    def _enforce(self, book: RuleBook) -> None:
        self.scene.book, self.shared.rules_version = book, book.version


class Alerts(Worker):
    """Keeps alerts; what it plans is handed on as it is."""

    def __init__(
        self, settings: CoreSettings, book: RuleBook, render: Render, check_template: CheckTemplate | None = None
    ) -> None:
        super().__init__(settings, book, render, check_template)
        self.scene.converge = Handover()

    def advance(self, now: int) -> None:
        """Let the clock go on, and say so behind everything that was due."""
        before = self.clock
        super().advance(now)
        if self.clock > before:
            self.said.append(Clock(self.clock))


WORKERS: Mapping[str, type[Worker]] = {"all": Worker, "intake": Intake, "alerts": Alerts, "notices": Notices}
"""Job -> its core."""
