"""A courier that is killed with SIGKILL again and again while its provider fails one request in five: what is lost, what comes twice.

python bench/courier_kills.py [--notices N] [--kills N] [--concurrency N] [--seed N] [sqlite] [redis]

Exit 1 = a notice was lost, or one came twice that was not in flight at a kill.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from bench.courier import put
from bench.figure import calibration
from sinks.outbox import open_outbox
from tests.servers.redis import redis_server

ROOT = Path(__file__).parent.parent
VISIBILITY = 5.0
FAILING = 0.2
PATIENCE = 300.0
"""Seconds without a request after which something hangs."""


class Provider:
    """Answers 500 to one request in five and remembers the id of every notice it took, by the life of the courier."""

    def __init__(self, seed):
        self.life, self.requests, self.failed = 0, 0, 0
        self.taken, self.ids = Counter(), [set()]
        self.random, self.lock = random.Random(seed), threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"provider": self}))
        self.server.daemon_threads, self.server.block_on_close = True, False
        self.server.handle_error = lambda *_: None
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def judge(self, name, life):
        with self.lock:
            self.requests += 1
            if self.random.random() < FAILING:
                self.failed += 1
                return 500
            self.taken[name] += 1
            self.ids[life].add(name)
            return 200

    def next_life(self):
        with self.lock:
            self.life += 1
            self.ids.append(set())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    provider = None

    def setup(self):
        super().setup()
        self.life = self.provider.life

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        if len(self.rfile.read(length)) < length:  # its caller was killed
            self.close_connection = True
            return
        self.send_response(self.provider.judge(self.headers["Idempotency-Key"], self.life))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def courier(where, rules):
    options = ["--rules", rules, "--outbox", where, "--store", "none", "--visibility", str(VISIBILITY)]
    return subprocess.Popen(
        [sys.executable, "-c", "from flows.cli import main; main()", "courier", *options],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def wait(ready, provider, child):
    """Wait until `ready`; SystemExit if the courier ends by itself or nothing moves any more."""
    seen, since = -1, time.monotonic()
    while not ready():
        if child.poll() is not None:
            sys.exit(f"the courier ended by itself: {child.returncode}")
        if provider.requests != seen:
            seen, since = provider.requests, time.monotonic()
        if time.monotonic() > since + PATIENCE:
            sys.exit(f"nothing moves after {seen} requests")
        time.sleep(0.002)


def killed(where, rules, outbox, provider, given, dice):
    """Run couriers one after the other and kill each; return what each had sent and not yet recorded."""
    moments = sorted(dice.sample(range(1, given.notices), given.kills))
    flying = []
    for moment in moments:
        provider.next_life()
        child = courier(where, rules)
        wait(lambda moment=moment: provider.requests >= moment, provider, child)
        time.sleep(dice.random() * 0.02)
        child.kill()
        child.wait()
        flying.append({one.taken.notice.id for one in outbox.find(list(provider.ids[provider.life]), time.time())})
    return flying


def drain(where, rules, outbox, provider):
    provider.next_life()
    child = courier(where, rules)

    def is_empty():
        time.sleep(0.2)
        depth = outbox.depth(time.time())
        return depth.ready + depth.later + depth.in_flight == 0

    wait(is_empty, provider, child)
    child.terminate()
    return child.wait(60)


def torture(where, folder, given):
    provider, dice, begun = Provider(given.seed), random.Random(given.seed), time.monotonic()
    (folder / "rules").mkdir(exist_ok=True)
    channel = {"way": "webhook", "url": provider.url, "concurrency": given.concurrency}
    (folder / "rules" / "channels.yaml").write_text(json.dumps({"channels": [channel]}))
    outbox = open_outbox(where)
    put(outbox, given.notices)
    flying = killed(where, str(folder / "rules"), outbox, provider, given, dice)
    status = drain(where, str(folder / "rules"), outbox, provider)
    dead = outbox.depth(time.time()).dead
    outbox.close()
    provider.server.shutdown()
    return report(where, provider, flying, given, dead, status, time.monotonic() - begun)


def report(where, provider, flying, given, dead, status, seconds):
    """Print the figures; tell whether the promise was kept."""
    expected = {f"{number:032x}" for number in range(given.notices)}
    lost = expected - set(provider.taken)
    repeats = {name: count - 1 for name, count in provider.taken.items() if count > 1}
    may = Counter(name for life in flying for name in life)
    strange = [name for name, count in repeats.items() if count > may[name]]
    print(
        f"{'redis' if '//' in where else 'sqlite'}: {given.notices} notices, {provider.requests} requests of which {provider.failed} "
        f"answered 500, {len(flying)} kills, {seconds:.0f} s\n  delivered {len(set(provider.taken) & expected)}, lost {len(lost)}, "
        f"dead {dead}, repeats {sum(repeats.values())}; in flight at the kills {sum(may.values())}, at most {max(map(len, flying))} at one "
        f"(bound: {given.kills} kills x {given.concurrency} threads = {given.kills * given.concurrency}); "
        f"repeats that were not in flight {len(strange)}; last courier ended with {status}",
        flush=True,
    )
    too_many = any(len(life) > given.concurrency for life in flying)
    return not (lost or dead or strange or too_many or status)


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--notices", type=int, default=10_000)
    options.add_argument("--kills", type=int, default=50)
    options.add_argument("--concurrency", type=int, default=8)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("places", nargs="*", default=["sqlite", "redis"])
    given = options.parse_args()
    print(f"calibration: sum(range(1000)) takes {calibration():.1f} us; load {os.getloadavg()[0]:.1f}", flush=True)
    kept = []
    with tempfile.TemporaryDirectory() as name:
        if "sqlite" in given.places:
            kept.append(torture(f"{name}/outbox.db", Path(name), given))
        if "redis" in given.places:
            server, address = redis_server()
            kept.append(torture(f"redis://{address}/0/kills", Path(name), given))
            server.stop()
    sys.exit(not all(kept))


if __name__ == "__main__":
    main()
