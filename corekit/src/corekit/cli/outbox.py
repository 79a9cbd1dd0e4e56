"""``corekit outbox``: how far plugins are told what happened, and what could not be delivered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corekit.cli.context import ACTOR, open_kit
from corekit.cli.lives import find
from corekit.cli.output import emit

if TYPE_CHECKING:
    from corekit.outbox.standing import DeadLetter, Standing

app = typer.Typer(help="See what plugins are told, and mend what could not be delivered.", no_args_is_help=True)

Plugin = Annotated[str, typer.Argument(help="The plugin.")]
Member = Annotated[str | None, typer.Option(metavar="MEMBER", help="Only what is about this member.")]


@app.command()
def status(ctx: typer.Context) -> None:
    """Show how far each plugin is: what it has not been told yet, what is put off, and what was given up."""
    emit(ctx, open_kit(ctx).outbox.standings(), _standings)


@app.command()
def letters(
    ctx: typer.Context,
    plugin: Annotated[str | None, typer.Argument(help="The plugin; all of them by default.")] = None,
    *,
    most: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 100,
) -> None:
    """Show dead letters: events at which a plugin raised until they were given up, the oldest first."""
    emit(ctx, open_kit(ctx).outbox.dead_letters(plugin, most=most), _letters)


@app.command()
def retry(ctx: typer.Context, plugin: Plugin, *, member: Member = None) -> None:
    """Let the next worker deliver again, at once, what was given up or put off."""
    kit = open_kit(ctx)
    number = kit.outbox.retry(plugin, member and find(kit, member).id, actor=ACTOR)
    emit(ctx, {"letters": number}, lambda _: f"{number} letters are tried again")


@app.command()
def skip(ctx: typer.Context, plugin: Plugin, *, member: Member = None) -> None:
    """Give up for good what a plugin raised at; what stands behind it is delivered."""
    kit = open_kit(ctx)
    number = kit.outbox.skip(plugin, member and find(kit, member).id, actor=ACTOR)
    emit(ctx, {"letters": number}, lambda _: f"{number} letters are skipped")


def _standings(found: Sequence[Standing]) -> Any:
    from rich.table import Table

    if not found:
        return "no plugin wants to know what happened"
    table = Table(box=None)
    for name in ("plugin", "on", "position", "lag", "since", "put off", "members", "dead"):
        table.add_column(name, justify="left" if name in ("plugin", "on", "since") else "right")
    for each in found:
        since = each.oldest.isoformat(timespec="seconds") if each.oldest else ""
        numbers = (str(number) for number in (each.waiting, each.members, each.dead))
        on = "yes" if each.enabled else "no"
        table.add_row(each.plugin, on, str(each.position), str(each.lag), since, *numbers)
    return table


def _letters(found: Sequence[DeadLetter]) -> str:
    return "\n".join(_letter(each) for each in found) or "no dead letters"


def _letter(letter: DeadLetter) -> str:
    reason = f"{letter.reason.get('error')} at {letter.reason.get('where')}"
    when = letter.failed_at.isoformat(timespec="seconds")
    what = f"{letter.position}  {letter.type}  member {letter.member}  activity {letter.activity_id}"
    return f"{letter.plugin}  {what}  {letter.attempts} attempts, last {when}: {reason}"
