"""What a member has, or owes, of an account kind goes elsewhere: to the house, or to another kind of the same unit.

This happens where the plugin of the kind is removed. Everything is a posting of an ordinary activity: the statement
shows it, it says why, and as long as the kind is declared it can be taken back.
"""

from __future__ import annotations

from corekit.activities.effects import CloseAccount
from corekit.activities.loading import holds_on
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.errors import Refusal
from corekit.ledger.books import Teller
from corekit.ledger.chart import Book
from corekit.ledger.state import Member


def close(plan: Plan, member: Member, planned: Planned, effect: CloseAccount, row: PlannedEffect) -> None:
    """Let what is set aside go, then move what the member has, or what it owes; ``row`` becomes the first of that."""
    book = _book(plan, effect.account, planned)
    target = _book(plan, effect.to, planned) if effect.to is not None else None
    account, debt = member.accounts.get(book.code), member.accounts.get(book.debt)
    has = account.balance if account is not None else 0
    owes = -debt.balance if debt is not None else 0
    if has <= 0 and owes <= 0:
        raise Refusal("ACCOUNT_EMPTY", account=book.code)
    step = _Step(plan, member, planned, effect, row)
    for hold in holds_on(member, book.code):
        step.take(book, "Release", hold.amount, {"hold": hold.id}).release(hold)
    # Who owes has nothing to spend, but what was held pays of it.
    has, owes = (account.balance if account else 0), (-debt.balance if debt else 0)
    if has > 0:
        step.move(book, target, has)
    if owes > 0:
        step.settle_debt(book, target, owes)


def _book(plan: Plan, kind: str, planned: Planned) -> Book:
    if kind not in plan.terms.chart.books:
        raise Refusal("ACCOUNT_UNKNOWN", account=kind)
    return plan.terms.book(kind, planned.incoming.occurred)


class _Step:
    """Adds the rows of one closing, each with who does its work."""

    def __init__(
        self, plan: Plan, member: Member, planned: Planned, effect: CloseAccount, first: PlannedEffect
    ) -> None:
        self._plan = plan
        self._member = member
        self._planned = planned
        self._rule = effect.rule
        self._first: PlannedEffect | None = first

    def take(self, book: Book, kind: str, amount: int, told: dict[str, str]) -> Teller:
        """Add an effect on an account, and return who does it; ``told`` may say which house account it is with."""
        row, self._first = self._first, None
        if row is None:
            row = self._planned.add(self._member.journal, PlannedEffect(book.owner, kind, self._rule))
        row.owner, row.kind, row.account, row.amount, row.data = book.owner, kind, book.code, amount, told
        if kind in {"Debit", "Owe"}:
            self._member.journal.put(self._member.spends, row.id, row)
        if kind == "Owe":
            row.unfunded = amount
        house = {name: house for name, house in told.items() if name in {"source", "sink"}}
        return Teller(self._member, self._planned.voucher, row.id, book, self._plan.terms.zone, **house)

    def move(self, book: Book, target: Book | None, amount: int) -> None:
        """Move what the member has, with its expiry, and what cannot be spent yet as such."""
        sink = "breakage" if target is None else "transfer"
        parts = self.take(book, "Debit", amount, {"sink": sink}).give_all()
        for part, expires_at, available_from in parts if target is not None else ():
            if target is not None and part:
                self._receive(target, part, expires_at, available_from)

    def settle_debt(self, book: Book, target: Book | None, amount: int) -> None:
        """Let the house bear what the member owes, or let it be owed in the other kind."""
        self._receive(book, amount, source="issued" if target is None else "transfer")
        if target is None:
            return
        has = Teller(self._member, self._planned.voucher, "", target, self._plan.terms.zone).spendable
        if paid := min(has, amount):
            self.take(target, "Debit", paid, {"sink": "transfer"}).debit(paid)
        if owed := amount - paid:
            self.take(target, "Owe", owed, {"sink": "transfer"}).owe(owed)

    def _receive(
        self,
        book: Book,
        amount: int,
        expires_at: int | None = None,
        available_from: int | None = None,
        source: str = "transfer",
    ) -> None:
        self.take(book, "Receive", amount, {"source": source}).credit(
            amount,
            earned=self._planned.incoming.occurred,
            expires_at=expires_at,
            available_from=available_from,
            by_rule=False,
        )
