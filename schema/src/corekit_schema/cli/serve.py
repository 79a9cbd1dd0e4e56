"""``corekit serve``: GraphQL over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from corekit.cli.context import open_kit, open_log

if TYPE_CHECKING:
    from corekit.settings import Settings

app = typer.Typer()


@app.command()
def serve(
    ctx: typer.Context,
    *,
    host: Annotated[str, typer.Option("--host", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="The port; 0 takes a free one.")] = 8000,
) -> None:
    """Serve GraphQL at /graphql and GraphiQL at /graphiql/, until it is stopped."""
    from corekit_schema.http.app import build_app
    from corekit_schema.http.server import listen, run

    kit = open_kit(ctx)
    web = build_app(kit)
    listening = listen(host, port)
    open_log(ctx)
    address = f"http://{host}:{listening.getsockname()[1]}"
    typer.echo(f"GraphQL:  {address}/graphql")
    typer.echo(f"GraphiQL: {address}/graphiql/{_token(kit.settings)}")
    run(web, listening)


def _token(settings: Settings) -> str:
    """Return what lets GraphiQL begin as staff: a fragment with a token, where development is on."""
    from datetime import UTC, datetime

    from corekit.errors import SettingsError
    from corekit_schema import tokens
    from corekit_schema.viewer import Viewer

    try:
        token = tokens.issue(settings, Viewer(kind="staff", name="developer"), datetime.now(UTC))
    except SettingsError:
        return ""
    return f"#token={token}"
