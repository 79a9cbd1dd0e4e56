"""From a plan to the rows of one unit of work."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from corekit.activities.activity import Line
from corekit.activities.incoming import Incoming
from corekit.activities.lanes import lane_of
from corekit.activities.outcome import Outcome
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned
from corekit.activities.terms import Terms
from corekit.activities.write_person import add_freed, add_person
from corekit.ids import new_id
from corekit.ledger.rows import Rows
from corekit.ledger.segments import Written
from corekit.ledger.state import Account, Assignment, HeldValue, Lot, Member


def rows_of(plan: Plan, now: int, written: Written) -> Rows:
    """Return everything the plan writes, with ``now`` as the time of what is settled by the kernel's clock.

    Of segments only those that are not known to be ``written``.
    """
    rows: Rows = defaultdict(list)
    shift = max(0, now - plan.now)
    for member in plan.members.values():
        if member.planned:
            _add_settled(rows, plan.terms, member, shift)
    _add_unsettled(rows, plan, now)
    add_freed(rows, plan.known, [member for member in plan.members.values() if member.planned])
    if (segments := rows.pop("segment", None)) and (new := written.lacking(segments)):
        rows["segment"] = new
    return dict(rows)


def waiting(incoming: Incoming, now: int, *, state: str = "waiting") -> tuple[Any, ...]:
    """Return the row of an activity that waits for a worker."""
    member, occurred = incoming.activity.member, incoming.occurred
    return (
        *incoming.key,
        new_id(),
        incoming.hash,
        member,
        lane_of(member),
        occurred,
        document(incoming),
        now,
        state,
    )


def document(incoming: Incoming) -> dict[str, Any]:
    """Return all of an activity that its intake row must keep beside its key, member and time."""
    activity = incoming.activity
    return {
        "id": activity.id,
        "type": activity.type,
        "amount": activity.amount,
        "unit": activity.unit,
        "lines": [_line(activity.id, line)[1:] for line in activity.lines],
        "payload": dict(activity.payload),
        "actor": activity.actor,
        "reverses": activity.reverses,
        "members": list(activity.members),
        "parent": activity.parent,
        "depth": activity.depth,
        **({"identity": dict(incoming.identity)} if incoming.identity is not None else {}),
        **({"inherits": dict(incoming.inherits)} if incoming.inherits else {}),
    }


def _add_settled(rows: Rows, terms: Terms, member: Member, shift: int) -> None:
    """Add everything of a member; first of all, what settles by the kernel's clock takes its time under the lock."""
    for planned in member.planned:
        if planned.kernel_time:
            planned.voucher.at += shift
    _add_member(rows, member)
    add_person(rows, member)
    for account in member.accounts.values():
        _add_account(rows, terms, account)
    for hold in member.holds.values():
        _add_hold(rows, hold)
    for stays in member.assignments.values():
        for stay in stays:
            _add_assignment(rows, member, stay)
    for effect, (undone, unfunded) in member.effect_changes.items():
        if undone or unfunded:
            rows["effect_changed"].append((effect, undone, unfunded))
    _add_metrics(rows, terms, member)
    for planned in member.planned:
        _add_planned(rows, terms, member, planned)


def _add_unsettled(rows: Rows, plan: Plan, now: int) -> None:
    """Add the answers that say no, and what failed."""
    for incoming, outcome in plan.refused:
        answer = (outcome.code, dict(outcome.parameters), now)
        rows["request"].append((*incoming.key, incoming.hash, "refused", incoming.activity.member, None, *answer))
    for incoming, outcome in plan.failed:
        rows["activity"].append(_failed(plan.terms, incoming, outcome, now))
    for incoming in plan.queued:
        rows["intake"].append(waiting(incoming, now, state="failed"))
    for incoming in plan.waiting:
        rows["intake"].append(waiting(incoming, now))


def _add_member(rows: Rows, member: Member) -> None:
    last_at = member.planned[-1].voucher.at
    if not member.is_new:
        state = None if member.state == member.state_loaded else member.state
        changed = (member.id, state, member.merged_into, member.seq - member.seq_loaded, last_at)
        rows["member_changed"].append(changed)
        return
    rows["member"].append((member.id, member.state, member.seq, last_at, member.joined_at, member.merged_into))


def _add_account(rows: Rows, terms: Terms, account: Account) -> None:
    changed = account.pending != account.base[2] or account.state != account.state_loaded
    if account.touched is not None or changed:
        counters = (account.debits, account.credits, account.pending)
        at = account.touched.at if account.touched is not None else account.last_at
        known = account.kind in terms.chart.books
        lapses_at = terms.book(account.kind, at).lapses(at, terms.zone) if known else None
        if account.is_new:
            rows["account"].append(
                (
                    account.id,
                    account.kind,
                    account.member_id,
                    account.state,
                    *counters,
                    0,
                    account.overdraft_limit,
                    account.seq,
                    at,
                    lapses_at,
                )
            )
        else:
            debits, credits_, pending, seq = account.base
            rows["account_changed"].append(
                (
                    account.id,
                    account.state,
                    account.debits - debits,
                    account.credits - credits_,
                    account.pending - pending,
                    account.seq - seq,
                    at,
                    lapses_at,
                )
            )
    for lot in account.lots:
        _add_lot(rows, lot)


