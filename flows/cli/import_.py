"""`tocsin import`: a configuration of Alertmanager as rules of ours, as far as it goes."""

from pathlib import Path

import click
import yaml

from flows.cli.answer import print_answer
from flows.cli.fail import fail, in_words
from flows.cli.given import json_option, text_in
from flows.cli.strict import Command
from operators.alertmanager.configuration import ConfigurationError, imported
from operators.rules.read.yaml_text import parse_yaml

HEADS = {
    "user_groups": "# Receivers. Look at who is told: `tocsin rules check` names those whom no channel reaches.\n",
    "dispatch": "# Routes: the largest priority that matches decides.\n",
    "inhibits": "# Inhibition: what keeps which alerts silent.\n",
    "channels": "# To be completed: hosts, senders, and the variables that hold the secrets (docs/channels.md).\n",
}


@click.command(name="import", cls=Command, short_help="Write rules from a configuration of Alertmanager.")
@click.argument("file", metavar="ALERTMANAGER_YML")
@click.option(
    "--out",
    default="rules",
    show_default=True,
    metavar="DIR",
    help="Where the rule files go; nothing there is overwritten.",
)
@json_option
def import_(file: str, out: str, *, as_json: bool) -> None:
    """Write the rules that an alertmanager.yml becomes, and list what it says that they do not.

    Secrets are never carried over: the channels name environment variables to be set.
    """
    tree, problems = parse_yaml(text_in(file))
    if problems or not isinstance(tree, dict):
        fail(
            *(": ".join(filter(None, (file, *problem))) for problem in problems),
            *([] if problems else [f"{file}: expected a mapping"]),
        )
    try:
        rules, notes = imported(tree)
    except ConfigurationError as error:
        fail(f"{file}: {error}")
    written = _write(Path(out), rules)
    if as_json:
        left = [{"place": place, "why": why} for place, why in notes]
        print_answer("written", [str(path) for path in written], not_carried_over=left)
        return
    click.echo("Written\n" + "\n".join(f"  {path}" for path in written))
    if notes:
        click.echo("Not carried over")
        for place, why in notes:
            click.echo(f"  {place}: {why}")
    click.echo(f"Try next\n  tocsin rules check {out}")


def _write(place: Path, rules: dict[str, list[dict[str, object]]]) -> list[Path]:
    paths = {kind: place / f"{kind}.yaml" for kind in rules}
    if there := [path for path in paths.values() if path.exists()]:
        fail(*(f"{path}: is there already" for path in there))
    try:
        place.mkdir(parents=True, exist_ok=True)
        for kind, path in paths.items():
            text = yaml.safe_dump({kind: rules[kind]}, allow_unicode=True, sort_keys=False, width=120)
            path.write_text(HEADS[kind] + text, encoding="utf-8")
    except OSError as error:
        fail(in_words(error))
    return list(paths.values())
