"""``corekit accounts``: freeze an account of a member, and unfreeze it."""

from __future__ import annotations

from typing import Annotated

import typer

from corekit.cli.lives import Id, Key, Reason, record

app = typer.Typer(help="Freeze an account of a member, and unfreeze it.", no_args_is_help=True)

Account = Annotated[str, typer.Argument(help="The account kind, such as points.")]


@app.command()
def freeze(
    ctx: typer.Context,
    member: Id,
    account: Account,
    reason: Reason = "",
    key: Key = None,
    *,
    debits_only: Annotated[bool, typer.Option("--debits-only", help="Let value still come in.")] = False,
) -> None:
    """Let nothing be taken from an account, and nothing come in either, until it is unfrozen."""
    told = {"account": account, "reason": reason, "debits_only": debits_only}
    record(ctx, "account.frozen", member, told, key)


@app.command()
def unfreeze(ctx: typer.Context, member: Id, account: Account, reason: Reason = "", key: Key = None) -> None:
    """Open a frozen account again."""
    record(ctx, "account.unfrozen", member, {"account": account, "reason": reason}, key)
