"""Watching a process as its settings say."""

import io
import logging
import sys
import threading
import urllib.request

import pytest
import structlog

from flows.settings.sections import MetricsSettings
from flows.settings.settings import Settings, SettingsError, settings_from
from flows.telemetry.observability import open_observability
from operators.intake.poll import Raw
from tests.servers.process import free_port


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch):
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    known = root.handlers[:], root.level
    yield
    logging.captureWarnings(capture=False)
    (root.handlers, root.level), (sys.excepthook, threading.excepthook) = known, hooks
    structlog.reset_defaults()


def settings_with(**fields) -> Settings:
    return settings_from(fields, "settings")


def test_without_a_port_nothing_listens():
    watched = open_observability(Settings())
    assert watched.server is None
    watched.start()
    watched.close()


def test_with_a_port_it_answers():
    watched = open_observability(settings_with(metrics={"port": free_port()}))
    watched.start()
    with urllib.request.urlopen(f"http://127.0.0.1:{watched.server.port}/healthz", timeout=60) as answer:
        assert answer.status == 200
    watched.close()


def test_a_port_that_is_taken_is_a_mistake_in_the_settings():
    settings = settings_with(metrics={"port": free_port()})
    watched = open_observability(settings)
    with pytest.raises(SettingsError, match=r"metrics.port: cannot listen on 127.0.0.1:\d+: Address already in use"):
        open_observability(settings)
    watched.close()


def test_it_listens_on_the_loopback_unless_told_otherwise():
    assert MetricsSettings().host == "127.0.0.1"


@pytest.mark.parametrize(("programs", "limit"), [(("job", "courier"), 100.0), (("job",), 100.0), (("courier",), float("inf"))])  # fmt: skip
def test_only_a_job_can_hang(programs, limit: float):
    assert open_observability(settings_with(recovery={"interval": 20}), programs).heart.limit == limit


def test_topics_have_the_data_ids_of_the_settings_and_strategies_their_names():
    settings = settings_with(kafka={"topics": {"raw": {"data_id": 1500}}}, metrics={"strategies": [7]})
    watched = open_observability(settings)
    watched.telemetry.polled([Raw(1, "raw", "0:0", b"")])
    watched.telemetry.polled([])
    assert b'alert_process_latency_count{bk_data_id="1500",topic="raw"} 1.0' in watched.meter.text()
    assert watched.meter.strategy("7") == "7"


def test_secrets_of_the_settings_are_hidden_in_logs(monkeypatch: pytest.MonkeyPatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    options = {"sasl.password": {"env": "PW"}}
    open_observability(settings_with(kafka={"options": options}), environment={"PW": "hunter22"})
    structlog.get_logger().info("hunter22")
    assert "***" in stream.getvalue()
    assert "hunter22" not in stream.getvalue()
