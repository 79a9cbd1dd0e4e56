"""``corekit stored-value``: what members pay in, spend and take out."""

from __future__ import annotations

from typing import Annotated

import typer

from corekit.command import Key, MemberId, record

app = typer.Typer(help="Stored value: what members pay in, spend and take out.", no_args_is_help=True)

Amount = Annotated[int, typer.Argument(min=1, help="How much, in minor units.")]
Unit = Annotated[str, typer.Option("--currency", help="The unit, such as USD.")]


@app.callback()
def stored_value() -> None:
    """Stored value: what members pay in, spend and take out."""


@app.command("top-up")
def top_up(
    ctx: typer.Context,
    member: MemberId,
    amount: Amount,
    *,
    currency: Unit,
    channel: Annotated[str, typer.Option(help="How it was paid, such as cash.")],
    reference: Annotated[str | None, typer.Option(help="The number of the payment.")] = None,
    store: Annotated[str | None, typer.Option(help="Where.")] = None,
    key: Key = None,
) -> None:
    """Take money of a member in."""
    told = {"channel": channel, "reference": reference, "store": store}
    payload = {name: value for name, value in told.items() if value is not None}
    record(ctx, "stored_value.topped_up", member, payload, key, amount=amount, unit=currency)
