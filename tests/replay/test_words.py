"""The words of notices: templates, links, lengths, languages (spec/notices.md 4.1, 5; design.md 7.29; rules.md)."""

import pytest

from tests.replay.driver import RULES, T0, put, replay, strategy_event


def book(*templates, ways=("sms",), **kinds):
    config = {"template": list(templates)}
    return {
        "strategies": [{"id": 1, "name": "CPU usage", "notice": {"user_groups": ["ops"], "config": config}}],
        "user_groups": [{"id": "ops", "name": "Ops", "users": ["alice"], "ways": list(ways)}],
        **kinds,
    }


def first(rules, *lines, **kwargs):
    return replay(rules, lines or [strategy_event(0)], **kwargs).notices[0]


def test_the_built_in_text_names_the_alert():
    notice = first(RULES)
    assert "CPU usage" in notice["title"]
    assert "10.0.0.1" in notice["content"]


def test_title_and_message_may_be_the_users():
    notice = first(
        book(
            {"signal": "abnormal", "title_tmpl": "T {{ alarm.name }}", "message_tmpl": "M {{ alert.severity }}"},
            ways=["rtx"],
        )
    )
    assert "T CPU usage" in notice["title"]
    assert "M 2" in notice["content"]


def test_a_template_is_for_its_signal_alone():
    rules = book({"signal": "recovered", "title_tmpl": "well again"})
    out = replay(rules, [strategy_event(0), strategy_event(60, "RECOVERED")])
    assert ["well again" in one["title"] for one in out.notices] == [False, True]


def test_no_data_uses_the_template_of_abnormal():
    tags = [{"key": "__NO_DATA_DIMENSION__", "value": True}]
    notice = first(book({"signal": "abnormal", "title_tmpl": "mine"}), strategy_event(0, tags=tags))
    assert (notice["signal"], "mine" in notice["title"]) == ("no_data", True)


@pytest.mark.parametrize(
    "broken", ["{{ 1 / 0 }}", "{{ 2 ** (10 ** 9) }}", "{% for i in range(10 ** 9) %}x{% endfor %}"]
)
def test_a_template_that_fails_gives_way_to_the_built_in_text_and_the_log_says_so(broken):
    out = replay(book({"signal": "abnormal", "message_tmpl": broken}), [strategy_event(0)])
    assert "10.0.0.1" in out.notices[0]["content"]
    (entry,) = [entry for entry in out.logs if entry["reason"] == "render_failed"]
    assert (entry["op_type"], entry["alert_id"], entry["time"]) == ("ACTION", out.alert["id"], T0)
    assert "message_tmpl" in entry["description"]


def test_a_template_that_fails_in_a_summary_is_told_in_the_log_too():
    rules = book({"signal": "abnormal", "message_tmpl": "{{ 1 / 0 }}"})
    out = replay(rules, [strategy_event(0), strategy_event(30, target="10.0.0.2")], until=60)
    failed = [(entry["time"] - T0, entry["alert_id"]) for entry in out.logs if entry["reason"] == "render_failed"]
    assert failed == [(0, out.notices[0]["alert_ids"][0]), (60, out.notices[1]["alert_ids"][0])]


def test_a_template_with_a_syntax_error_is_refused_with_the_rules():
    wrong = book({"signal": "abnormal", "title_tmpl": "{{ alert.id"})["strategies"]
    out = replay(book(), [put(0, strategies=wrong), strategy_event(1)])
    assert out.refused() == [("1", "invalid_rules")]
    assert len(out.notices) == 1


@pytest.mark.parametrize(("way", "limit"), [("sms", 60), ("mail", 2000), ("weixin", 50), ("wxwork-bot", 64)])
def test_a_text_is_cut_at_the_limit_of_its_way(way, limit):
    long = book({"signal": "abnormal", "message_tmpl": "ab " * 5000}, ways=[way])
    if way == "wxwork-bot":
        ways = [{"name": way, "receivers": ["c1"]}]
        long["user_groups"][0] = {
            "id": "ops",
            "name": "Ops",
            "alert_notice": [{"notify_config": [{"level": 2, "notice_ways": ways}]}],
        }
    free = first(long, settings={"notice": {"max_length": {way: 0}}})["content"]
    assert len(free) > 10000
    content = first(long, settings={"notice": {"max_length": {way: limit}}})["content"]
    assert len(content.encode()) <= limit
    assert "..." in content


@pytest.mark.parametrize(("way", "limit"), [("rtx", 4000), ("weixin", 2048), ("sms", 140), ("mail", 100_000)])
def test_ways_have_limits_of_their_own_by_default(way, limit):
    content = first(book({"signal": "abnormal", "message_tmpl": "ab " * 40_000}, ways=[way]))["content"]
    assert limit - 50 < len(content) <= limit


def test_the_link_is_a_setting():
    rules = book({"signal": "abnormal", "message_tmpl": "see {{ alarm.detail_url }}"}, ways=["rtx"])
    out = replay(rules, [strategy_event(0)], settings={"links": {"alert": "https://alerts.example.org/{{ alert.id }}"}})
    assert f"https://alerts.example.org/{out.alert['id']}" in out.notices[0]["content"]


def test_the_name_of_the_product_is_a_setting():
    assert "Tocsin" in first(book())["content"] + first(book())["title"]
    named = first(book(), settings={"product": {"name": "Sirene"}})
    assert "Sirene" in named["content"] + named["title"]


def test_the_language_is_a_setting_and_of_the_business():
    english = first(book())
    chinese = first(book(), settings={"language": "zh"})
    by_business = first(book(businesses=[{"id": 0, "name": "zero", "language": "zh"}]))
    assert english["content"].isascii()
    assert not chinese["content"].isascii()
    assert not by_business["content"].isascii()


@pytest.mark.parametrize(("language", "said"), [("en", "Target IP=10.0.0.1"), ("zh", "目标IP=10.0.0.1")])
def test_dimensions_are_headed_in_the_language_of_the_notice(language, said):
    rules = book({"signal": "abnormal", "message_tmpl": "{{ content.dimension }}"}, ways=["rtx"])
    assert said in first(rules, settings={"language": language})["content"]


def test_times_are_of_the_zone_of_the_business():
    rules = {"ways": ["rtx"]}
    assert "2023-11-14 22:13:20" in first(book(**rules))["content"]
    shanghai = [{"id": 0, "name": "zero", "time_zone": "Asia/Shanghai"}]
    assert "2023-11-15 06:13:20" in first(book(**rules, businesses=shanghai))["content"]
    assert "2023-11-15 06:13:20" in first(book(**rules), settings={"time_zone": "Asia/Shanghai"})["content"]


def test_an_unshield_notice_reads_like_any_other():
    shield = {"id": 1, "begin_time": T0, "end_time": T0 + 10, "dimension_config": {"strategy_id": [1]}}
    out = replay(book(shields=[shield]), [strategy_event(0)], until=20)
    assert "CPU usage" in out.notices[0]["title"] + out.notices[0]["content"]


def test_a_business_summary_counts_its_alerts():
    rules = book()
    rules["strategies"] = [{**rules["strategies"][0], "id": number} for number in range(1, 6)]
    lines = [strategy_event(number, strategy_id=number, event_id=f"s{number}") for number in range(1, 6)]
    summary = replay(rules, lines, until=200).notices[-1]
    assert (summary["collect_type"], len(summary["alert_ids"])) == ("converge", 3)
    assert "3" in summary["content"]
