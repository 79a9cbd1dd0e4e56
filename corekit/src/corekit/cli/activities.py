"""``corekit activities``: record, simulate and reverse what happens to members, and ask why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corekit.cli.context import open_kit
from corekit.cli.members import Id, Key, Reason, find
from corekit.cli.outcomes import answer
from corekit.cli.output import emit

if TYPE_CHECKING:
    from corekit.activities.activity import Activity
    from corekit.activities.views import ActivityView, Explanation

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
    first: Annotated[int, typer.Option(help="How many.")] = 20,
    after: Annotated[str | None, typer.Option(help="The cursor after which to go on.")] = None,
) -> None:
    """List what happened to a member, newest first."""
    from corekit.activities.read import activities_of

    kit = open_kit(ctx)
    whom = find(kit, member).id
    with kit.read() as read:
        page = activities_of(read, [whom], first, after, type=type)[whom]
    more = [f"more: --after {page.cursors[-1]}"] if page.has_next else []
    emit(ctx, page, lambda _: "\n".join([*map(_line, page.items), *more]) or "no activity")


@app.command()
def show(ctx: typer.Context, activity: Activity_) -> None:
    """Show an activity as it was recorded, with its lines."""
    found = open_kit(ctx).why(activity)
    emit(ctx, {"activity": found.activity, "lines": found.lines}, lambda _: "\n".join(_recorded(found)))


@app.command()
def why(ctx: typer.Context, activity: Activity_) -> None:
    """Explain an activity: what it gave and took by which rule, what caused it, and what took it back."""
    emit(ctx, open_kit(ctx).why(activity), _explained)


@app.command()
def record(ctx: typer.Context, file: File) -> None:
    """Record activities."""
    answer(ctx, list(open_kit(ctx).record_many(_activities(file))))


@app.command()
def simulate(ctx: typer.Context, file: File) -> None:
    """Say what activities would do, each by itself; nothing is stored."""
    kit = open_kit(ctx)
    answer(ctx, [kit.simulate(activity) for activity in _activities(file)], simulated=True)


@app.command()
def reverse(ctx: typer.Context, activity: Activity_, reason: Reason = "", key: Key = None) -> None:
    """Take an activity back, with everything that followed from it."""
    answer(ctx, [open_kit(ctx).reverse(activity, source="cli", external_id=key, reason=reason)])


def _activities(file: typer.FileBinaryRead) -> Iterator[Activity]:
    """Read activities of JSON Lines; Invalid with the number of the line that is none."""
    from corekit.activities.document import read_document

    for number, line in enumerate(file, 1):
        if line.strip():
            yield read_document(line, number)


def _line(it: ActivityView) -> str:
    return f"{it.id}  {it.occurred_at:%Y-%m-%d %H:%M}  {it.type:18}  {it.amount or '':>10} {it.unit or ''}".rstrip()


def _recorded(found: Explanation) -> Iterator[str]:
    it = found.activity
    yield _line(it)
    yield f"  of member {it.member}, recorded {it.recorded_at.isoformat()} from {it.source} as {it.external_id}"
    for name, value in it.payload.items():
        yield f"  {name}: {value}"
    for each in found.lines:
        yield f"  line {each.no}: {each.amount}  {each.sku or ''} {each.category or ''} {' '.join(each.flags)}".rstrip()


def _explained(found: Explanation) -> str:
    lines = list(_recorded(found))
    for explained in found.effects:
        it = explained.effect
        done = "" if it.state == "applied" else f"  {it.state} [{it.code}]"
        lines.append(f"  {it.kind} {it.amount} {it.account or ''} by rule {it.rule} of {it.owner}{done}")
        lines += [f"    of line {no}: {share}" for no, share in it.shares.items()]
        lines += [f"    {move.amount} {move.debit} -> {move.credit}" for move in explained.postings]
        lines += [f"    {undo.amount} taken back by {undo.activity}" for undo in explained.undone_by]
    related: list[tuple[str, list[Any]]] = [
        ("caused by", [found.cause]),
        ("takes back", [found.reverses]),
        ("caused", list(found.follow_ons)),
        ("taken back by", list(found.reversed_by)),
    ]
    lines += [f"  {word} {_line(other)}" for word, others in related for other in others if other]
    return "\n".join(lines)
