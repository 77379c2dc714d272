"""Fixtures for all tests."""

from tests.servers.fixtures import redis_dsn, redis_server

__all__ = ["redis_dsn", "redis_server"]
