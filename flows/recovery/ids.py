"""Ids of the flow and of the steps with state: part of the format of the recovery store, so they never change (engine.md 0.14)."""

FORMAT = 2
"""Of a recovery directory. In format 1 one step kept everything."""

FLOW_ID = "tocsin"
READ = "read"
INTAKE = "intake.rules"
ALERTS = "alerts.slots"
NOTICES = "notices.slots"

ALERTS_1 = "alerts"
"""The step that kept everything in format 1."""

STAGES = {"all": ("alerts", "notices"), "intake": (), "alerts": ("alerts",), "notices": ("notices",)}
"""Job -> the stages that it runs behind intake."""
KEEPS = {"alerts": ALERTS, "notices": NOTICES}
"""Stage -> its step with state."""


def flow_id(job: str) -> str:
    """Return the id of the flow of a job: each cut of the graph has its own."""
    return FLOW_ID if job == "all" else f"{FLOW_ID}-{job}"


def step_id(job: str, step: str) -> str:
    """Return the full id of a step."""
    return f"{flow_id(job)}.{step}"
