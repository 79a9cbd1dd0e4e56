"""``corekit token``: a development token, to look around with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from corekit.cli.context import open_settings
from corekit.cli.output import emit

app = typer.Typer()


@app.command()
def token(
    ctx: typer.Context,
    *,
    staff: Annotated[bool, typer.Option("--staff", help="For a member of staff, who may do everything.")] = False,
    member: Annotated[
        str | None, typer.Option("--member", metavar="ID", help="For a member, by id as GraphQL or the books say it.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What the member of staff is called.")] = "developer",
    hours: Annotated[int, typer.Option("--hours", min=1, help="How long it is valid.")] = 12,
) -> None:
    """Print a token for `Authorization: Bearer`; only where `development = true`."""
    from corekit.errors import Invalid, Problem
    from corekit.ids import is_id
    from corekit_schema import tokens
    from corekit_schema.ids import local_id
    from corekit_schema.viewer import Viewer

    if staff == (member is not None):
        raise typer.BadParameter("say --staff or --member ID, one of them")
    viewer = Viewer(kind="staff", name=name)
    if member is not None:
        key = member if is_id(member) else local_id("Member", member)
        if key is None:
            raise Invalid([Problem(code="ID_INVALID", message=f"{member!r} is no id of a member")])
        viewer = Viewer(kind="member", member=key)
    text = tokens.issue(open_settings(ctx), viewer, datetime.now(UTC), timedelta(hours=hours))
    emit(ctx, {"token": text}, lambda shown: shown["token"])
