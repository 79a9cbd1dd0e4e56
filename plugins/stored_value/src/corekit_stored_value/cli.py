"""``corekit stored-value``: what members pay in, spend and take out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from corekit.command import Key, MemberId, emit, find_member, open_kit, record
from corekit_stored_value import cli_reports

if TYPE_CHECKING:
    from corekit_stored_value.quotes import Quote
    from corekit_stored_value.rules import Book, Currency

app = typer.Typer(help="Stored value: what members pay in, spend and take out.", no_args_is_help=True)

Amount = Annotated[int, typer.Argument(min=1, help="How much, in minor units.")]
Unit = Annotated[
    str | None, typer.Option("--currency", help="The unit, such as USD; the program's own where left out.")
]
Channel = Annotated[str, typer.Option(help="How it is paid, such as cash, card or wechat.")]
Reference = Annotated[str | None, typer.Option(help="The number of the payment.")]
Store = Annotated[str | None, typer.Option(help="Where.")]
OrderNo = Annotated[str | None, typer.Option(help="Under which number.")]
Why = Annotated[str | None, typer.Option("--reason", help="Why.")]
Who = Annotated[str | None, typer.Option("--by", help="Who does it; needed where two people are.")]
Asked = Annotated[str, typer.Argument(metavar="REQUEST", help="The activity that asked for it.")]


@app.command()
def show(ctx: typer.Context, member: MemberId, *, currency: Unit = None) -> None:
    """Show what a member has, top-up by top-up, and what waits to be paid."""
    from corekit import balances
    from corekit_stored_value.groups import groups
    from corekit_stored_value.requests import of_members

    kit = open_kit(ctx)
    id_, known = find_member(kit, member).id, _currency(ctx, currency)
    with kit.read() as read:
        has = {each.kind: each for each in balances(read, [id_], kit.now())[id_]}
        left = groups(read, [id_], known, kit.now()).get(id_, [])
        asked = [each for each in of_members(read, [id_]).get(id_, []) if each.unit == known.unit.code]
    both = [has[kind] for kind in (known.principal, known.bonus) if kind in has]
    told = {
        "currency": known.unit.code,
        "principal": has[known.principal].available if known.principal in has else 0,
        "bonus": has[known.bonus].available if known.bonus in has else 0,
        "held": sum(each.pending for each in both),
        "debt": sum(each.debt for each in both),
        "groups": left,
        "requests": [each for each in asked if each.state == "waiting"],
    }
    emit(ctx, told, lambda _: _table(told))


@app.command("top-up")
def top_up(  # noqa: PLR0913 - one for each option
    ctx: typer.Context,
    member: MemberId,
    amount: Amount,
    *,
    channel: Channel,
    reference: Reference = None,
    store: Store = None,
    currency: Unit = None,
    by: Who = None,
    key: Key = None,
) -> None:
    """Take money of a member in."""
    told = {"channel": channel, "reference": reference, "store": store}
    _record(ctx, "stored_value.topped_up", member, told, key, amount=amount, unit=_unit(ctx, currency), actor=by)


@app.command()
def request(  # noqa: PLR0913 - one for each option
    ctx: typer.Context,
    member: MemberId,
    amount: Amount,
    *,
    channel: Channel,
    reference: Reference = None,
    store: Store = None,
    currency: Unit = None,
    by: Who = None,
    key: Key = None,
) -> None:
    """Let a top-up wait until it is paid."""
    told = {"channel": channel, "reference": reference, "store": store}
    _record(ctx, "stored_value.requested", member, told, key, amount=amount, unit=_unit(ctx, currency), actor=by)


@app.command()
def pay(  # noqa: PLR0913 - one for each option
    ctx: typer.Context,
    member: MemberId,
    asked: Asked,
    amount: Amount,
    *,
    provider: Annotated[str, typer.Option(help="Who tells; with the event it is the key.")],
    event: Annotated[str, typer.Option(help="The provider's own id of what it tells.")],
    channel: Channel,
    reference: Reference = None,
    store: Store = None,
    currency: Unit = None,
) -> None:
    """Say that a requested top-up was paid; told twice it counts once."""
    told = {"request": asked, "channel": channel, "reference": reference, "store": store}
    unit = _unit(ctx, currency)
    _record(ctx, "stored_value.paid", member, told, event, source=provider, amount=amount, unit=unit)


@app.command()
def cancel(ctx: typer.Context, member: MemberId, asked: Asked, *, reason: Why = None, key: Key = None) -> None:
    """Let nobody pay a requested top-up any more."""
    _record(ctx, "stored_value.cancelled", member, {"request": asked, "reason": reason}, key)


@app.command()
def spend(
    ctx: typer.Context,
    member: MemberId,
    amount: Amount,
    *,
    store: Store = None,
    order_no: OrderNo = None,
    currency: Unit = None,
    key: Key = None,
) -> None:
    """Spend stored value, principal and bonus as the program says."""
    told = {"store": store, "order_no": order_no}
    _record(ctx, "stored_value.spent", member, told, key, amount=amount, unit=_unit(ctx, currency))


@app.command()
def authorise(
    ctx: typer.Context,
    member: MemberId,
    amount: Amount,
    *,
    seconds: Annotated[int | None, typer.Option(help="For how long; as the program says where left out.")] = None,
    store: Store = None,
    order_no: OrderNo = None,
    currency: Unit = None,
    key: Key = None,
) -> None:
    """Set stored value aside for an order; corekit holds capture and release name the activity."""
    told = {"store": store, "order_no": order_no, "seconds": seconds}
    _record(ctx, "stored_value.authorised", member, told, key, amount=amount, unit=_unit(ctx, currency))


@app.command()
def quote(ctx: typer.Context, member: MemberId, *, currency: Unit = None) -> None:
    """Show what would be paid out to a member who takes its money out now."""
    from corekit_stored_value.quotes import quotes

    kit = open_kit(ctx)
    id_, known = find_member(kit, member).id, _currency(ctx, currency)
    with kit.read() as read:
        found = quotes(read, _book(ctx), known, [id_], kit.now())[id_]
    emit(ctx, found, lambda _: _quote(found))


@app.command()
def withdraw(  # noqa: PLR0913 - one for each option
    ctx: typer.Context,
    member: MemberId,
    amount: Annotated[int, typer.Argument(min=0, help="What the quote says is payable, in minor units.")],
    quoted: Annotated[str, typer.Argument(metavar="QUOTE", help="The hash of the quote.")],
    *,
    channel: Channel,
    reference: Reference = None,
    store: Store = None,
    reason: Why = None,
    currency: Unit = None,
    by: Who = None,
    key: Key = None,
) -> None:
    """Pay a member out, as its quote says; the bonus is taken back."""
    told = {"quote": quoted, "channel": channel, "reference": reference, "store": store, "reason": reason}
    _record(ctx, "stored_value.withdrawn", member, told, key, amount=amount, unit=_unit(ctx, currency), actor=by)


@app.command("charge-back")
def charge_back(
    ctx: typer.Context,
    member: MemberId,
    activity: Annotated[str, typer.Argument(metavar="ACTIVITY", help="The top-up, or its payment.")],
    *,
    reference: Annotated[str | None, typer.Option(help="The number of the case.")] = None,
    reason: Why = None,
    key: Key = None,
) -> None:
    """Take back a top-up whose payment was taken back, and let nothing more be spent."""
    told = {"reference": reference, "reason": reason}
    _record(ctx, "stored_value.charged_back", member, told, key, reverses=activity)


@app.command()
def adjust(  # noqa: PLR0913 - one for each option
    ctx: typer.Context,
    member: MemberId,
    account: Annotated[str, typer.Argument(help="principal or bonus.")],
    amount: Annotated[int, typer.Argument(help="How much, in minor units; negative (after --) to take.")],
    *,
    reason: Annotated[str, typer.Option(help="Why; the statement keeps it.")],
    store: Store = None,
    currency: Unit = None,
    by: Who = None,
    key: Key = None,
) -> None:
    """Give principal or bonus by hand, or take it."""
    told = {"account": account, "reason": reason, "store": store}
    _record(ctx, "stored_value.adjusted", member, told, key, amount=amount, unit=_unit(ctx, currency), actor=by)


@app.command()
def approve(
    ctx: typer.Context,
    member: MemberId,
    hashed: Annotated[str, typer.Argument(metavar="HASH", help="Of what is approved, as the refusal said.")],
    *,
    by: Annotated[str, typer.Option(help="Who approves it.")],
    reason: Why = None,
    key: Key = None,
) -> None:
    """Approve what somebody else does above a limit; it counts once."""
    _record(ctx, "stored_value.approved", member, {"hash": hashed, "reason": reason}, key, actor=by)


def _record(ctx: typer.Context, kind: str, member: str, told: dict[str, Any], key: str | None, **values: Any) -> None:
    """Record an activity with what is told of its payload."""
    record(ctx, kind, member, {name: value for name, value in told.items() if value is not None}, key, **values)


def _book(ctx: typer.Context) -> Book:
    book: Book = open_kit(ctx).program.sections["stored_value"]
    return book


def _unit(ctx: typer.Context, currency: str | None) -> str:
    """Return the unit that is meant; the activity is refused where there is none of that name."""
    return currency or open_kit(ctx).settings.currency.code


def _currency(ctx: typer.Context, currency: str | None) -> Currency:
    known = _book(ctx).currencies
    unit = _unit(ctx, currency)
    if unit not in known:
        message = f"There is no currency {unit}; the program has {', '.join(known)}."
        raise typer.BadParameter(message, param_hint="--currency")
    return known[unit]


def _table(told: dict[str, Any]) -> str:
    lines = [f"{name:12}{told[name]:>14}" for name in ("principal", "bonus", "held", "debt")]
    lines += [
        f"{each.since:%Y-%m-%d %H:%M}  principal {each.principal}, bonus {each.bonus}"
        + ("" if each.lapses_at is None else f" until {each.lapses_at:%Y-%m-%d}")
        for each in told["groups"]
    ]
    lines += [f"waits to be paid: {each.amount} ({each.id})" for each in told["requests"]]
    return "\n".join([f"minor units of {told['currency']}", *lines])


def _quote(found: Quote) -> str:
    lines = [f"{name:12}{getattr(found, name):>14}" for name in ("principal", "bonus", "held", "payable")]
    return "\n".join([f"minor units of {found.unit}", *lines, f"quote       {found.hash}"])


cli_reports.add_to(app)
