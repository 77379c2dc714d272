"""One real server as a child process: a free port, a folder of its own, a start that waits, a stop that leaves nothing."""

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers import guard


def cache() -> Path:
    """Return the folder that keeps fetched servers between runs."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "tocsin" / "servers"


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def fetch_once(name: str, fetch: Callable[[Path], None], lock: str = "lock") -> Path:
    """Return the cached folder `name`; if missing, fill a sibling and rename it, so that a half fetch never counts.

    One process at a time under a `lock`: what takes many minutes has one of its own.
    """
    target = cache() / name
    if target.exists():
        return target
    with _alone(lock):
        if not target.exists():
            sibling = Path(tempfile.mkdtemp(prefix=f"{name}.", dir=target.parent))
            try:
                fetch(sibling)
                sibling.rename(target)
            finally:
                shutil.rmtree(sibling, ignore_errors=True)
    return target


@contextmanager
def _alone(lock: str) -> Iterator[None]:
    """Let one process fetch at a time: nothing is downloaded twice, and Maven's folder has one writer."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / lock).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def run_or_tell(command: Sequence[str], cwd: str | Path | None = None, env: Mapping[str, str] | None = None) -> None:
    """Run a command; if it fails, say what it said."""
    done = subprocess.run(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} exited with {done.returncode}:\n{(done.stdout + done.stderr)[-3000:]}")


class Server:
    """A started server. `kill` and `start` again keep its folder, so its data too."""

    def __init__(
        self,
        command: Sequence[str],
        run: Path,
        ready: Callable[[], bool],
        env: Mapping[str, str] | None = None,
        patience: float = 60.0,
    ):
        self.command, self.run, self.ready, self.env, self.patience = command, run, ready, env, patience
        self.child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.run / "out.log").open("ab") as out:
            self.child = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=self.env, start_new_session=True
            )
        guard.hold(self.child.pid, self.run)
        deadline = time.monotonic() + self.patience
        while not self.ready():
            if self.child.poll() is not None or time.monotonic() > deadline:
                self.kill()
                said = self._tail()
                shutil.rmtree(self.run, ignore_errors=True)
                raise RuntimeError(f"{self.command[0]} did not start:\n{said}")
            time.sleep(0.02)
        assert self.child.poll() is None, f"something else answers on the port:\n{self._tail()}"

    def signal(self, number: int) -> None:
        """Send to the whole session: SIGSTOP makes a server that hangs."""
        if self.child is not None and self.child.poll() is None:
            os.killpg(self.child.pid, number)

    def kill(self) -> None:
        """End it as a crash would."""
        self.signal(signal.SIGKILL)
        if self.child is not None:
            self.child.wait()
            guard.drop(self.child.pid)

    def stop(self) -> None:
        if self.child is None:
            return
        self.signal(signal.SIGCONT)
        self.child.terminate()
        try:
            self.child.wait(10)
        except subprocess.TimeoutExpired:
            self.kill()
        guard.drop(self.child.pid)
        shutil.rmtree(self.run, ignore_errors=True)

    def _tail(self) -> str:
        return (self.run / "out.log").read_text(errors="replace")[-3000:]
