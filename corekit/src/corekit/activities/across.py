"""Value of a plan that is taken from several accounts of a member at once: how much of which, and of which lots."""

from __future__ import annotations

from collections.abc import Sequence

from corekit.activities.effects import Across, HoldAcross
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.activities.returns import in_proportion
from corekit.ledger.books import Teller, insufficient
from corekit.ledger.chart import Book
from corekit.ledger.state import Lot, Member

_Parts = list[tuple[Lot, int]]


def take(plan: Plan, member: Member, planned: Planned, owner: str, effect: Across) -> None:
    """Take an amount from the member's accounts, or set it aside: an effect for each that gives something."""
    books = [plan.terms.book(kind, planned.incoming.occurred) for kind in effect.accounts]
    tellers = [_teller(plan, member, planned, book) for book in books]
    _need(effect, tellers)
    first: PlannedEffect | None = None
    kind = "Hold" if isinstance(effect, HoldAcross) else "Debit"
    for book, (amount, parts) in zip(books, _shared_out(effect, books, tellers), strict=True):
        if not amount:
            continue
        row = PlannedEffect(owner, kind, effect.rule, account=book.code, amount=amount)
        first = first or row
        row.data = {"across": first.id, "accounts": list(effect.accounts), "split": effect.split}
        planned.add(member.journal, row)
        teller = _teller(plan, member, planned, book, row)
        if isinstance(effect, HoldAcross):
            teller.hold(amount, effect.seconds, parts)
        else:
            teller.debit(amount, parts)
            member.journal.put(member.spends, row.id, row)


def _teller(plan: Plan, member: Member, planned: Planned, book: Book, row: PlannedEffect | None = None) -> Teller:
    return Teller(member, planned.voucher, row.id if row is not None else "", book, plan.terms.zone)


def _need(effect: Across, tellers: Sequence[Teller]) -> None:
    for teller in tellers:
        teller.need_open()
    available = sum(teller.spendable for teller in tellers)
    if available < effect.amount:
        held = sum(teller.held for teller in tellers)
        raise insufficient(" + ".join(effect.accounts), available, held, effect.amount)


def _shared_out(effect: Across, books: Sequence[Book], tellers: Sequence[Teller]) -> list[tuple[int, _Parts | None]]:
    """Return how much each account gives, and of which lots where it is not the first ones of the account."""
    spendable = [teller.spendable for teller in tellers]
    if effect.split == "pro_rata" and books[0].lots:
        parts = _by_group([teller.spendable_lots() for teller in tellers], effect.amount)
        return [(sum(part for _, part in taken), taken) for taken in parts]
    if effect.split == "pro_rata":
        return [(amount, None) for amount in in_proportion(effect.amount, spendable)]
    left = effect.amount
    given: list[tuple[int, _Parts | None]] = []
    for each in spendable:
        given.append((min(each, left), None))
        left -= given[-1][0]
    return given


def _by_group(accounts: Sequence[Sequence[Lot]], amount: int) -> list[_Parts]:
    """Return what is taken of the lots of each account, which stand in the order in which they are spent."""
    groups: dict[str, list[list[Lot]]] = {}
    for number, lots in enumerate(accounts):
        for lot in lots:
            groups.setdefault(lot.activity_id, [[] for _ in accounts])[number].append(lot)
    taken: list[_Parts] = [[] for _ in accounts]
    for _, group in sorted(groups.items(), key=_group_order):
        remaining = [sum(lot.open for lot in lots) for lots in group]
        part = min(amount, sum(remaining))
        amount -= part
        for found, lots, share in zip(taken, group, in_proportion(part, remaining), strict=True):
            left = share
            for lot in lots:
                if of_lot := min(lot.open, left):
                    found.append((lot, of_lot))
                    left -= of_lot
        if not amount:
            break
    return taken


def _group_order(group: tuple[str, list[list[Lot]]]) -> tuple[int, int, str]:
    """The group that lapses first, then the oldest."""
    lots = [lot for of_account in group[1] for lot in of_account]
    return min(lot.due_at for lot in lots), min(lot.issued_at for lot in lots), group[0]
