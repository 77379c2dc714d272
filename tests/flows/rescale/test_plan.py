"""What cannot be is refused before anything is touched."""

import msgspec
import pytest
from click.testing import CliRunner

from flows.cli import main
from flows.rescale.fleet import FleetError
from flows.rescale.lag import Reached
from flows.rescale.plan import Plan, check
from flows.settings.sections import KafkaSettings, TopicSettings
from flows.settings.settings import SettingsError

KAFKA = KafkaSettings(brokers="kafka:9092", topics={"raw": TopicSettings()}, checks="checks")


def plan(target, *, raw=16, checks=16, lag=7, most=100, kafka=KAFKA):
    return check(
        Plan("all", "fleet", 2, target), kafka, lambda: Reached({"raw": (raw, lag), "checks": (checks, 0)}), most
    )


def test_a_plan_tells_what_kafka_says():
    told = plan(16)
    assert (told.topics, told.lag) == ({"raw": 16, "checks": 16}, 7)
    assert "from 2 workers to 16" in told.sentence


@pytest.mark.parametrize(
    ("words", "error", "why"),
    [
        ({"target": 3}, SettingsError, "--to 3: the number of workers is a power of two"),
        ({"target": 32}, SettingsError, "checks, raw has fewer partitions"),
        ({"target": 4, "checks": 8}, SettingsError, "4 workers need topics of equally many partitions"),
        ({"target": 4, "lag": 101}, FleetError, "101 records wait, more than --max-lag 100"),
        ({"target": 4, "kafka": KafkaSettings()}, SettingsError, "a job that reads files has one worker"),
    ],
)
def test_what_cannot_be_is_refused_with_the_reason(words, error, why):
    with pytest.raises(error, match=why):
        plan(**words)


@pytest.mark.parametrize(
    "words",
    [{"target": 16}, {"target": 1, "raw": 2, "checks": 2}, {"target": 4, "lag": 100}, {"target": 4, "raw": 4, "checks": 4}],
    ids=["as-many-as-partitions", "one", "as-many-records-as-may-wait", "few-partitions"],
)  # fmt: skip
def test_what_just_can_be_is_planned(words):
    assert plan(**words).target == words["target"]


@pytest.mark.parametrize(("target", "kafka"), [(3, KAFKA), (6, KAFKA), (4, KafkaSettings())])
def test_kafka_is_not_asked_about_what_cannot_be(target, kafka):
    def found():
        raise AssertionError

    with pytest.raises(SettingsError):
        check(Plan("all", "fleet", 2, target), kafka, found, 100)


def test_the_topics_that_are_too_small_are_named_and_no_others():
    intake = msgspec.structs.replace(
        KAFKA, job="intake", topics={"b": TopicSettings(), "a": TopicSettings()}, checks=""
    )
    found = Reached({"b": (4, 0), "c": (8, 0), "a": (2, 0)})
    with pytest.raises(SettingsError, match="--to 8: a, b has fewer partitions, some workers would have no work"):
        check(Plan("intake", "fleet", 2, 8), intake, lambda: found, 100)


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (Plan("all", "processes", 4, 4), "processes: the job has 4 workers already"),
        (
            Plan("all", "processes", 2, 4, is_under_way=True),
            "processes: going on with a rescale from 2 workers, to 4",
        ),
        (
            Plan("all", "processes", 2, 4, {"raw": 16, "checks": 8}, 12345),
            "processes: from 2 workers to 4; checks has 8 partitions, raw has 16 partitions; 12,345 records wait",
        ),
    ],
    ids=["nothing", "under-way", "planned"],
)
def test_a_plan_is_one_sentence(made, sentence):
    assert made.sentence == sentence


def test_a_plan_for_programs_has_the_keys_of_the_page():
    assert Plan("all", "processes", 2, 4, {"raw": 16}, 7).told("planned") == {
        "outcome": "planned", "job": "all", "fleet": "processes", "from": 2, "to": 4, "topics": {"raw": 16}, "lag": 7,
    }  # fmt: skip


def test_nothing_is_asked_where_the_number_is_that_already():
    assert Plan("all", "fleet", 4, 4).is_nothing
    assert not Plan("all", "fleet", 4, 4, is_under_way=True).is_nothing


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("{}", "backup.place: missing"),
        ("backup: {place: p}", "backup.restore: false"),
        ("backup: {place: p, restore: true}", "no `tocsin run --workers N` keeps the job"),
    ],
)
def test_a_job_that_cannot_be_rescaled_is_told_what_it_lacks(tmp_path, monkeypatch, settings, why):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tocsin.yaml").write_text(settings)
    said = CliRunner().invoke(main, ["rescale", "--to", "4", "--settings", "tocsin.yaml"])
    assert said.exit_code == 1
    assert why in said.output
