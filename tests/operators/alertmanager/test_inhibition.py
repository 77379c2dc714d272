"""`inhibit_rules` of Alertmanager as rules of ours: what is inhibited there is inhibited here, and nothing else."""

from hypothesis import given, settings
from hypothesis import strategies as st

from operators.alertmanager.configuration import imported
from operators.alertmanager.matchers import all_hold, parse_matcher
from operators.model.alert import ABNORMAL, Alert
from operators.model.event import Event, Tag
from operators.rules.ask.inhibition import inhibited_among
from tests.operators.rules.books import book_of

NAMES, VALUES = ("alertname", "severity", "instance"), ("x", "y", "")
TEXTS = [
    f'{name}{sign}"{value}"' for name in NAMES for sign in ("=", "!=", "=~", "!~") for value in ("x", "x|y", ".*", "")
]
MATCHERS = st.lists(st.sampled_from(TEXTS), max_size=2)
RULES = st.fixed_dictionaries(
    {
        "source_matchers": MATCHERS,
        "target_matchers": MATCHERS,
        "equal": st.lists(st.sampled_from(NAMES), unique=True, max_size=2),
    }
)
LABELS = st.dictionaries(st.sampled_from(NAMES[1:]), st.sampled_from(VALUES)).flatmap(
    lambda labels: st.sampled_from(["x", "y"]).map(lambda name: {**labels, "alertname": name})
)


def alert_of(name, labels):
    tags = tuple(Tag(key, value) for key, value in labels.items() if key != "alertname")
    event = Event(event_id=name, plugin_id="prometheus", alert_name=labels["alertname"], severity=2, time=1, tags=tags)
    return Alert(
        id=name, seq_id=name, dedupe_md5=name, bk_biz_id="0", alert_name=labels["alertname"], status=ABNORMAL, severity=2,
        event=event, create_time=1, update_time=1, begin_time=1, latest_time=1, first_anomaly_time=1,
    )  # fmt: skip


def inhibited_there(rule, source, target):
    """Say it as Alertmanager does: a label that is missing is the empty one."""
    of = {side: tuple(map(parse_matcher, rule[f"{side}_matchers"])) for side in ("source", "target")}
    if not (all_hold(of["source"], source) and all_hold(of["target"], target)):
        return False
    if all_hold(of["target"], source) and all_hold(of["source"], target):
        return False
    return all(source.get(name, "") == target.get(name, "") for name in rule["equal"])


def rules_of(*rules):
    tree = {"route": {"receiver": "r"}, "receivers": [{"name": "r"}], "inhibit_rules": list(rules)}
    return imported(tree)


@settings(max_examples=300)
@given(RULES, LABELS, LABELS)
def test_what_is_inhibited_there_is_inhibited_here_and_nothing_else(rule, source, target):
    made = rules_of(rule)
    assert [note.place for note in made.notes] == ["receivers.r"]
    found = inhibited_among([alert_of("s", source), alert_of("t", target)], book_of(inhibits=made.rules["inhibits"]))
    assert ([one.alert.id for one in found.get("t", ())] == ["s"]) is inhibited_there(rule, source, target)
    assert ([one.alert.id for one in found.get("s", ())] == ["t"]) is inhibited_there(rule, target, source)


def test_older_forms_of_matchers_are_read():
    rule = {"name": "hosts", "source_match": {"alertname": "HostDown"}, "target_match_re": {"severity": "warning|info"}, "equal": ["instance", "alertname"]}  # fmt: skip
    (made,) = rules_of(rule).rules["inhibits"]
    assert made == {
        "id": "inhibit_rules[0]",
        "source": [{"key": "alert.name", "method": "eq", "value": ["HostDown"], "condition": "or"}],
        "target": [{"key": "tags.severity", "method": "reg", "value": ["^(?:warning|info)$"], "condition": "or"}],
        "equal": ["tags.instance", "alert.name"],
        "description": "hosts",
    }
