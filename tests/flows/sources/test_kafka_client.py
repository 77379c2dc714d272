"""How the job connects to Kafka: options and their secrets."""

import pytest

from flows.settings.sections import KafkaSettings
from flows.settings.settings import SettingsError, settings_from
from flows.sources.kafka_client import options, prepare, read_topics


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
