"""``corekit activities``: record, simulate and reverse what happens to members, and ask why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from corekit.cli.context import open_kit
from corekit.cli.lives import Id, Key, Reason, find
from corekit.cli.members import After, First
from corekit.cli.outcomes import answer, listed, outline
from corekit.cli.output import emit

if TYPE_CHECKING:
    from corekit.activities.activity import Activity

app = typer.Typer(help="Record, simulate and reverse activities; ask why.", no_args_is_help=True)

File = Annotated[
    typer.FileBinaryRead,
    typer.Argument(metavar="FILE", help="JSON Lines, an activity each: type, member, amount, lines, ... (- is stdin)."),
]
Activity_ = Annotated[str, typer.Argument(metavar="ACTIVITY", help="The activity's id.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    member: Id,
    type: Annotated[str | None, typer.Option(help="Only those of this type.")] = None,  # noqa: A002
    first: First = 20,
    after: After = None,
) -> None:
    """List what happened to a member, newest first."""
    from corekit.activities.read import activities_of

    kit = open_kit(ctx)
    whom = find(kit, member).id
    with kit.read() as read:
        page = activities_of(read, [whom], type, first=first, after=after)[whom]
    lines = (f"{it.id}  {it.occurred_at:%Y-%m-%d %H:%M}  {it.type:18}  {it.amount:>10}" for it in page.items)
    emit(ctx, page.told, lambda _: listed(page.cursors, lines, more=page.has_next))


@app.command()
def slips(
    ctx: typer.Context,
    member: Id,
    category: Annotated[str | None, typer.Option(help="Only purchases of it, and their lines of it.")] = None,
    sku: Annotated[str | None, typer.Option(help="Only purchases of this article.")] = None,
    first: First = 20,
    after: After = None,
) -> None:
    """List a member's sales slips, newest first, and what was bought of each category."""
    from corekit.activities.read import consumption, slips

    kit = open_kit(ctx)
    whom = find(kit, member).id
    with kit.read() as read:
        page = slips(read, [whom], category, sku, first=first, after=after)[whom]
        value = {"slips": page.items, "cursors": page.cursors, "consumption": consumption(read, [whom])[whom]}
    emit(ctx, value, outline)


@app.command()
def show(ctx: typer.Context, activity: Activity_) -> None:
    """Show an activity as it was recorded, with its lines."""
    found = open_kit(ctx).why(activity)
    emit(ctx, {"activity": found.activity, "lines": found.lines}, outline)


@app.command()
def why(ctx: typer.Context, activity: Activity_) -> None:
    """Explain an activity: what it gave and took by which rule, what caused it, and what took it back."""
    emit(ctx, open_kit(ctx).why(activity), outline)


@app.command()
def record(ctx: typer.Context, file: File) -> None:
    """Record activities."""
    answer(ctx, list(open_kit(ctx).record_many(_activities(file))))


@app.command()
def simulate(ctx: typer.Context, file: File) -> None:
    """Say what activities would do, each by itself; nothing is stored."""
    kit = open_kit(ctx)
    answer(ctx, [kit.simulate(activity) for activity in _activities(file)])


@app.command()
def reverse(
    ctx: typer.Context,
    activity: Activity_,
    reason: Reason = "",
    key: Key = None,
    line: Annotated[list[str] | None, typer.Option(metavar="NO=AMOUNT", help="A line that comes back.")] = None,
    amount: Annotated[int, typer.Option(min=0, help="How much comes back, in minor units; all where left out.")] = 0,
) -> None:
    """Take an activity back, with everything that followed from it, or a part of it."""
    parts = _parts(line or ())
    kit = open_kit(ctx)
    answer(ctx, [kit.reverse(activity, lines=parts, amount=amount, source="cli", external_id=key, reason=reason)])


def _parts(texts: Iterable[str]) -> dict[int, int]:
    """Read the lines that come back."""
    try:
        return {int(no): int(part) for no, _, part in (text.partition("=") for text in texts)}
    except ValueError:
        raise typer.BadParameter("write NO=AMOUNT, in minor units, such as 2=500", param_hint="--line") from None


def _activities(file: typer.FileBinaryRead) -> Iterator[Activity]:
    """Read activities of JSON Lines; Invalid with the number of the line that is none."""
    from corekit.activities.document import read_document

    for number, line in enumerate(file, 1):
        if line.strip():
            yield read_document(line, number)
