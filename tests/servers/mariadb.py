"""A real MariaDB from Debian's packages; user `root`, no password."""

import shutil
import tempfile
from pathlib import Path

import pymysql

from tests.servers import debian
from tests.servers.process import Server, free_port, run_or_tell

PACKAGES = ("mariadb-server-core", "mariadb-client-core", "libaio1", "liburing2")


def mariadb_server() -> tuple[Server, str]:
    """Start one; return it and its `host:port`."""
    root, port = debian.unpacked("mariadb", PACKAGES), free_port()
    run = Path(tempfile.mkdtemp(prefix="mariadb."))
    where = ["--no-defaults", f"--basedir={root}/usr", f"--datadir={run}/data", "--user=root"]
    install = [f"{root}/usr/bin/mariadb-install-db", *where, "--auth-root-authentication-method=normal"]
    try:
        run_or_tell([*install, "--skip-test-db"], env=debian.libraries(root))
    except RuntimeError:
        shutil.rmtree(run)
        raise
    command = [f"{root}/usr/sbin/mariadbd", *where, *LEAN, f"--lc-messages-dir={root}/usr/share/mysql"]
    command += [f"--port={port}", f"--socket={run}/s.sock", f"--pid-file={run}/pid"]
    server = Server(command, run, lambda: _answers(port), env=debian.libraries(root))
    server.start()
    return server, f"127.0.0.1:{port}"


LEAN = (
    "--bind-address=127.0.0.1",
    "--skip-networking=0",
    "--character-set-server=utf8mb4",
    "--innodb-buffer-pool-size=64M",
    "--innodb-log-file-size=8M",
    "--innodb-flush-log-at-trx-commit=2",
    "--skip-log-bin",
    "--performance-schema=OFF",
)


def missing() -> str:
    """Say why no server can be had, or nothing."""
    return debian.missing("mariadb")


def _answers(port: int) -> bool:
    try:
        pymysql.connect(host="127.0.0.1", port=port, user="root", connect_timeout=1).close()
    except pymysql.MySQLError:
        return False
    return True
