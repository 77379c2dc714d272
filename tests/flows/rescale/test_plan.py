"""What cannot be is refused before anything is touched."""

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
