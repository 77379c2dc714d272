"""Who and what a notice is about where lists reach their edges, and what there is to do next."""

import pytest

from operators.model.event import Tag
from sinks.render.link import harmless_link
from sinks.render.spoken import LONGEST_NAME
from sinks.render.steps import runbook
from tests.sinks.render.given import alert, event, say


def targets(count, name="CPU usage"):
    return [
        alert(n, event=event(n, alert_name=name, target=f"10.0.1.{n}|0", ip=f"10.0.1.{n}")) for n in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("count", "named"),
    [
        (1, "CPU usage on 10.0.1.1"),
        (2, "CPU usage on 2 hosts: 10.0.1.1, 10.0.1.2"),
        (3, "CPU usage on 3 hosts: 10.0.1.1, 10.0.1.2, 10.0.1.3"),
        (4, "CPU usage on 4 hosts: 10.0.1.1, 10.0.1.2, 10.0.1.3, ..."),
    ],
)
def test_a_title_names_three_targets(count, named):
    assert f"{named} (shop)" in say(alerts=targets(count), way="mail").title


@pytest.mark.parametrize(
    ("names", "named"),
    [
        (["A", "B"], "2 alerts: A, B"),
        (["A", "B", "A"], "3 alerts: A, B"),
        (["A", "B", "C"], "3 alerts: A, B, C"),
        (["A", "B", "C", "D"], "4 alerts: A, B, C, ..."),
    ],
)
def test_a_title_names_three_alerts_each_once(names, named):
    alerts = [alert(n, strategy_id=str(n), event=event(n, alert_name=name)) for n, name in enumerate(names, 1)]
    assert f"{named} (shop)" in say(alerts=alerts, way="mail").title


@pytest.mark.parametrize(
    ("tags", "extra", "found"),
    [
        ((), {}, ""),
        ((), {"annotations": {"runbook": "https://h/a"}}, "https://h/a"),
        ((), {"annotations": {"runbook": "https://h/a", "runbook_url": "https://h/b"}}, "https://h/b"),
        ((Tag("runbook_url", "https://h/tag"),), {"annotations": {"runbook_url": "https://h/b"}}, "https://h/tag"),
        ((Tag("runbook", "page 7"),), {}, "page 7"),
        ((), {"annotations": "none"}, ""),
        ((), {"annotations": {"runbook_url": ""}}, ""),
    ],
    ids=["none", "annotation", "the-address-first", "a-tag-before-an-annotation", "no-address", "no-mapping", "empty"],
)
def test_a_runbook_is_named_by_tag_or_annotation(tags, extra, found):
    assert runbook(alert(event=event(tags=tags, extra_info=extra))) == found


@pytest.mark.parametrize(
    ("text", "link"),
    [
        ("https://h/x y", "https://h/x%20y"),
        ("  https://h/x  ", "https://h/x"),
        ("https://h/" + "x" * 1990, "https://h/" + "x" * 1990),
        ("https://h/" + "x" * 1991, ""),
        ("javascript:alert(1)", ""),
        ("//h/x", ""),
        ("https:///x", ""),
        ("HTTPS://h", "HTTPS://h"),
        ('https://h/"><script>', "https://h/%22%3E%3Cscript%3E"),
        ("https://h/(a)[b]'", "https://h/%28a%29%5Bb%5D%27"),
        ("https://h/\nx", "https://h/%0Ax"),
        ("https://h/%20?a=b&c=d#e", "https://h/%20?a=b&c=d#e"),
    ],
)
def test_a_link_is_an_address_that_nothing_can_end(text, link):
    assert harmless_link(text) == link


@pytest.mark.parametrize(("length", "cut"), [(LONGEST_NAME, False), (LONGEST_NAME + 1, True)])
def test_a_call_reads_only_so_much_of_a_name(length, cut):
    said = say(way="voice", alerts=[alert(event=event(alert_name="n" * length))]).content
    assert ("n" * LONGEST_NAME in said) is not cut
    assert ("n" * (LONGEST_NAME - 3) + "..." in said) is cut
