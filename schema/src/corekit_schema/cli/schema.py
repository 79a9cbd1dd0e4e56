"""``corekit schema``: the GraphQL schema of the enabled plugins."""

from __future__ import annotations

import typer

from corekit.cli.context import open_kit
from corekit.cli.output import emit

app = typer.Typer(no_args_is_help=True)


@app.callback()
def schema() -> None:
    """Show the GraphQL schema that the enabled plugins make up."""


@app.command("print")
def print_(ctx: typer.Context) -> None:
    """Print the schema in GraphQL's schema language; the same plugins always print the same text."""
    from corekit_schema.assembly.schema import assemble_for

    assembled = assemble_for(open_kit(ctx))
    value = {
        "sdl": assembled.sdl(),
        "types": dict(assembled.types),
        "fields": {f"{type_}.{field}": owner for (type_, field), owner in assembled.fields.items()},
    }
    emit(ctx, value, lambda shown: shown["sdl"].rstrip())