def _add_lot(rows: Rows, lot: Lot) -> None:
    if lot.issued_by is not None:
        rows["lot"].append(
            (
                lot.id,
                lot.account_id,
                lot.activity_id,
                lot.effect_id,
                lot.issued,
                lot.consumed,
                lot.held,
                lot.expired,
                lot.repaid,
                lot.expires_at,
                lot.issued_by.at,
                lot.seq,
                lot.available_from,
            )
        )
    elif lot.parts != lot.base:
        consumed, held, expired, repaid, _, seq = lot.base
        rows["lot_changed"].append(
            (
                lot.id,
                lot.consumed - consumed,
                lot.held - held,
                lot.expired - expired,
                lot.repaid - repaid,
                lot.expires_at,
                lot.seq - seq,
            )
        )


def _add_hold(rows: Rows, hold: HeldValue) -> None:
    by = hold.resolved_by
    resolved = (hold.outcome, hold.captured, by.activity_id if by else None, by.at if by else None)
    if hold.placed_by is not None:
        placed = (hold.id, hold.placed_by.activity_id, hold.account.id, hold.amount, hold.expires_at)
        rows["hold"].append((*placed, *resolved, hold.dimensions))
    elif hold.outcome is not None:
        rows["hold_resolved"].append((hold.id, *resolved))


def _add_assignment(rows: Rows, member: Member, stay: Assignment) -> None:
    valid_to = stay.ended_by.at if stay.ended_by is not None else stay.valid_to
    if stay.begun_by is not None:
        rows["assignment"].append(
            (
                stay.id,
                member.id,
                stay.ladder,
                stay.tier,
                stay.begun_by.at,
                valid_to,
                stay.reason,
                stay.activity_id,
                dict(stay.measured),
                stay.program,
                stay.expires_at,
                stay.locked_until,
                stay.locked_by,
                stay.undone_by,
            )
        )
    elif stay.ended_by is not None:
        rows["assignment_closed"].append((stay.id, valid_to, stay.undone_by))
    elif stay.undone_by != stay.undone_loaded:
        rows["assignment_undone"].append((stay.id, stay.undone_by))


def _add_metrics(rows: Rows, terms: Terms, member: Member) -> None:
    if not any(planned.measures or planned.shifted for planned in member.planned):
        return
    totals: dict[str, int] = defaultdict(int)
    days: dict[tuple[str, int], int] = defaultdict(int)
    for planned in member.planned:
        for (name, day), value in planned.measured(terms.zone).items():
            totals[name] += value
            days[name, day] += value
    rows["metric"] += [(member.id, name, value) for name, value in totals.items() if value]
    rows["metric_day"] += [(member.id, name, day, value) for (name, day), value in days.items() if value]
    for name in ("metric", "metric_day"):
        if not rows[name]:
            del rows[name]


def _add_planned(rows: Rows, terms: Terms, member: Member, planned: Planned) -> None:
    incoming, voucher = planned.incoming, planned.voucher
    activity, at = incoming.activity, voucher.at
    measures = {name: value for name, value in planned.measures.items() if value} or None
    rows["request"].append((*incoming.key, incoming.hash, "settled", member.id, activity.id, None, None, at))
    rows["activity"].append(
        (
            activity.id,
            member.id,
            planned.seq,
            activity.type,
            incoming.occurred,
            at,
            *incoming.key,
            planned.amount,
            planned.unit or terms.unit(incoming.kind),
            voucher.payload,
            activity.actor,
            terms.program_at(incoming.occurred).version,
            activity.reverses,
            activity.parent,
            activity.depth,
            "settled",
            None,
            measures,
            list(activity.members) or None,
            [
                (skip.owner, skip.rule, skip.code, *([dict(skip.parameters)] if skip.parameters else ()))
                for skip in planned.skipped
            ]
            or None,
        )
    )
    if planned.lines:
        rows["line"] += [_line(activity.id, line) for line in planned.lines]
    for number, effect in enumerate(planned.effects):
        rows["effect"].append(
            (
                effect.id,
                activity.id,
                number,
                effect.owner,
                effect.kind,
                effect.rule,
                effect.account,
                effect.amount,
                effect.shares,
                effect.data,
                effect.state,
                effect.code,
                effect.undoes,
                0,
                effect.unfunded,
            )
        )
    if voucher.postings:
        rows["posting"] += [(*posting, at) for posting in voucher.postings]
        rows["entry"] += [(*entry, at) for entry in voucher.entries]
        if voucher.segments:
            rows["segment"] += voucher.segments.values()
    if voucher.movements:
        rows["lot_movement"] += voucher.movements
    rows["outbox"].append((activity.id, member.id, activity.type, at))


def _failed(terms: Terms, incoming: Incoming, outcome: Outcome, now: int) -> tuple[Any, ...]:
    activity = incoming.activity
    reason = {"code": outcome.code, "message": outcome.message, "hash": incoming.hash, **outcome.parameters}
    return (
        activity.id,
        activity.member,
        None,
        activity.type,
        incoming.occurred,
        now,
        *incoming.key,
        activity.amount,
        activity.unit or terms.unit(incoming.kind),
        incoming.kept,
        activity.actor,
        terms.program_at(incoming.occurred).version,
        activity.reverses,
        activity.parent,
        activity.depth,
        "failed",
        reason,
        None,
        list(activity.members) or None,
        None,
    )


def _line(activity: str, line: Line) -> tuple[Any, ...]:
    return (activity, line.no, line.amount, line.sku, line.category, line.quantity, line.unit_price, line.flags or None)
