"""``corekit members``: a person's rights, to know everything and to be forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from corekit.cli.context import ACTOR, open_kit
from corekit.cli.lives import Id, Reason, find
from corekit.cli.outcomes import outline
from corekit.cli.output import NO, as_json, emit


def add_privacy_to(app: typer.Typer) -> None:
    """Add the commands to ``corekit members``."""
    app.command("export-data")(export_data)
    app.command()(erase)
    app.command()(erasures)


def export_data(
    ctx: typer.Context,
    member: Id,
    file: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Where to write; standard output if left out.")
    ] = None,
) -> None:
    """Write everything that is known of a member, as JSON."""
    kit = open_kit(ctx)
    document = as_json(kit.export(find(kit, member).id))
    if file is None:
        typer.echo(document)
    else:
        file.write_text(document + "\n", encoding="utf-8")


def erase(ctx: typer.Context, member: Id, reason: Reason = "") -> None:
    """Forget who a member is. Value and its history stay; nothing of this can be taken back.

    Where a plugin cannot do its part the request stays open and says so; run it again to go on, with the member's id.
    """
    kit = open_kit(ctx)
    request = kit.erase(find(kit, member).id, reason=reason, actor=ACTOR)
    emit(ctx, request, outline)
    if request.state != "done":
        raise typer.Exit(NO)


def erasures(ctx: typer.Context, state: Annotated[str | None, typer.Option(help="open or done.")] = None) -> None:
    """List the requests to forget somebody, oldest first."""
    from corekit.members.privacy import erasures as read_erasures

    with open_kit(ctx).read() as read:
        found = read_erasures(read, state=state)
    lines = (f"{it.opened_at:%Y-%m-%d %H:%M}  {it.member}  {it.state}  {it.obstacle or it.reason}" for it in found)
    emit(ctx, found, lambda _: "\n".join(lines) or "nothing")
