"""``corekit holds``: set value of a member aside, and capture or release it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from corekit.cli.context import open_kit
from corekit.cli.lives import Id, Key, find, record
from corekit.cli.output import emit

app = typer.Typer(help="Set value of a member aside, and capture or release it.", no_args_is_help=True)

Hold = Annotated[str, typer.Argument(metavar="HOLD", help="The hold's id, as `corekit holds list` shows it.")]
Amount = Annotated[int, typer.Argument(min=1, help="How much, in minor units of the account.")]


@app.command("list")
def list_(ctx: typer.Context, member: Id) -> None:
    """List what is set aside of a member's accounts."""
    from corekit.ledger.holds import holds

    kit = open_kit(ctx)
    whom = find(kit, member).id
    with kit.read() as read:
        found = holds(read, [whom], kit.now())[whom]
    lines = (f"{it.id}  {it.kind:12} {it.amount:>12}  {it.expires_at or 'for ever'}" for it in found)
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
    hold: Hold,
    amount: Annotated[int, typer.Option(min=0, help="How much of it, in minor units; all where left out.")] = 0,
    key: Key = None,
) -> None:
    """Spend what is set aside, or a part of it; the rest is available again."""
    kit = open_kit(ctx)
    unit = _unit_of(kit, find(kit, member).id, hold) if amount else None
    record(ctx, "hold.captured", member, {"hold": hold}, key, amount=amount, unit=unit)


@app.command()
def release(ctx: typer.Context, member: Id, hold: Hold, key: Key = None) -> None:
    """Let what is set aside be available again."""
    record(ctx, "hold.released", member, {"hold": hold}, key)


def _unit_of(kit: Any, member: str, hold: str) -> str | None:
    from corekit.ledger.holds import holds

    with kit.read() as read:
        return next((each.unit for each in holds(read, [member], kit.now())[member] if each.id == hold), None)
