"""A courier as a process of its own: OUTBOX URL RECEIPTS VISIBILITY CONCURRENCY; ends on SIGTERM. For crash tests."""

import json
import signal
import sys
import threading
from pathlib import Path

import urllib3

from flows.courier.courier import Courier, CourierSettings, run_courier
from flows.courier.lanes import LaneSettings
from operators.deliver.delivery import Result
from sinks.outbox import Terms, open_outbox


class Http:
    """Posts the id of a notice."""

    def __init__(self, url: str, concurrency: int) -> None:
        self.url, self.pool = url, urllib3.PoolManager(maxsize=concurrency, retries=False)

    def send(self, notice):
        self.pool.request("POST", self.url, body=notice.id.encode(), timeout=300)
        return {name: Result(ok=True) for name in notice.receivers}


def main() -> None:
    place, url, receipts, visibility, concurrency = sys.argv[1:]
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    outbox = open_outbox(place, Terms(visibility=float(visibility)))

    def keep(batch):
        with Path(receipts).open("a") as file:
            told = (one.receipt for one in batch)
            file.writelines(json.dumps([one.notice_id, one.attempt, one.final]) + "\n" for one in told)

    settings = CourierSettings(ways={"mail": LaneSettings(concurrency=int(concurrency))})
    courier = Courier(outbox, {"mail": Http(url, int(concurrency))}, settings=settings, write_back=keep)
    sys.exit(not run_courier(courier, stop))


if __name__ == "__main__":
    main()
