"""The command line: a tree that every installed distribution extends through the entry points ``corekit.commands``."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from corekit.cli.context import Options
from corekit.cli.tree import Tree

EPILOG = (
    "Exit codes: 0 done; 1 the answer is no (refused, invalid, differences or violations found); "
    "2 it could not run (usage, settings, plugins, database)."
)

app = typer.Typer(cls=Tree, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, epilog=EPILOG)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer's callback
    if wanted:
        typer.echo(f"corekit {metadata.version('corekit')}")
        raise typer.Exit


@app.callback()
def root(
    ctx: typer.Context,
    *,
    config: Annotated[Path, typer.Option("--config", envvar="COREKIT_CONFIG", help="The settings file.")] = Path(
        "corekit.toml"
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON, errors included.")] = False,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="PLUGIN", help="Leave an enabled plugin out.")
    ] = None,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Run a membership program: members, accounts, tiers, and the plugins that are on."""
    ctx.obj = Options(config=config, json=as_json, without=tuple(without or ()))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; the entry point of the ``corekit`` script, which takes its own arguments."""
    app(args=arguments, prog_name="corekit")
