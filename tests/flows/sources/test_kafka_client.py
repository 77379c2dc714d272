"""How the job connects to Kafka: options and their secrets."""

import msgspec
import pytest

from flows.settings.sections import KafkaSettings
from flows.settings.settings import SettingsError, settings_from
from flows.sources.kafka_client import options, prepare, read_topics
from flows.sources.kafka_stats import SILENCE, PartitionStats, read_stats


def kafka(**tree) -> KafkaSettings:
    return settings_from({"kafka": {"brokers": "there:9092", **tree}}, "tocsin.yaml").kafka


def test_options_are_handed_to_the_client_as_they_are():
    found = options(kafka(options={"security.protocol": "SASL_SSL", "socket.timeout.ms": 5000}), {})
    assert (found["bootstrap.servers"], found["security.protocol"], found["socket.timeout.ms"]) == (
        "there:9092", "SASL_SSL", 5000,
    )  # fmt: skip


def test_secrets_come_from_the_environment_or_a_file(tmp_path):
    (tmp_path / "password").write_text("s3cret\n")
    given = {"sasl.username": {"env": "KAFKA_USER"}, "sasl.password": {"file": f"{tmp_path}/password"}}
    found = options(kafka(options=given), {"KAFKA_USER": "tocsin"})
    assert (found["sasl.username"], found["sasl.password"]) == ("tocsin", "s3cret")


@pytest.mark.parametrize(
    ("data", "secret"), [(b"s3cret", "s3cret"), (b"s3cret\r\n", "s3cret"), (b"\n", ""), (b" s 3 \n", " s 3 ")]
)
def test_the_end_of_the_line_is_no_part_of_a_secret_in_a_file(tmp_path, data, secret):
    (tmp_path / "password").write_bytes(data)
    found = options(kafka(options={"sasl.password": {"file": f"{tmp_path}/password"}}), {})
    assert found["sasl.password"] == secret


def test_a_secret_that_is_no_text_is_refused_by_its_place_and_nothing_of_it_is_said(tmp_path):
    (tmp_path / "password").write_bytes(b"geheim\xff")
    with pytest.raises(SettingsError) as refused:
        options(kafka(options={"sasl.password": {"file": f"{tmp_path}/password"}}), {})
    assert str(refused.value) == f"kafka.options.`sasl.password`: {tmp_path}/password: not UTF-8"
    assert refused.value.__suppress_context__


def test_the_name_of_the_client_may_be_another():
    assert options(kafka(options={"client.id": "mine"}), {})["client.id"] == "mine"
    assert options(kafka(), {})["client.id"] == "tocsin"


@pytest.mark.parametrize(
    "name", ["bootstrap.servers", "auto.offset.reset", "metadata.broker.list", "enable.auto.offset.store"]
)
def test_what_the_job_hangs_on_is_no_option(name):
    with pytest.raises(SettingsError, match="is set by Tocsin"):
        options(kafka(options={name: "x"}), {})


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"group.id": "mine"}, "kafka.options.`group.id`: is set by Tocsin"),
        ({"enable.auto.commit": True}, "kafka.options.`enable.auto.commit`: is set by Tocsin"),
        ({"sasl.password": {}}, "kafka.options.`sasl.password`: name either `env` or `file`"),
        ({"sasl.password": {"env": "A", "file": "b"}}, "kafka.options.`sasl.password`: name either `env` or `file`"),
        ({"sasl.password": {"env": "A"}}, "kafka.options.`sasl.password`: no variable A in the environment"),
        ({"sasl.password": {"file": "/none"}}, "kafka.options.`sasl.password`: /none: No such file or directory"),
        ({"no.such.option": 1}, 'kafka.options: No such configuration property: "no.such.option"'),
    ],
)
def test_options_that_cannot_be_are_refused_by_name(given, why):
    with pytest.raises(SettingsError) as refused:
        prepare(kafka(options=given), {})
    assert str(refused.value) == why


def test_brokers_are_needed():
    with pytest.raises(SettingsError, match=r"kafka.brokers: missing"):
        options(KafkaSettings(), {})


def test_each_topic_has_one_kind_of_records():
    assert read_topics(kafka(topics={"a": {"data_id": 7}, "b": {}}, checks="c", commands="d")) == {
        "a": "event", "b": "event", "c": "check", "d": "command",
    }  # fmt: skip
    with pytest.raises(SettingsError, match="topic a is named twice"):
        read_topics(kafka(topics={"a": {}}, checks="a"))


def test_an_unknown_decoder_is_refused():
    with pytest.raises(SettingsError, match="decoder"):
        kafka(topics={"a": {"decoder": "xml"}})


@pytest.mark.parametrize(
    ("job", "kinds"),
    [
        ("all", {"raw": "event", "checks": "check", "commands": "command"}),
        ("intake", {"raw": "event", "checks": "check", "commands": "command"}),
        ("alerts", {"keyed": "keyed", "commands": "command"}),
        ("notices", {"planned": "planned", "commands": "command"}),
    ],
)
def test_each_job_reads_its_own_topics_and_every_one_the_commands(job, kinds):
    named = {"topics": {"raw": {}}, "checks": "checks", "commands": "commands", "keyed": "keyed", "planned": "planned"}
    assert read_topics(kafka(job=job, **named)) == kinds


@pytest.mark.parametrize(("job", "role"), [("alerts", "keyed"), ("notices", "planned")])
def test_a_job_whose_topic_has_no_name_is_refused(job, role):
    with pytest.raises(SettingsError) as refused:
        read_topics(kafka(job=job, topics={"raw": {}}))
    assert str(refused.value) == f"kafka.{role}: missing; job `{job}` needs it"


@pytest.mark.parametrize(
    "named",
    [{"topics": {"a": {}}, "commands": "a"}, {"checks": "a", "commands": "a"}, {"job": "alerts", "keyed": "a", "commands": "a"}],
    ids=["events-and-commands", "checks-and-commands", "keyed-and-commands"],
)  # fmt: skip
def test_a_topic_of_two_kinds_is_refused(named):
    with pytest.raises(SettingsError, match="kafka: topic a is named twice"):
        read_topics(kafka(**named))


# --- what librdkafka says of itself


def stats(*, state="UP", rxidle=0, hi_offset=7):
    brokers = {"h:9092/1": {"nodeid": 1, "state": state, "rxidle": rxidle, "unknown": "field"}}
    topics = {"raw": {"partitions": {"0": {"leader": 1, "hi_offset": hi_offset}}}}
    return read_stats(msgspec.json.encode({"brokers": brokers, "topics": topics, "rxmsgs": 5}))


@pytest.mark.parametrize(
    ("state", "rxidle", "answers"),
    [
        ("UP", 0, True), ("UP", SILENCE - 1, True), ("UP", SILENCE, False), ("UP", -1, False), ("DOWN", 0, False),
        ("INIT", 0, False),
    ],
)  # fmt: skip
def test_a_broker_answers_that_is_up_and_was_heard_lately(state, rxidle, answers):
    assert stats(state=state, rxidle=rxidle).answering() == ({1} if answers else set())


@pytest.mark.parametrize(
    ("topic", "number", "known"),
    [("raw", 0, PartitionStats(1, 7)), ("raw", 1, PartitionStats(-1, -1)), ("other", 0, PartitionStats(-1, -1))],
)
def test_a_partition_that_nobody_speaks_of_is_unknown(topic, number, known):
    assert stats().of(topic, number) == known
