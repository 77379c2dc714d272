"""Planned actions and short ways to read what became of them."""

from operators.converge.machine import Converge
from operators.converge.model import Outcome
from operators.model.records import Action, Message
from operators.model.settings import ConvergeSettings, CoreSettings


def notice(alert, receivers=None, *, followers=None, strategy="1", time=0, dims="", **fields):
    """Return a planned notice about one alert; by default alice hears of it by mail."""
    values = {
        "id": f"act-{alert}",
        "time": time,
        "alert_ids": (alert,),
        "strategy_id": strategy,
        "relation_id": "notice",
        "plugin_type": "notice",
        "signal": "abnormal",
        "notice_type": "normal",
        "execute_times": 1,
        "status": "received",
        "receivers": {"mail": ["alice"]} if receivers is None else receivers,
        "followers": followers or {},
        "bk_biz_id": "2",
        "severity": 2,
        "dimension_hash": dims,
    }
    return Action(**{**values, **fields})


def machine(**settings):
    return Converge(CoreSettings(converge=ConvergeSettings(**settings)))


def run(converge, planned, until=10_000):
    """Fold (time, action) pairs in order, then fire up to `until`; return one Outcome for all of it."""
    messages, actions = [], []
    for now, action in planned:
        outcome = converge.fold(action, now)
        messages += outcome.messages
        actions += outcome.actions
    return Outcome((*messages, *converge.fire(until).messages), tuple(actions))


def told(messages):
    """Return (time, receivers, alerts) of each message."""
    return [(message.time, ",".join(message.receivers), ",".join(message.alert_ids)) for message in messages]


def texts(message: Message):
    return (message.way, message.receivers, message.alert_ids)
