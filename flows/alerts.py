"""The job as an ordinary Bytewax dataflow: from records to documents and notices (design.md 2).

`python -m bytewax.run flows.alerts` runs it with the settings of TOCSIN_SETTINGS (a file) and TOCSIN__... (variables);
`tocsin run` does the same with a recovery directory, a courier and the signals taken care of.
The flow id and the step ids are part of the format of the recovery store: they never change (engine.md 0.14).
"""

import os
from typing import TYPE_CHECKING, Any

import bytewax.operators as op
from bytewax.dataflow import Dataflow
from bytewax.inputs import Source

from flows.recovery.ids import flow_id
from operators import steps
from operators.batch import Polled

if TYPE_CHECKING:
    from flows.deliver import Edges
    from operators.lifecycle.host import Host


def alerts_flow(source: Source[Polled], host: "Host", edges: "Edges", job: str = "all") -> Dataflow:
    """Return the dataflow: read, fold, deliver. A job of a split pipeline has an id of its own and the same steps."""
    from flows.deliver import EdgesSink  # noqa: PLC0415 - clients load when a job is built, not when a name is looked up

    flow = Dataflow(flow_id(job))
    polled = op.input("read", flow, source)
    said = steps.alerts(polled, host)
    op.output("deliver", said, EdgesSink(edges, host.spread))
    return flow


def __getattr__(name: str) -> Any:
    """Build `flow` when Bytewax asks for it, so that importing this module starts nothing."""
    if name != "flow":
        raise AttributeError(name)
    from flows.job import build  # noqa: PLC0415 - as above
    from flows.recovery.private import keep_private  # noqa: PLC0415 - as above
    from flows.settings import load_settings  # noqa: PLC0415 - as above

    keep_private()
    job = build(load_settings(os.environ.get("TOCSIN_SETTINGS"), os.environ))
    job.stop.on_signals(job.rules.again)
    return job.flow
