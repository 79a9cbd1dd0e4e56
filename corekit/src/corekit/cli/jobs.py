"""``corekit jobs``: sweeps, by hand or by a scheduler."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from corekit.cli.context import open_kit, open_settings
from corekit.cli.output import emit

app = typer.Typer(help="Run what is done to many members at once.", no_args_is_help=True)


@app.command("list")
def list_(ctx: typer.Context) -> None:
    """Show the jobs and what each does."""
    from corekit.activities.sweep import SWEEPS

    emit(ctx, SWEEPS, lambda _: "\n".join(f"{name}  {text}" for name, text in SWEEPS.items()))


@app.command()
def run(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The job, such as expiry.")],
    *,
    at: Annotated[str | None, typer.Option(metavar="TIME", help="As of this ISO time instead of now.")] = None,
) -> None:
    """Run a job; it can be run again at any time, and continues what was interrupted."""
    instant = _instant(ctx, at) if at is not None else None
    result = open_kit(ctx).sweep(name, instant)
    emit(ctx, result, lambda _: f"{result.name}: {result.members} members, {result.activities} activities")


def _instant(ctx: typer.Context, text: str) -> datetime:
    """Read a time; without a zone it is meant on the program's clock."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is no ISO time, such as 2026-12-31T00:00+00:00") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=open_settings(ctx).time_zone)
