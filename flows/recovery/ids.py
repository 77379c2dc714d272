"""Ids of the flow and its steps: part of the format of the recovery store, so they never change (engine.md 0.14)."""

FLOW_ID = "tocsin"


def flow_id(job: str) -> str:
    """Return the id of the flow of a job: each stage has its own."""
    return FLOW_ID if job == "all" else f"{FLOW_ID}-{job}"
