"""What goes out again by another way than spending: money that is paid out, and payments that are charged back."""

from __future__ import annotations

from collections.abc import Iterator

from corekit import Activity, Credit, Debit, Effect, Facts, Refusal, SetAccountState
from corekit_stored_value import declared
from corekit_stored_value.approvals import used
from corekit_stored_value.prepared import NOTHING, Prepared
from corekit_stored_value.quotes import Quote, quoted
from corekit_stored_value.rules import Book, Used
from corekit_stored_value.standing import check_frozen, currency_of


def withdrawn(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Pay out what the quote says, and take back all that is left of principal and bonus."""
    currency = currency_of(activity, facts)
    check_frozen(currency, currency.principal, currency.bonus)
    quote = _quote(activity, facts)
    yield from used(activity, facts, currency)
    rest = quote.principal - quote.payable
    for rule, account, amount in (
        ("withdrawn@1", currency.principal, quote.payable),
        ("withdrawal_kept@1", currency.principal, rest),
        ("bonus_taken_back@1", currency.bonus, quote.bonus),
    ):
        if amount:
            yield Debit(activity, rule=rule, account=account, amount=amount)


def _quote(activity: Activity, facts: Facts) -> Quote:
    """Return the quote of the member as it is now, if it is the one that was agreed to."""
    book: Book = facts.program(activity)
    currency = currency_of(activity, facts)
    known: Prepared = facts.prepared(activity) or NOTHING
    kinds = (currency.principal, currency.bonus)
    quote = quoted(
        book,
        currency,
        activity.member,
        principal=facts.balance(currency.principal, activity),
        bonus=facts.balance(currency.bonus, activity),
        held=sum(facts.held(kind, activity) for kind in kinds),
        used=known.used.get(currency.unit.code, Used()),
    )
    if quote.hash != activity.payload["quote"]:
        raise Refusal(declared.QUOTE_CHANGED.code)
    if quote.held:
        raise Refusal(declared.HELD.code, held=str(quote.held))
    if not quote.principal and not quote.bonus:
        raise Refusal(declared.NOTHING_LEFT.code)
    asked, pays = str(activity.amount), str(quote.payable)
    if activity.amount > quote.payable:
        raise Refusal(declared.BONUS_NOT_CASH.code, payable=pays, asked=asked, bonus=str(quote.bonus))
    if activity.amount < quote.payable:
        raise Refusal(declared.NOT_IN_PART.code, payable=pays, asked=asked)
    return quote


def charged_back(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Let nothing more be spent. What the top-up brought is taken back by the kernel: the activity reverses it."""
    known: Prepared = facts.prepared(activity) or NOTHING
    target = known.targets.get(str(activity.reverses))
    if target is None or target.type not in (declared.TOPPED_UP.name, declared.PAID.name):
        raise Refusal(declared.NO_TOP_UP.code, activity=str(activity.reverses))
    currency = currency_of(activity, facts, target.unit)
    for account in (currency.principal, currency.bonus):
        if account not in known.closed:  # what is frozen altogether stays so
            yield SetAccountState(activity, rule="charged_back@1", account=account, state="no_debit")


def adjusted(activity: Activity, facts: Facts) -> Iterator[Effect]:
    """Give or take by hand."""
    currency = currency_of(activity, facts)
    account = currency.principal if activity.payload["account"] == "principal" else currency.bonus
    check_frozen(currency, account)
    yield from used(activity, facts, currency)
    move = Credit if activity.amount > 0 else Debit
    yield move(activity, rule="adjusted@1", account=account, amount=abs(activity.amount))
