"""Holds of a plan: value of a member that is set aside, then spent or let go, one by one or all of one activity."""

from __future__ import annotations

from corekit.activities.effects import Capture, CaptureAcross, Hold, Release, ReleaseAcross
from corekit.activities.loading import holds_by
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.activities.returns import in_proportion
from corekit.errors import Refusal
from corekit.ledger.books import Teller
from corekit.ledger.chart import Book
from corekit.ledger.state import HeldValue, Member


def place(plan: Plan, member: Member, planned: Planned, effect: Hold, row: PlannedEffect, book: Book) -> None:
    """Set value aside."""
    if not effect.amount:
        raise Refusal("AMOUNT_ZERO")
    if planned.unit not in (None, book.unit.code):
        raise Refusal("UNIT_WRONG", expected=book.unit.code)
    Teller(member, planned.voucher, row.id, book, plan.terms.zone).hold(effect.amount, effect.seconds)


def resolve(plan: Plan, member: Member, planned: Planned, effect: Capture | Release, row: PlannedEffect) -> None:
    """Spend what a hold set aside, or let it go."""
    hold = member.holds.get(effect.hold)
    outcome = hold.outcome if hold is not None else plan.resolved.get(effect.hold)
    if outcome is not None or hold is None:
        raise _unresolvable(effect.hold, outcome)
    _check(plan, planned, hold)
    asked = hold.amount if isinstance(effect, Release) else effect.amount or hold.amount
    if asked > hold.amount:
        raise _over(hold.id, hold.amount, asked)
    row.account = hold.account.kind
    row.amount = asked
    _resolve(plan, member, planned, row, hold)


def resolve_all(
    plan: Plan, member: Member, planned: Planned, owner: str, effect: CaptureAcross | ReleaseAcross
) -> None:
    """Spend what an activity set aside, each hold in proportion, or let all of it go."""
    placed = holds_by(member, effect.placed_by)
    holds = [hold for hold in placed if hold.outcome is None]
    if not holds:
        ended = placed[0].outcome if placed else plan.resolved_of.get((effect.placed_by, member.id))
        raise _unresolvable(effect.placed_by, ended)
    for hold in holds:
        _check(plan, planned, hold)
    amounts = [hold.amount for hold in holds]
    captures = isinstance(effect, CaptureAcross)
    asked = (effect.amount or sum(amounts)) if isinstance(effect, CaptureAcross) else 0
    if asked > sum(amounts):
        raise _over(effect.placed_by, sum(amounts), asked)
    first: str | None = None
    for hold, part in zip(holds, in_proportion(asked, amounts), strict=True):
        kind, account = ("Capture" if captures and part else "Release"), hold.account.kind
        row = PlannedEffect(owner, kind, effect.rule, account=account, amount=part or hold.amount)
        row.data = {"hold": hold.id}
        if part:
            first = first or row.id
            row.data["across"] = first
        _resolve(plan, member, planned, planned.add(member.journal, row), hold)


def _resolve(plan: Plan, member: Member, planned: Planned, row: PlannedEffect, hold: HeldValue) -> None:
    book = plan.terms.book(hold.account.kind, planned.incoming.occurred)
    teller = Teller(member, planned.voucher, row.id, book, plan.terms.zone)
    if row.kind == "Release":
        teller.release(hold)
        return
    teller.capture(hold, row.amount)
    member.journal.put(member.spends, row.id, row)


def _check(plan: Plan, planned: Planned, hold: HeldValue) -> None:
    """Refuse what only a plugin could resolve that is off, and an amount in another unit."""
    book = plan.terms.chart.books.get(hold.account.kind)
    if book is None:
        raise Refusal("PLUGIN_OFF", plugin=hold.account.kind)
    if planned.unit not in (None, book.unit.code):
        raise Refusal("UNIT_WRONG", expected=book.unit.code)


def _unresolvable(what: str, outcome: str | None) -> Refusal:
    """Return why a hold, or those of an activity, cannot be resolved."""
    if outcome is None:
        return Refusal("HOLD_UNKNOWN", hold=what)
    return Refusal("HOLD_EXPIRED" if outcome == "expired" else "HOLD_RESOLVED", hold=what, outcome=outcome)


def _over(what: str, held: int, asked: int) -> Refusal:
    return Refusal("OVER_CAPTURE", hold=what, held=str(held), asked=str(asked))
