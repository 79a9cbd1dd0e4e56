"""Value of a plan that passes between members: what one gives another receives, in the same unit, as it was."""

from __future__ import annotations

from collections.abc import Sequence

from corekit.activities.activity import Activity
from corekit.activities.effects import Receive, TakeDebt, Transfer
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.activities.reverse import RECEIVED
from corekit.clock import micros
from corekit.errors import Refusal
from corekit.ledger.books import Teller
from corekit.ledger.chart import Book
from corekit.ledger.state import Member
from corekit.members.states import allowed


def transfer(
    plan: Plan,
    member: Member,
    planned: Planned,
    effect: Transfer,
    row: PlannedEffect,
    follow_ons: list[Activity],
) -> None:
    """Give an amount of what the member has to another one."""
    book = plan.terms.book(effect.account, planned.incoming.occurred)
    other = plan.members.get(effect.to)
    if other is None or other is member or allowed(other.state or None, RECEIVED) is not None:
        state = None if other is None else other.state
        raise Refusal("TRANSFER_NOT_POSSIBLE", member=effect.to, state=state)
    if book.clawback == "refuse":  # what the other spent could not be taken back with the rest
        raise Refusal("TRANSFER_NOT_ALLOWED", account=book.code)
    parts = teller_of(plan, member, planned, row.id, book).give_away(effect.amount)
    send(plan, member, planned, row, parts, follow_ons)


def give_up(plan: Plan, member: Member, planned: Planned, rule: str, into: str, follow_ons: list[Activity]) -> None:
    """Give everything that the member has to the one of whom it becomes a part, what cannot be spent yet as well."""
    for kind, account in sorted(member.accounts.items()):
        if account.balance <= 0 or kind not in plan.terms.chart.books:
            continue
        book = plan.terms.book(kind, planned.incoming.occurred)
        told = {"to": into}
        row = PlannedEffect(book.owner, "Transfer", rule, account=kind, amount=account.balance, data=told)
        planned.add(member.journal, row)
        send(plan, member, planned, row, teller_of(plan, member, planned, row.id, book).give_all(), follow_ons)


def take_debt(plan: Plan, member: Member, planned: Planned, effect: TakeDebt, follow_ons: list[Activity]) -> None:
    """Pay what another member owes from what the member has; the rest the member owes from now on."""
    book = plan.terms.book(effect.account, planned.incoming.occurred)
    has = teller_of(plan, member, planned, "", book).spendable
    for kind, amount in (("Transfer", min(has, effect.amount)), ("Owe", max(effect.amount - has, 0))):
        if not amount:
            continue
        told = {"to": effect.of}
        row = PlannedEffect(book.owner, kind, effect.rule, account=book.code, amount=amount, data=told)
        planned.add(member.journal, row)
        teller = teller_of(plan, member, planned, row.id, book)
        if kind == "Owe":
            row.unfunded = amount
            teller.owe(amount)
        parts = [(amount, None)] if kind == "Owe" else teller.give_away(amount)
        send(plan, member, planned, row, parts, follow_ons)


def send(
    plan: Plan,
    member: Member,
    planned: Planned,
    row: PlannedEffect,
    parts: Sequence[Sequence[int | None]],
    follow_ons: list[Activity],
) -> None:
    """Let what an effect gave away arrive."""
    to: str = (row.data or {})["to"]
    member.journal.put(member.spends, row.id, row)
    plan.links.append((member.id, to))
    told = {"account": row.account, "parts": [list(part) for part in parts], "sender": member.id}
    unit = plan.terms.chart.books[row.account or ""].unit.code
    name = f"transfer:{len(follow_ons)}"
    follow_ons.append(planned.child(RECEIVED, name, to, payload=told, amount=row.amount, unit=unit))


def receive(plan: Plan, member: Member, planned: Planned, effect: Receive, row: PlannedEffect, book: Book) -> None:
    """Let value arrive."""
    row.data = {"source": effect.source}
    Teller(member, planned.voucher, row.id, book, plan.terms.zone, source=effect.source).credit(
        effect.amount,
        earned=planned.incoming.occurred,
        expires_at=micros(effect.expires_at) if effect.expires_at else None,
        available_from=micros(effect.available_from) if effect.available_from else None,
        by_rule=False,
    )


def teller_of(plan: Plan, member: Member, planned: Planned, effect: str, book: Book) -> Teller:
    """Return who takes what is given to another member."""
    return Teller(member, planned.voucher, effect, book, plan.terms.zone, sink="transfer")
