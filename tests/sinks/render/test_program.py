"""What webhooks and queues are sent."""

import json

import pytest
from msgspec.structs import replace

from operators.model.alert import Extra
from operators.rules.shapes.model import ActionConfig, ActionRelation
from tests.sinks.render.given import BOOK, NOW, alert, event, message, renderer, strategy


def post(config, alerts=None, way="webhook", **changes):
    about = alerts or [alert()]
    return renderer().render(message(way, about, receivers=(), config=config, **changes), about, strategy(), BOOK, NOW)


def test_a_webhook_without_a_body_posts_the_notice_and_all_its_alerts():
    made = json.loads(post({"url": "http://x"}, [alert(1), alert(2)]).content)
    assert made["signal"] == "abnormal"
    assert [one["id"] for one in made["alerts"]] == ["1700000000000000000001", "1700000000000000000002"]
    first = made["alerts"][0]
    assert first["current_value"] == 3
    assert first["description"] == "Lasting 2m 10s: idle is 3%"
    assert first["strategy"]["name"] == "CPU usage"
    assert "extra_info" not in first
    assert "extra_info" not in first["event"]


NASTY = 'quote " back \\ line\nend {{ 7 * 191 }} \u2028 日'


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"text": "{{ alarm.name }}"}', {"text": NASTY}),
        ('{"a": ["x {{ alarm.name }}", 1, null, true]}', {"a": [f"x {NASTY}", 1, None, True]}),
        ('{"{{ signal }}": {"level": "{{ alarm.level }}"}}', {"abnormal": {"level": "1"}}),
        ("[]", []),
        ('{"level": {{ alarm.level }}, "name": "{{ alarm.name }}"}', {"level": 1, "name": NASTY}),
        ('{"name": {{ alarm.name }}}', {"name": NASTY}),
        ('{"name": {{ alarm.name|tojson }}, "n": [{{ alarm.level + 1 }}]}', {"name": NASTY, "n": [2]}),
        ('{"open": {{ alarm.is_abnormal }}, "gone": {{ nothing }}}', {"open": True, "gone": None}),
        ('{"who": {{ re.sub("A", "}", "xAx") }}}', {"who": "x}x"}),
        ('{"dim": {{ json.dumps({"a": 1}) }}}', {"dim": {"a": 1}}),
        ('{"nan": {{ "NaN" }}, "escaped": "\\"{{ alarm.level }}"}', {"nan": "NaN", "escaped": '"1'}),
    ],
)
def test_a_body_that_is_json_is_rendered_value_by_value(body, expected):
    made = post({"body": body}, [alert(event=event(alert_name=NASTY))])
    assert made.error is None
    assert json.loads(made.content) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("level={{ alarm.level }}&name={{ alarm.name|urlencode }}", "level=1&name=CPU%20usage"),
        ("{{ alarm.name|tojson }}", '"CPU usage"'),
        ("42", "42"),
        ("#row#stays", "#row#stays"),
    ],
)
def test_any_other_body_is_rendered_as_text(body, expected):
    assert post({"body": body}).content == expected


def test_address_and_headers_are_rendered_and_stay_on_one_line():
    config = {
        "url": "http://x/{{ alarm.level }}",
        "headers": {"X-Name": "{{ alarm.name }}", "X-Plain": "p"},
        "timeout": 3,
    }
    made = post(config, [alert(event=event(alert_name="a\r\nX-Evil: 1\n"))])
    assert made.config == {"url": "http://x/1", "headers": {"X-Name": "a X-Evil: 1", "X-Plain": "p"}, "timeout": 3}
    assert config["url"] == "http://x/{{ alarm.level }}"


def test_what_fails_to_render_is_told_and_replaced():
    made = post({"url": "http://x/{{ 1 / 0 }}", "body": "{{ 1 / 0 }}"})
    assert made.error == "url: ZeroDivisionError: division by zero; body: ZeroDivisionError: division by zero"
    assert made.config is not None
    assert made.config["url"] == "http://x/{{ 1 / 0 }}"
    assert json.loads(made.content)["signal"] == "abnormal"


def test_all_texts_of_a_body_share_one_budget():
    body = json.dumps(["{% for x in range(3000) %}{% endfor %}"] * 200)
    assert post({"body": body}).error == "body: the template does too much work"


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        (r'{"msg": "\ud800"}', "\ufffd"),
        (r'{"msg": "a\udfffb"}', "a\ufffdb"),
        (r'{"msg": "\ud83d\ude00"}', "😀"),
    ],
)
def test_half_of_a_surrogate_pair_never_reaches_a_body(description, expected):
    made = post(
        {"body": '{"why": "{{ json.loads(event.description).msg }}"}'}, [alert(event=event(description=description))]
    )
    assert made.error is None
    assert json.loads(made.content.encode()) == {"why": expected}


@pytest.mark.parametrize("number", ["1e999", "-1e400", "NaN", "Infinity", "9223372036854775808"])
def test_a_body_with_a_number_that_json_cannot_hold_is_the_notice_itself(number):
    made = post({"body": '{"value": ' + number + ', "name": "{{ alarm.name }}"}'})
    assert made.error is not None
    assert json.loads(made.content, parse_constant=pytest.fail)["signal"] == "abnormal"


@pytest.mark.parametrize("number", ["1e999", "NaN", "-Infinity", "9" * 40])
def test_what_an_event_says_in_place_of_a_number_stays_a_text(number):
    made = post({"body": '{"value": {{ event.description }}}'}, [alert(event=event(description=number))])
    assert json.loads(made.content, parse_constant=pytest.fail) == {"value": number}


def test_a_push_is_one_line_of_json_for_every_alert():
    made = post(
        {"dsn": ["redis://h/0/k"]}, [alert(1), alert(2, status="RECOVERED")], way="message_queue", signal="recovered"
    )
    lines = [json.loads(line) for line in made.content.split("\n")]
    assert [(one["id"][-1], one["status"], one["signal"]) for one in lines] == [
        ("1", "ABNORMAL", "recovered"),
        ("2", "RECOVERED", "recovered"),
    ]


def test_no_document_holds_the_addresses_of_other_actions():
    secret = ActionConfig(dsn=("redis://:hunter2@h/0/k",), url="http://h/?key=hunter2")
    rules = replace(strategy(), actions=(ActionRelation(id="11", plugin_type="message_queue", config=secret),))
    about = [alert(extra_info=Extra(strategy={"id": "1"}))]
    for config in (
        {"url": "http://x"},
        {"dsn": ["redis://h/0/k"]},
        {"body": "{{ strategy }}{{ alarm.alert_info }}{{ alarm.callback_message }}{{ action }}"},
    ):
        made = renderer().render(message("webhook", about, config=config), about, rules, BOOK, NOW)
        assert "hunter2" not in made.content
