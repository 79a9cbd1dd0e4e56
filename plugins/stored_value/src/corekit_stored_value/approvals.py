"""Approval by a second person: of just what is done, by its hash, and once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

from attrs import field, frozen
from sqlalchemy import bindparam, insert, select, update

from corekit import Activity, Applied, Effect, EffectKind, Facts, PluginWrite, Reader, Refusal, any_of, micros
from corekit_stored_value import declared
from corekit_stored_value.prepared import NOTHING, Approval, Prepared
from corekit_stored_value.requests import micros_of
from corekit_stored_value.rules import Book, Currency
from corekit_stored_value.tables import approval as _approval

NEEDED = {
    declared.TOPPED_UP.name: "top_up",
    declared.REQUESTED.name: "top_up",
    declared.WITHDRAWN.name: "withdrawal",
    declared.ADJUSTED.name: "adjustment",
}
"""What an activity is called where the program says above which amount it needs an approval."""


@frozen
class Approve(Effect):
    """Somebody, ``actor``, approves what has a hash; it holds until ``lapses_at`` (microseconds)."""

    approval: str = field(kw_only=True)
    hash: str = field(kw_only=True)
    actor: str = field(kw_only=True)
    lapses_at: int = field(kw_only=True)


@frozen
class UseApproval(Effect):
    """An approval is used."""

    approval: str = field(kw_only=True)


def hash_of(activity: Activity) -> str:
    """Return the hash of what an activity does: all of it but its key, who records it, and when."""
    told = [activity.type, activity.member, activity.unit, activity.amount, dict(activity.payload)]
    return sha256(json.dumps(told, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def limit_of(activity: Activity, currency: Currency) -> int | None:
    """Return the amount that an activity may not pass without approval, where it passes one."""
    most = currency.approval.get(NEEDED.get(activity.type, ""))
    return most if most is not None and abs(activity.amount) > most else None


def approving(activity: Activity, facts: Facts) -> Iterator[Approve]:
    """Let somebody approve something."""
    if activity.actor is None:
        raise Refusal(declared.ACTOR_MISSING.code)
    assert activity.occurred_at is not None  # the kernel has said when
    book: Book = facts.program(activity)
    lapses = micros(activity.occurred_at) + micros_of(book.approval_hours)
    what = str(activity.payload["hash"])
    yield Approve(activity, rule="approved@1", approval=activity.id, hash=what, actor=activity.actor, lapses_at=lapses)


def used(activity: Activity, facts: Facts, currency: Currency) -> Iterator[UseApproval]:
    """Yield that an approval is used, where what is done needs one; refuse it where there is none."""
    limit = limit_of(activity, currency)
    if limit is None:
        return
    if activity.actor is None:
        raise Refusal(declared.ACTOR_MISSING.code)
    known: Prepared = facts.prepared(activity) or NOTHING
    assert activity.occurred_at is not None  # the kernel has said when
    at, what = micros(activity.occurred_at), hash_of(activity)
    found = [each for each in known.approvals.values() if each.hash == what and at < each.lapses_at]
    if not found:
        raise Refusal(declared.APPROVAL_MISSING.code, limit=str(limit), hash=what)
    by_others = [each for each in found if each.actor != activity.actor]
    if not by_others:
        raise Refusal(declared.APPROVAL_SAME_PERSON.code, actor=activity.actor)
    yield UseApproval(activity, rule="approved@1", approval=by_others[0].id)


# What is read and written


def open_to(read: Reader, members: Iterable[str]) -> dict[str, dict[str, Approval]]:
    """Return the approvals of members that can still be used, by member and id: one statement."""
    columns = [_approval.c[name] for name in ("member_id", "activity_id", "hash", "actor", "lapses_at")]
    theirs = select(*columns).where(any_of(_approval.c.member_id, sorted(members)), _approval.c.state == "open")
    found: dict[str, dict[str, Approval]] = {}
    for member, *values in read.all(theirs.order_by(_approval.c.activity_id)):
        found.setdefault(member, {})[values[0]] = Approval(*values)
    return found


def _approve(write: PluginWrite, effects: Sequence[Applied]) -> None:
    rows = [
        {
            "activity_id": each.effect.approval,
            "member_id": each.member,
            "hash": each.effect.hash,
            "actor": each.effect.actor,
            "lapses_at": each.effect.lapses_at,
            "state": "open",
        }
        for each in effects
    ]
    write.execute(insert(_approval), rows)


_CLOSE = (
    update(_approval)
    .where(_approval.c.activity_id == bindparam("its_id"), _approval.c.state == "open")
    .values(state=bindparam("next_state"))
)


def _withdraw(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let approvals not be used any more; what was done by them stays."""
    write.execute(_CLOSE, [{"its_id": each.effect.approval, "next_state": "withdrawn"} for each in effects])


def _use(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Use approvals, and return what uses one that was used or withdrawn meanwhile."""
    asked = any_of(_approval.c.activity_id, [each.effect.approval for each in effects])
    locking = select(_approval.c.activity_id).where(asked, _approval.c.state == "open")
    there = set(write.execute(locking.order_by(_approval.c.activity_id).with_for_update()).scalars())
    failed: list[str] = []
    for each in effects:
        if each.effect.approval in there:
            there.remove(each.effect.approval)
        else:
            failed.append(each.id)
    if len(failed) < len(effects):
        write.execute(_CLOSE, [{"its_id": each.effect.approval, "next_state": "used"} for each in effects])
    return failed


def _stays(_: PluginWrite, __: Sequence[Applied]) -> None:
    """Do nothing: what was approved once counts once, also when it was taken back."""


APPROVE = EffectKind(
    name="stored_value.approve",
    effect=Approve,
    apply=_approve,
    undo=_withdraw,
    fold=lambda known, effect: (known or NOTHING).with_approval(
        Approval(effect.approval, effect.hash, effect.actor, effect.lapses_at)
    ),
    unfold=lambda known, effect: (known or NOTHING).without_approval(effect.approval),
)
USE_APPROVAL = EffectKind(
    name="stored_value.use_approval",
    effect=UseApproval,
    apply=_use,
    undo=_stays,
    fold=lambda known, effect: (known or NOTHING).without_approval(effect.approval),
    unfold=lambda known, _: known or NOTHING,
    partial="keep",
    refusal=declared.APPROVAL_USED.code,
)
