"""The job as an ordinary Bytewax dataflow: from records to documents and notices (docs/architecture.md).

`python -m bytewax.run flows.alerts` runs it with the settings of TOCSIN_SETTINGS (a file) and TOCSIN__... (variables);
`tocsin run` does the same with a recovery directory, a courier and the signals taken care of.
"""

import os
from typing import TYPE_CHECKING, Any

import bytewax.operators as op
from bytewax.dataflow import Dataflow, Stream

from flows.recovery.ids import flow_id
from operators import steps
from operators.model.records import DeadLetter, Notice

if TYPE_CHECKING:
    from flows.job import Job


def dataflow(job: "Job") -> Dataflow:
    """Bytes in, documents and notices out. Each line is a step; docs/architecture.md says what each keeps.

    A job of a split pipeline is a cut: intake, and at most one of the two stages behind it, with a topic on either side.
    """
    flow = Dataflow(flow_id(job.settings.job))
    polls = op.input("read", flow, job.source)
    said: Stream[Any] = steps.intake("intake", polls, job.intake)
    if job.lifecycle is not None:
        said = steps.in_order("alerts", said, job.lifecycle)
    if job.notices is not None:
        said = steps.by_business("notices", said, job.notices)
    left = steps.written("documents", said, job.edges.write)
    op.output("outbox", steps.only("told", left, Notice), job.outbox)
    op.output("dead_letters", steps.only("refused", left, DeadLetter), job.dead_letters)
    return flow


def __getattr__(name: str) -> Any:
    """Build `flow` when Bytewax asks for it, so that importing this module starts nothing."""
    if name != "flow":
        raise AttributeError(name)
    from flows.job import build  # noqa: PLC0415 - clients load when a job is built, not when a name is looked up
    from flows.recovery.private import keep_private  # noqa: PLC0415 - as above
    from flows.settings.settings import load_settings  # noqa: PLC0415 - as above

    keep_private()
    job = build(load_settings(os.environ.get("TOCSIN_SETTINGS"), os.environ))
    job.stop.on_signals(job.rules.again)
    return dataflow(job)
