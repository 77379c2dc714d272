"""Notices a second through one courier to a local HTTP provider, by outbox; memory with 100,000 waiting.

python bench/courier.py [--notices N] [--concurrency N] [--seconds S] [sqlite] [redis]
"""

import argparse
import asyncio
import os
import resource
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import structlog

from bench.figure import calibration
from flows.courier.courier import Courier, CourierSettings
from flows.courier.lanes import LaneSettings
from operators.model.records import Notice
from operators.rules.shapes.model import Channel as ChannelRule
from sinks.channels import build
from sinks.outbox import open_outbox
from tests.servers.process import free_port
from tests.servers.redis import redis_server

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"


class Provider(asyncio.Protocol):
    """Answers every request that ends with the closing brace of its JSON."""

    def connection_made(self, transport):
        self.transport = transport
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data):
        if data.endswith(b"}"):
            self.transport.write(ANSWER)


def serve(port):
    async def run():
        server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port)
        await server.serve_forever()

    asyncio.run(run())


class Counted:
    """Counts what goes through a channel."""

    def __init__(self, channel):
        self.channel, self.sent = channel, 0  # racy by a few; it only paces the bench

    def send(self, notice):
        results = self.channel.send(notice)
        self.sent += 1
        return results


def notices(count):
    text = "CPU usage of host 10.0.0.1 is 93 % for 5 minutes, above the threshold of 90 %. " * 8
    for number in range(count):
        yield Notice(
            id=f"{number:032x}", time=1000, way="webhook", receivers=("ops",), followed=False, signal="abnormal",
            notice_type="normal", collect_type="action", alert_ids=("a",), action_ids=(f"x{number}",),
            title="CPU", content=text,
        )  # fmt: skip


def put(outbox, count):
    begun, batch = time.monotonic(), []
    for one in notices(count):
        batch.append(one)
        if len(batch) == 1000:
            outbox.put(batch, time.time())
            batch = []
    outbox.put(batch, time.time())
    return count / (time.monotonic() - begun)


def rss():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def measure(where, port, count, concurrency, limit):
    outbox = open_outbox(where)
    before = rss()
    stored = put(outbox, count)
    channel = Counted(build(ChannelRule(way="webhook", url=f"http://127.0.0.1:{port}/hook")))
    settings = CourierSettings(ways={"webhook": LaneSettings(concurrency=concurrency)})
    courier = Courier(outbox, {"webhook": channel}, settings=settings)
    begun, used, top = time.monotonic(), time.process_time(), rss()
    courier.start()
    while time.monotonic() < begun + limit and channel.sent < count:
        time.sleep(0.1)
        top = max(top, rss())
    seconds, used, sent = time.monotonic() - begun, time.process_time() - used, channel.sent
    courier.stop()
    print(
        f"{'redis' if '//' in where else 'sqlite':8} put {stored:8.0f}/s   delivered {sent / seconds:7.0f}/s   "
        f"cpu {1e3 * used / sent:.2f} ms each   memory {before:.0f} -> {top:.0f} MiB"
    )
    outbox.close()


def wait_for(port):
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--notices", type=int, default=10_000)
    options.add_argument("--concurrency", type=int, default=16)
    options.add_argument("--seconds", type=float, default=600.0, help="stop then, whatever is left")
    options.add_argument("places", nargs="*", default=["sqlite", "redis"])
    options.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.serve:
        serve(given.serve)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(30))
    print(f"calibration: sum(range(1000)) takes {calibration():.1f} us; load {os.getloadavg()[0]:.1f}")
    port = free_port()
    provider = subprocess.Popen([sys.executable, __file__, "--serve", str(port)])
    wait_for(port)
    with tempfile.TemporaryDirectory() as folder:
        if "sqlite" in given.places:
            measure(f"{folder}/outbox.db", port, given.notices, given.concurrency, given.seconds)
        if "redis" in given.places:
            server, address = redis_server()
            measure(f"redis://{address}/0/bench", port, given.notices, given.concurrency, given.seconds)
            server.stop()
    provider.terminate()


if __name__ == "__main__":
    main()
