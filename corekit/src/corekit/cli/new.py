"""``corekit new``: begin something of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from corekit.cli.output import emit

app = typer.Typer(no_args_is_help=True)


@app.callback()
def new() -> None:
    """Begin a plugin of your own."""


@app.command()
def plugin(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What it is called in corekit.toml, such as gift_cards.")],
    *,
    package: Annotated[
        str | None, typer.Option(help="Its Python package; corekit_NAME where left out.", show_default=False)
    ] = None,
    requires: Annotated[
        list[str] | None, typer.Option(metavar="PLUGIN", help="An installed plugin that it builds on; may come again.")
    ] = None,
    into: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the project is written; ./NAME where left out.")
    ] = None,
) -> None:
    """Write the project of a plugin: a rule, a table with its migration, a GraphQL field, tests, CI, a README."""
    from corekit.template import NewPlugin

    wanted = NewPlugin(
        name=name,
        package=package or f"corekit_{name}",
        requires=tuple(dict.fromkeys(requires or ())),
        into=into or Path(name),
    )
    written = wanted.write()
    commands = [f"cd {wanted.into}", "pip install -e '.[testing]'", "pytest"]
    told: dict[str, Any] = {"files": list(map(str, written)), "next": commands}
    emit(ctx, told, lambda _: f"wrote {len(written)} files into {wanted.into}. Next:\n" + "\n".join(commands))
