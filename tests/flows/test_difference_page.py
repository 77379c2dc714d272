"""The page of a difference: complete, safe under its own strict policy, and the same figures as the document."""

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.replay.charts import HEIGHT, MOST_STEPS, WIDTH, by_hour_of_day, steps
from flows.replay.page import page_of, policy
from operators.compare.result import Hour
from tests.flows.test_difference import MORNING, difference, dispatching, quiet
from tests.replay.driver import RULES, T0, event, strategy_event

HOSTILE = """<script>alert(1)</script>"'><img src=x onerror=alert(2)>{{ 7*7 }}\u202e"""
UTC = ZoneInfo("UTC")


class Page(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    def named(self, name):
        return [attrs for tag, attrs in self.tags if tag == name]


@pytest.fixture(scope="module")
def hostile():
    rules = dispatching("web", severity=1, users=[HOSTILE])
    lines = [*MORNING, event(50, alert_name=HOSTILE, target=HOSTILE, description=HOSTILE)]
    return Page(page_of(difference(RULES, rules, lines)))


def test_what_comes_from_outside_stays_text(hostile):
    assert HOSTILE in "".join(hostile.text)
    assert {tag for tag, _ in hostile.tags} <= {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "h3", "h4", "p", "b", "i", "br", "span", "div", "section",
        "svg", "path", "rect", "g", "line", "table", "thead", "tbody", "tr", "th", "td", "a", "ol", "li", "time", "details", "summary",
        "footer", "code",
    }  # fmt: skip


def test_nothing_is_run_and_nothing_is_fetched(hostile):
    for _, attrs in hostile.tags:
        assert not [name for name in attrs if name.startswith("on") or name in ("style", "src", "action")]
    assert all(attrs["href"].startswith("#story-") for attrs in hostile.named("a"))


def test_its_policy_allows_its_own_style_sheet_and_nothing_else():
    text = page_of(difference(RULES, quiet(), MORNING))
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    (said,) = [
        attrs["content"] for attrs in Page(text).named("meta") if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    assert said == policy() == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_every_cause_leads_to_its_stories(hostile):
    places = {attrs["id"] for _, attrs in hostile.tags if "id" in attrs}
    links = [attrs["href"].removeprefix("#") for attrs in hostile.named("a")]
    assert links
    assert set(links) <= places


def test_what_only_one_story_has_is_marked():
    page = Page(page_of(difference(RULES, quiet(), MORNING)))
    marked = [attrs for attrs in page.named("li") if "differs" in attrs["class"]]
    assert 0 < len(marked) < len(page.named("li"))


def test_two_equal_outputs_make_a_page_that_says_so():
    assert "Nothing differs" in page_of(difference(RULES, RULES, MORNING))


def test_outputs_without_anything_make_a_page_too():
    assert "Nothing differs" in page_of(difference(RULES, RULES, []))


def test_times_and_hours_are_those_of_the_zone():
    text = page_of(difference(RULES, quiet(), MORNING), ZoneInfo("Asia/Shanghai"))
    assert "2023-11-15 06:13:20" in text
    assert "Asia/Shanghai" in text


def test_a_difference_is_one_page_whatever_its_length():
    lines = [strategy_event(second, target=f"10.0.{second // 250}.{second % 250}") for second in range(600)]
    assert len(page_of(difference(RULES, quiet(), lines))) < 200_000


# --- charts

hours = st.dictionaries(
    st.integers(0, 20_000), st.tuples(st.integers(0, 500), st.integers(0, 500)), min_size=1, max_size=60
).map(lambda found: [Hour((T0 // 3600 + hour) * 3600, *both) for hour, both in sorted(found.items())])


@given(hours)
def test_steps_hold_every_message_and_stay_within_the_drawing(found):
    chart = steps(found)
    assert (sum(one.old for one in chart.buckets), sum(one.new for one in chart.buckets)) == (
        sum(one.old for one in found),
        sum(one.new for one in found),
    )
    assert len(chart.buckets) <= MOST_STEPS + 2
    points = re.findall(r"(-?[\d.]+),(-?[\d.]+)", chart.old + chart.new)
    assert all(0 <= float(x) <= WIDTH + 0.01 and 0 <= float(y) <= HEIGHT for x, y in points)


@given(hours, st.sampled_from([UTC, ZoneInfo("Asia/Kolkata"), ZoneInfo("America/New_York")]))
def test_hours_of_the_day_hold_every_message(found, zone):
    bars = by_hour_of_day(found, zone)
    assert len(bars) == 24
    assert sum(bar.new for bar in bars) == sum(one.new for one in found)
    assert all(0 <= bar.height_old <= HEIGHT for bar in bars)


def test_no_hours_no_steps():
    assert steps([]) is None
