"""What passes from stage to stage: what intake made of a poll, and what the stages behind it said of that."""

from typing import Any, get_args

import msgspec

from operators.intake.enrich.event import Dropped
from operators.intake.handover import Handed
from operators.intake.name import InForce, Record
from operators.model.check import Check
from operators.model.event import Event
from operators.model.records import DeadLetter

_FOR_BUSINESS = (*get_args(Handed), InForce)
"""What is for the stage by business."""


class Named(msgspec.Struct, frozen=True, gc=False):
    """What intake made of one poll, in order of arrival."""

    records: list[Record]
    clock: int
    """The stream's clock behind these records."""
    is_end: bool = False

    @property
    def documents(self) -> list[Any]:
        """What a job that has no lifecycle says, or hands on to the one that has."""
        bodies = (record.body for record in self.records)
        return [body for body in bodies if isinstance(body, (Event, Check, DeadLetter, Dropped))]

    @property
    def handed(self) -> list[Handed | InForce]:
        """What is for the stage by business, where another job's lifecycle has decided it."""
        bodies = (record.body for record in self.records)
        return [body for body in bodies if isinstance(body, _FOR_BUSINESS)]


class Said(msgspec.Struct, gc=False):
    """What stages say of a batch: documents in the order of their making, and what is handed to the stage by business."""

    documents: list[Any]
    handed: list[Handed | InForce]
    clock: int
    """How far the stream's time has come."""
    is_end: bool = False
    """Nothing more will come."""
