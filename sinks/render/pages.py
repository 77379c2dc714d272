"""The environment of our own HTML pages: everything is escaped, and a name that is not there is a mistake."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined


def pages_in(folder: Path) -> Environment:
    """Return the environment of the templates in a folder of ours; those of users are for the sandbox."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
