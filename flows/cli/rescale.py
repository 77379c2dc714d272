"""`tocsin rescale`: another number of workers for a running job."""

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from flows.cli.answer import print_answer
from flows.cli.fail import fail
from flows.cli.given import json_option, read_settings, settings_option
from flows.cli.savepoint import REFUSALS
from flows.cli.strict import Command
from flows.jobs import for_job
from flows.recovery.place import open_place
from flows.rescale.cluster import open_cluster
from flows.rescale.fleet import Fleet, FleetError
from flows.rescale.lag import Reached, reached
from flows.rescale.plan import Plan, check
from flows.rescale.processes import Orders, Processes
from flows.rescale.rescale import Rescale, RescaleError, UndoneError
from flows.rescale.statefulset import StatefulSet
from flows.settings.places import recovery_under
from flows.settings.settings import Settings, SettingsError
from flows.sources.kafka_client import KafkaTroubleError

put = msgspec.structs.replace


@click.command(cls=Command, short_help="Run a job with another number of workers.")
@click.option(
    "--to", "target", required=True, envvar="TOCSIN_RESCALE_TO", type=click.IntRange(min=1), metavar="M",
    help="So many workers: a power of two, at most as many as partitions.",
)  # fmt: skip
@settings_option
@click.option("--data", metavar="DIR", help="Directory that `tocsin run --data` keeps its files in.")
@click.option("--job", type=click.Choice(["all", "intake", "alerts", "notices"]), help="Likewise.")
@click.option(
    "--statefulset", envvar="TOCSIN_RESCALE_STATEFULSET", metavar="NAME",
    help="The workers are the pods of this StatefulSet.",
)  # fmt: skip
@click.option(
    "--namespace", default="", metavar="NAME", help="Its namespace; default: that of this pod, or of kubectl."
)
@click.option("--context", default="", metavar="NAME", help="The context of kubectl; default: the current one.")
@click.option("--place", metavar="PLACE", help="Where the workers leave parts; default: setting backup.place.")
@click.option(
    "--max-lag", type=click.IntRange(min=0), default=100_000, show_default=True, metavar="N",
    help="Refuse to begin while more records than this wait.",
)  # fmt: skip
@click.option(
    "--timeout", type=click.FloatRange(min=1), default=600.0, show_default=True, metavar="SECONDS",
    help="Undo it when a step takes longer.",
)  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Check, and say what would be done.")
@json_option
def rescale(target: int, *, dry_run: bool, as_json: bool, **options: Any) -> None:
    """Stop a running job with a savepoint in parts, start it with M workers from these, and compare; else go back.

    The workers are the processes of `tocsin run --workers N` on this machine, or the pods of --statefulset: from inside of the cluster by
    the account of this pod, else by kubectl. Killed at any step, the same command goes on; `--to` the old number undoes it.
    """
    begun = time.monotonic()

    def tell(text: str) -> None:
        click.echo(f"{time.monotonic() - begun:6.1f} s  {text}", err=True)

    try:
        settings = _settings(options)
        fleet, place = _fleet(settings, options), open_place(settings.backup.place)
        work = Rescale(fleet, place, settings.job, timeout=options["timeout"], tell=tell)
        plan = _plan(settings, fleet, work, target, options["max_lag"])
        if plan.is_nothing or dry_run:
            _say(plan.told("nothing" if plan.is_nothing else "planned"), plan.sentence, as_json=as_json)
            return
        tell(plan.sentence)
        done = work.run(target)
    except UndoneError as error:
        if as_json:
            print_answer("rescale", [{"outcome": "undone", "to": target, "reason": str(error)}])
        fail(error)
    except (*REFUSALS, RescaleError, FleetError, KafkaTroubleError) as error:
        fail(error)
    told = {**plan.told("done"), "states": done.states, "partitions": done.partitions}
    told |= {"standstill": round(done.standstill, 1), "warnings": done.warnings}
    _say(told, f"{done.target} workers run; they stood still for {done.standstill:.1f} s", as_json=as_json)
    if fleet_is_declared(options):
        click.echo(f"Now write {target} into your manifests too: applying the old ones would take it back.", err=True)


def fleet_is_declared(options: Mapping[str, Any]) -> bool:
    """Return True if the number stands in manifests as well."""
    return bool(options["statefulset"])


def _settings(options: Mapping[str, Any]) -> Settings:
    settings = read_settings(options["settings_path"])
    changes: dict[str, Any] = {"job": options["job"] or settings.job}
    if options["data"]:
        changes["recovery"] = recovery_under(settings, options["data"])
    if options["place"]:
        changes["backup"] = put(settings.backup, place=options["place"])
    settings = for_job(put(settings, **changes))
    if not settings.backup.place:
        raise SettingsError("backup.place: missing; workers leave their parts there (docs/savepoints.md)")
    if not options["statefulset"] and not settings.backup.restore:
        raise SettingsError("backup.restore: false, so workers would not begin from the parts of others")
    return settings


def _fleet(settings: Settings, options: Mapping[str, Any]) -> Fleet:
    if options["statefulset"]:
        return StatefulSet(open_cluster(options["namespace"], options["context"]), options["statefulset"])
    if settings.recovery.directory in ("", "none"):
        raise SettingsError("recovery.directory: the job keeps no state")
    return Processes(Orders(Path(settings.recovery.directory)), settings.metrics)


def _plan(settings: Settings, fleet: Fleet, work: Rescale, target: int, max_lag: int) -> Plan:
    """Return what is to be done; what can be checked is checked, but for a rescale that is under way. Raises as `check` does."""
    journal = work.under_way()
    if journal is not None:
        return Plan(settings.job, str(fleet), journal.origin, target, is_under_way=True)
    plan = Plan(settings.job, str(fleet), fleet.workers(), target)
    if plan.is_nothing:
        return plan
    found: Callable[[], Reached] = lambda: reached(settings.kafka, os.environ)  # noqa: E731 - asked for where it counts
    return check(plan, settings.kafka, found, max_lag)


def _say(told: Mapping[str, Any], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_answer("rescale", [told])
    else:
        click.echo(sentence)
