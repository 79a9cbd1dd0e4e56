"""``corekit audit``: who changed what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from corekit.cli.context import open_kit
from corekit.cli.lives import instant
from corekit.cli.output import as_json, emit

if TYPE_CHECKING:
    from corekit.audit.trail import AuditEntry

app = typer.Typer()


@app.command()
def audit(
    ctx: typer.Context,
    *,
    actor: Annotated[str | None, typer.Option(help="Only what they changed, such as staff:mira.")] = None,
    what: Annotated[str | None, typer.Option(help="Only what is called so, such as program.applied.")] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Only from this ISO time on.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Only before this ISO time.")] = None,
    number: Annotated[int, typer.Option("--number", "-n", min=1, max=1000, help="So many at most.")] = 50,
    after: Annotated[str | None, typer.Option(metavar="CURSOR", help="What follows this cursor of a page.")] = None,
) -> None:
    """Show who changed what, newest first: activities that were recorded in somebody's name, and all else."""
    from corekit.audit.trail import audit_page

    kit = open_kit(ctx)
    begin, end = (instant(text, kit) if text is not None else None for text in (since, until))
    with kit.read() as read:
        page = audit_page(read, actor=actor, what=what, since=begin, until=end, first=number, after=after)
    more = [f"more: --after {page.cursors[-1]}"] if page.has_next else []
    emit(ctx, page.told, lambda _: "\n".join([*map(_line, page.items), *more]) or "nothing")


def _line(entry: AuditEntry) -> str:
    told = as_json(entry.parameters).replace("\n", " ")
    return f"{entry.at:%Y-%m-%d %H:%M:%S}  {entry.actor:20}  {entry.what}  {entry.subject}  {told}"
