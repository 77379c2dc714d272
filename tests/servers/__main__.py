"""`python -m tests.servers [NAME ...]`: keep servers running for hands-on work, until Ctrl-C.

Prints lines for a shell to stdout: those of `make test`, to use these servers, and those of the job. Their data goes with them.
"""

import signal
import sys
import threading

import click

from tests.servers.park import KINDS, NoServerError, Park


def main(names: list[str]) -> int:
    if unknown := [name for name in names if name not in KINDS]:
        click.echo(f"no server {unknown[0]}; there are {', '.join(KINDS)}", err=True)
        return 2
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    park = Park()
    try:
        return _keep(park, names or list(KINDS), stop)
    finally:
        park.stop()


def _keep(park: Park, names: list[str], stop: threading.Event) -> int:
    for name in names:
        park.want(name)
    try:
        addresses = {name: park.address(name) for name in names}
    except NoServerError as error:
        click.echo(error, err=True)
        return 1
    for name, address in addresses.items():
        click.echo(f"export {KINDS[name].variable(name)}={address}")
        if name in OURS:
            click.echo(f"export {OURS[name].format(address)}")
    click.echo("running; Ctrl-C stops them", err=True)
    stop.wait()
    return 0


OURS = {
    "kafka": "TOCSIN__KAFKA__BROKERS={}",
    "elasticsearch": "TOCSIN__STORE__DSN={}",
    "redis": "MESSAGE_QUEUE_DSN=redis://{}/0/tocsin",
}
"""What the job is told to use them (flows/settings/settings.py)."""

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
