"""What people do by hand: give and take, cancel what was gained against the rules, and pass on to others."""

from __future__ import annotations

from corekit import Activity, Credit, Debit, Effect, Facts, Refusal, TakeBack, Transfer
from corekit_points import declared
from corekit_points.rules import Book


def adjusted(activity: Activity, _: Facts) -> Effect:
    """Return what an adjustment says."""
    move = Credit if activity.amount > 0 else Debit
    return move(activity, rule="adjustment@1", account=str(activity.unit), amount=abs(activity.amount))


def cancelled(activity: Activity, _: Facts) -> Effect:
    """Return that what an earlier activity earned is taken back, or a part of it."""
    return TakeBack(
        activity,
        rule="cancelled@1",
        target=str(activity.payload["activity"]),
        account=str(activity.unit),
        amount=activity.amount or None,
    )


def transferred(activity: Activity, facts: Facts) -> Effect:
    """Return what goes to the one member that is named; raise the refusal where the program lets nothing go."""
    account, book = str(activity.unit), facts.program(activity)
    if not _may_go(book, account):
        raise Refusal(declared.TRANSFER_NOT_ALLOWED.code, account=account)
    if len(activity.members) != 1:
        raise Refusal(declared.RECEIVER.code, named=len(activity.members))
    (receiver,) = activity.members
    return Transfer(activity, rule="transferred@1", account=account, amount=activity.amount, to=receiver)


def _may_go(book: Book, account: str) -> bool:
    return any(currency.kind == account and currency.transfers for currency in book.currencies.values())
