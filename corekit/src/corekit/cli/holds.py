"""``corekit holds``: set value of a member aside, and capture or release it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from corekit.cli.context import open_kit
from corekit.cli.lives import Id, Key, find, record
from corekit.cli.output import emit

app = typer.Typer(help="Set value of a member aside, and capture or release it.", no_args_is_help=True)

Hold = Annotated[str | None, typer.Argument(metavar="[HOLD]", help="The hold's id, as `corekit holds list` shows it.")]
PlacedBy = Annotated[
    str | None, typer.Option("--activity", metavar="ID", help="Instead of a hold: all that this activity set aside.")
]
Amount = Annotated[int, typer.Argument(min=1, help="How much, in minor units of the account.")]


@app.command("list")
def list_(ctx: typer.Context, member: Id) -> None:
    """List what is set aside of a member's accounts."""
    from corekit.ledger.holds import holds

    kit = open_kit(ctx)
    whom = find(kit, member).id
    with kit.read() as read:
        found = holds(read, [whom], kit.now())[whom]
    lines = (f"{it.id}  {it.kind:12} {it.amount:>12}  {it.expires_at or 'for ever'}  {it.activity}" for it in found)
    emit(ctx, found, lambda _: "\n".join(lines) or "nothing is held")


@app.command()
def place(
    ctx: typer.Context,
    member: Id,
    account: Annotated[str, typer.Argument(help="The account kind, such as points.")],
    amount: Amount,
    seconds: Annotated[int | None, typer.Option(min=1, help="It lapses after so many seconds.")] = None,
    key: Key = None,
) -> None:
    """Set value aside, so that it can be spent by a capture alone."""
    kind = open_kit(ctx).registry.kinds.get(account)
    told = {"account": account, "seconds": seconds}
    unit = kind.unit.code if kind is not None else None
    record(ctx, "hold.placed", member, told, key, amount=amount, unit=unit)


@app.command()
def capture(
    ctx: typer.Context,
    member: Id,
    hold: Hold = None,
    activity: PlacedBy = None,
    amount: Annotated[int, typer.Option(min=0, help="How much of it, in minor units; all where left out.")] = 0,
    key: Key = None,
) -> None:
    """Spend what is set aside, or a part of it; the rest is available again."""
    kit = open_kit(ctx)
    unit = _unit_of(kit, find(kit, member).id, {hold, activity}) if amount else None
    record(ctx, "hold.captured", member, _which(hold, activity), key, amount=amount, unit=unit)


@app.command()
def release(ctx: typer.Context, member: Id, hold: Hold = None, activity: PlacedBy = None, key: Key = None) -> None:
    """Let what is set aside be available again."""
    record(ctx, "hold.released", member, _which(hold, activity), key)


def _which(hold: str | None, activity: str | None) -> dict[str, str]:
    """Return what an activity says of a hold, or of what placed holds; which of the two it needs, its schema says."""
    named = {"hold": hold, "activity": activity}
    return {name: value for name, value in named.items() if value is not None}


def _unit_of(kit: Any, member: str, which: set[str | None]) -> str | None:
    from corekit.ledger.holds import holds

    with kit.read() as read:
        found = holds(read, [member], kit.now())[member]
    return next((each.unit for each in found if {each.id, each.activity} & which), None)
