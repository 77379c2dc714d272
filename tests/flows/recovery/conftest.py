"""A stopped job for every test of this folder."""

from tests.flows.recovery.test_savepoint import stopped, stopped_once  # noqa: F401 - fixtures
