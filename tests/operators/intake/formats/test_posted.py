"""What Prometheus posts again and again becomes what it became by the plain way."""

import json

from hypothesis import given
from hypothesis import strategies as st

from operators.intake.formats import alertmanager, posted

NOW = 1_700_000_000
BACKSLASH = chr(92)
TEXTS_OF_TIMES = (
    '"2023-11-14T22:13:20Z"', '"2023-11-14T22:13:20.999Z"', '"2023-11-14T23:13:21+01:00"', '"2023-11-14T22:18:19.5Z"',
    '"0001-01-01T00:00:00Z"', "null", '"9999-12-31T23:59:59Z"', '"1969-12-31T23:59:59Z"', '"1970-01-01T00:00:00+14:00"',
    '"2023-11-14"', "5", '""',
)  # fmt: skip


def escaped(text):
    """Return a text of JSON in one of the ways in which it can be written."""
    spelled = "".join(f"{BACKSLASH}u{ord(one):04x}" for one in text)
    return st.sampled_from([json.dumps(text), json.dumps(text, ensure_ascii=False), f'"{spelled}"'])


def mapping(pairs):
    return "{" + ", ".join(f"{name}: {value}" for name, value in pairs) + "}"


def mappings(names, size=4):
    return st.lists(st.tuples(names.flatmap(escaped), TEXTS), max_size=size).map(mapping)


TEXTS = st.one_of(
    st.sampled_from(["A", "10.0.0.1:9100", "page", 'say "no"', "\u2028<&>", ',"time":1', "labels", ""]),
    st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["C"]), max_size=5),
).flatmap(escaped)
LABELS = mappings(st.sampled_from(["alertname", "instance", "severity", "job", "host"])).map(
    lambda text: text.replace("{", '{"alertname": "B", ', 1) if len(text) > 2 else '{"alertname": "A"}'
)
ODD_LABELS = mappings(st.sampled_from(["alertname", "", "9", "labels"]))
ANNOTATIONS = mappings(st.sampled_from(["summary", "message", "description", "labels", "any"]), 2)
WRONG = st.sampled_from(["5", "null", '"a"', "{", '{"a":5}', '{"a":"\ud800"}', '{"a":"\\ud800"}', "[[[]]]", '"\x01"'])
TIMES = st.sampled_from(TEXTS_OF_TIMES)
FIELDS = {
    "labels": LABELS | ODD_LABELS, "annotations": ANNOTATIONS, "startsAt": TIMES, "endsAt": TIMES,
    "generatorURL": TEXTS, "status": TEXTS, "fingerprint": TEXTS, "more": TEXTS,
}  # fmt: skip
ODD = st.sampled_from(sorted(FIELDS)).flatmap(
    lambda name: st.tuples(escaped(name), FIELDS[name] | WRONG | WRONG | st.just("5"))
)
USUAL = st.fixed_dictionaries(
    {"labels": LABELS, "startsAt": st.sampled_from(TEXTS_OF_TIMES[:3])},
    optional={"annotations": ANNOTATIONS, "endsAt": st.sampled_from(TEXTS_OF_TIMES[1:6]), "generatorURL": TEXTS},
).map(lambda fields: [(f'"{name}"', value) for name, value in fields.items()])
TWISTED = st.builds(lambda odd, usual, at: [*usual[:at], odd, *usual[at:]], ODD, USUAL, st.integers(0, 4))
ALERTS = st.lists(st.one_of(USUAL, USUAL, USUAL, USUAL, TWISTED).map(mapping), max_size=4)
BODIES = ALERTS.map(lambda alerts: f"[{','.join(alerts)}]")


@given(st.lists(BODIES, min_size=1, max_size=3), st.sampled_from([NOW, NOW + 1, NOW + 300]))
def test_lines_are_those_of_the_plain_way_whatever_came_before(bodies, at):
    for text in [*bodies, *bodies]:
        body = text.encode("utf-8", "surrogatepass")
        assert posted.read(body, at) == alertmanager.read_posted(body, at)


def body(labels, **fields):
    return json.dumps([{"labels": labels, "startsAt": "2023-11-14T22:13:00Z", **fields}]).encode()


def test_an_alert_that_comes_again_with_other_words_says_them():
    labels = {"alertname": "Disk"}
    for words in ("90 %", "91 %", "90 %"):
        (event,) = posted.read(body(labels, annotations={"summary": words}), NOW).events
        assert json.loads(event)["description"] == words


def test_an_alert_that_comes_again_is_resolved_once_it_says_so():
    labels = {"alertname": "Memory"}
    states = [
        json.loads(posted.read(body(labels, endsAt=end), NOW).events[0])["status"]
        for end in ("2023-11-14T22:20:00Z", "2023-11-14T22:13:20Z", "2023-11-14T22:20:00Z")
    ]
    assert states == ["firing", "resolved", "firing"]
