"""Where rules stand in SQL: `sqlite:///path` or `mysql://user@host:port/database`; passwords are only named."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from flows.rules.source import SourceUnavailableError

SCHEMES = ("sqlite", "mysql", "mariadb")
_OPTIONS = ("password_env", "password_file", "tls_ca")


class SqlPlace(msgspec.Struct, frozen=True, kw_only=True):
    """An address taken apart. `path` is that of a SQLite file; the rest is of a MariaDB or MySQL server."""

    path: str = ""
    host: str = ""
    port: int = 3306
    user: str = ""
    database: str = ""
    password_env: str = ""
    password_file: str = ""
    tls_ca: str = ""
    """PEM file of the authority that must have signed the server's certificate; empty = no TLS."""

    @property
    def name(self) -> str:
        """The address without options."""
        return f"sqlite:///{self.path}" if self.path else f"mysql://{self.user}@{self.host}:{self.port}/{self.database}"

    def password(self, environment: Mapping[str, str]) -> str:
        """Return the password, read anew so that it can change. Raises SourceUnavailableError."""
        if self.password_env:
            if self.password_env not in environment:
                raise SourceUnavailableError(f"{self.name}: environment variable {self.password_env} is not set")
            return environment[self.password_env]
        if not self.password_file:
            return ""
        try:
            return Path(self.password_file).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SourceUnavailableError(f"{self.name}: password file: {error}") from error


def is_sql(where: str) -> bool:
    """Tell a SQL address from a path."""
    return where.partition("://")[0] in SCHEMES


def sql_place(dsn: str) -> SqlPlace:
    """Take an address apart. ValueError says what is wrong with it, without secrets."""
    parts = urlsplit(dsn)
    if parts.scheme not in SCHEMES:
        raise ValueError(f"{parts.scheme}: expected sqlite:///path or mysql://user@host:port/database")
    if parts.scheme == "sqlite":
        return _file(parts.netloc, unquote(parts.path))
    if parts.password is not None:
        raise ValueError("a password does not stand in an address: say ?password_env=NAME or ?password_file=PATH")
    database = unquote(parts.path.strip("/"))
    if not parts.hostname or not parts.username or not database or "/" in database:
        raise ValueError(f"{parts.hostname or 'mysql'}: expected mysql://user@host:port/database")
    options = dict(parse_qsl(parts.query))
    if unknown := sorted(options.keys() - set(_OPTIONS)):
        raise ValueError(f"unknown option {unknown[0]!r}; options are {', '.join(_OPTIONS)}")
    return SqlPlace(
        host=parts.hostname, port=parts.port or 3306, user=unquote(parts.username), database=database, **options
    )


def _file(netloc: str, path: str) -> SqlPlace:
    """`sqlite:///rules.db` is relative, `sqlite:////var/rules.db` absolute."""
    if netloc or len(path) <= 1:
        raise ValueError("expected sqlite:///path")
    return SqlPlace(path=path[1:])
