"""Fixtures for all tests."""

import logging
import sys
import threading
import warnings

import pytest
import structlog
from hypothesis import settings

pytest_plugins = ["tests.servers.plugin", "tests.servers.fixtures"]

settings.register_profile("tocsin", deadline=None)  # machines are shared: a slow example is no failure
settings.load_profile("tocsin")


@pytest.fixture(autouse=True)
def logs_end_with_the_test():
    """Undo what a command has set up: logs belong to a process, and a test's command is only a guest in this one."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    handlers, level = root.handlers[:], root.level
    with warnings.catch_warnings():
        yield
    structlog.reset_defaults()
    logging.captureWarnings(capture=False)
    root.handlers[:], (sys.excepthook, threading.excepthook) = handlers, hooks
    root.setLevel(level)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Begin with what is slow: it waits more than it works, and the rest runs beside it."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
