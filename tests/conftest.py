"""Fixtures for all tests."""

from hypothesis import settings

pytest_plugins = ["tests.servers.plugin", "tests.servers.fixtures"]

settings.register_profile("tocsin", deadline=None)  # machines are shared: a slow example is no failure
settings.load_profile("tocsin")
