"""The one sentence of a voice call."""

from operators.model.alert import Alert
from sinks.render.about import business_name
from sinks.render.case import NO_DATA, SHIELD, Case
from sinks.render.headline import ENDED, is_without_data, kind_of, shield_edge
from sinks.render.shields import edge_text, shield_id
from sinks.render.subject import level_name, target_text

LONGEST_NAME = 120
"""Characters of a name or target that are read aloud."""


def sentence(case: Case) -> str:
    """Return what a voice call says."""
    voice, message = case.words.voice, case.message
    product = case.settings.product.name
    if message.signal == SHIELD:
        return voice[f"shield_{shield_edge(case)}"].format(product=product, id=shield_id(case), time=edge_text(case))
    if not case.alerts:
        return f"{product}: {case.words.list_separator.join(message.alert_ids)}"
    said = voice[_pattern_name(case)].format(product=product, **_facts(case))
    kind = kind_of(case)
    return voice[kind].format(sentence=said) if kind else said


def _pattern_name(case: Case) -> str:
    signal = case.message.signal
    special = signal if signal in (*ENDED, "ack") else ""
    if case.is_summary:
        return f"converge_{special}" if special else "converge"
    return special or (NO_DATA if is_without_data(case) else "abnormal")


def _facts(case: Case) -> dict[str, str]:
    voice, alert = case.words.voice, case.alert
    business = business_name(case)
    return {
        "level": level_name(alert.severity, case.words, alert),
        "name": _short(alert.alert_name),
        "target": _target(alert, case),
        "business": voice["business"].format(_short(business)) if business else "",
        "count": str(len(case.alerts)),
        "names": case.words.list_separator.join(_short(one.alert_name) + _target(one, case) for one in case.alerts),
    }


def _target(alert: Alert, case: Case) -> str:
    target = target_text(alert, case.book)
    return case.words.voice["target"].format(_short(target)) if target else ""


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 3]}..."
