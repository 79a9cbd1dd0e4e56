"""Top-ups that wait to be paid: a row for each, which is paid, cancelled or lapsed, and only once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from sqlalchemy import bindparam, delete, insert, select, update

from corekit import (
    Activity,
    Applied,
    Effect,
    EffectKind,
    Facts,
    Job,
    PluginWrite,
    Reader,
    Refusal,
    any_of,
    micros,
    moment,
)
from corekit_stored_value import declared
from corekit_stored_value.prepared import NOTHING, Prepared, Request
from corekit_stored_value.rules import Book
from corekit_stored_value.tables import request as _request

if TYPE_CHECKING:
    from corekit import Kit, Work

_PAGE = 500


@frozen
class Await(Effect):
    """A top-up waits to be paid until ``lapses_at`` (microseconds)."""

    request: str = field(kw_only=True)
    unit: str = field(kw_only=True)
    asked: int = field(kw_only=True)
    lapses_at: int = field(kw_only=True)


@frozen
class Resolve(Effect):
    """A request to pay is over: ``paid``, ``cancelled`` or ``lapsed``; ``was`` is how it stood before."""

    request: str = field(kw_only=True)
    state: str = field(kw_only=True)
    was: str = field(kw_only=True)
    unit: str = field(kw_only=True)
    asked: int = field(kw_only=True)
    lapses_at: int = field(kw_only=True)


# What activities do


def awaited(activity: Activity, facts: Facts) -> Await:
    """Return that a top-up waits."""
    book: Book = facts.program(activity)
    lapses = _occurred(activity) + micros_of(book.request_hours)
    unit, asked = str(activity.unit), activity.amount
    return Await(activity, rule="requested@1", request=activity.id, unit=unit, asked=asked, lapses_at=lapses)


def paid(activity: Activity, facts: Facts) -> Resolve:
    """Return that a request was paid: what was asked for, and in time, however late that is told."""
    request = _open(activity, facts, "waiting", "lapsed")
    if (activity.unit, activity.amount) != (request.unit, request.amount):
        raise Refusal(declared.PAID_OTHERWISE.code, amount=str(request.amount), unit=request.unit)
    if _occurred(activity) >= request.lapses_at:
        raise Refusal(declared.REQUEST_LAPSED.code, lapsed=moment(request.lapses_at).isoformat())
    return _resolve(activity, request, "paid")


def cancelled(activity: Activity, facts: Facts) -> Resolve:
    """Return that a request is not going to be paid."""
    return _resolve(activity, _open(activity, facts, "waiting"), "cancelled")


def lapsed(activity: Activity, facts: Facts) -> Resolve:
    """Return that a request was not paid in time."""
    request = _open(activity, facts, "waiting")
    if _occurred(activity) < request.lapses_at:
        raise Refusal(declared.REQUEST_NOT_DUE.code, lapses=moment(request.lapses_at).isoformat())
    return _resolve(activity, request, "lapsed")


def _open(activity: Activity, facts: Facts, *states: str) -> Request:
    """Return the request that an activity names, if it stands as it has to."""
    known: Prepared = facts.prepared(activity) or NOTHING
    asked = str(activity.payload["request"])
    request = known.requests.get(asked)
    if request is None:
        raise Refusal(declared.REQUEST_UNKNOWN.code, request=asked)
    if request.state not in states:
        raise Refusal(declared.REQUEST_RESOLVED.code, state=request.state)
    return request


def _resolve(activity: Activity, request: Request, state: str) -> Resolve:
    return Resolve(
        activity,
        rule=f"{state}@1",
        request=request.id,
        state=state,
        was=request.state,
        unit=request.unit,
        asked=request.amount,
        lapses_at=request.lapses_at,
    )


def _occurred(activity: Activity) -> int:
    assert activity.occurred_at is not None  # the kernel has said when
    return micros(activity.occurred_at)


def micros_of(hours: int) -> int:
    """Return so many hours in microseconds."""
    return timedelta(hours=hours) // timedelta(microseconds=1)


# What is read


def named(read: Reader, members: Iterable[str], requests: Iterable[str]) -> dict[str, dict[str, Request]]:
    """Return those of some requests that are of some members, by member and id: one statement."""
    columns = [_request.c[name] for name in ("member_id", "activity_id", "unit", "amount", "lapses_at", "state")]
    theirs = select(*columns).where(
        any_of(_request.c.activity_id, sorted(requests)), any_of(_request.c.member_id, sorted(members))
    )
    found: dict[str, dict[str, Request]] = {}
    for member, *values in read.all(theirs):
        found.setdefault(member, {})[values[0]] = Request(*values)
    return found


def of_members(read: Reader, members: Iterable[str]) -> dict[str, list[Request]]:
    """Return the requests of members, the newest first: one statement."""
    columns = [_request.c[name] for name in ("member_id", "activity_id", "unit", "amount", "lapses_at", "state")]
    theirs = select(*columns).where(any_of(_request.c.member_id, sorted(members)))
    found: dict[str, list[Request]] = {}
    for member, *values in read.all(theirs.order_by(_request.c.activity_id.desc())):
        found.setdefault(member, []).append(Request(*values))
    return found


# What is written


def _await(write: PluginWrite, effects: Sequence[Applied]) -> None:
    rows = [
        {
            "activity_id": each.effect.request,
            "member_id": each.member,
            "unit": each.effect.unit,
            "amount": each.effect.asked,
            "lapses_at": each.effect.lapses_at,
            "state": "waiting",
        }
        for each in effects
    ]
    write.execute(insert(_request), rows)


def _forget(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Let requests be as if they had never been; one that is over is not, before that is taken back."""
    asked = any_of(_request.c.activity_id, [each.effect.request for each in effects])
    over = select(_request.c.activity_id).where(asked, _request.c.state != "waiting").with_for_update()
    resolved = set(write.execute(over).scalars())
    write.execute(delete(_request).where(asked, _request.c.state == "waiting"))
    return [each.id for each in effects if each.effect.request in resolved]


_CHANGE = (
    update(_request)
    .where(_request.c.activity_id == bindparam("its_request"), _request.c.state == bindparam("its_state"))
    .values(state=bindparam("next_state"))
)


def _change(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Resolve requests that stand as they stood when that was decided; return those that do not."""
    asked = [each.effect.request for each in effects]
    locking = select(_request.c.activity_id, _request.c.state).where(any_of(_request.c.activity_id, asked))
    rows = write.execute(locking.order_by(_request.c.activity_id).with_for_update())
    stands: dict[str, str] = {row.activity_id: row.state for row in rows}
    good: list[Applied] = []
    for each in effects:
        if stands.get(each.effect.request) == each.effect.was:
            stands[each.effect.request] = each.effect.state
            good.append(each)
    if good:
        write.execute(_CHANGE, [_row(each, each.effect.was, each.effect.state) for each in good])
    kept = {each.id for each in good}
    return [each.id for each in effects if each.id not in kept]


def _change_back(write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let requests stand as they stood; those that were erased meanwhile stay away."""
    write.execute(_CHANGE, [_row(each, each.effect.state, each.effect.was) for each in effects])


def _row(applied: Applied, state: str, becomes: str) -> dict[str, Any]:
    return {"its_request": applied.effect.request, "its_state": state, "next_state": becomes}


# What is foreseen


def _awaits(known: Prepared | None, effect: Await) -> Prepared:
    request = Request(effect.request, effect.unit, effect.asked, effect.lapses_at)
    return (known or NOTHING).with_request(request)


def _resolved(known: Prepared | None, effect: Resolve) -> Prepared:
    request = Request(effect.request, effect.unit, effect.asked, effect.lapses_at, effect.state)
    return (known or NOTHING).with_request(request)


def _unresolved(known: Prepared | None, effect: Resolve) -> Prepared:
    request = Request(effect.request, effect.unit, effect.asked, effect.lapses_at, effect.was)
    return (known or NOTHING).with_request(request)


AWAIT = EffectKind(
    name="stored_value.await",
    effect=Await,
    apply=_await,
    undo=_forget,
    fold=_awaits,
    unfold=lambda known, effect: (known or NOTHING).without_request(effect.request),
    refusal=declared.REQUEST_OVER.code,
)
RESOLVE = EffectKind(
    name="stored_value.resolve",
    effect=Resolve,
    apply=_change,
    undo=_change_back,
    fold=_resolved,
    unfold=_unresolved,
    refusal=declared.REQUEST_OVER.code,
)


# What is done in time


def overdue(kit: Kit, at: int) -> Iterator[Activity]:
    """Yield the lapse of each request that was not paid in time, read a page at a time; for ``Kit.record_many``."""
    after = ""
    due = select(_request.c.activity_id, _request.c.member_id).where(
        _request.c.state == "waiting", _request.c.lapses_at <= at
    )
    while True:
        page = due.order_by(_request.c.activity_id).limit(_PAGE)
        with kit.read() as read:
            rows = read.all(page.where(_request.c.activity_id > after) if after else page)
        for row in rows:
            yield Activity(
                type=declared.LAPSED.name,
                member=row.member_id,
                source="stored_value",
                external_id=f"lapsed:{row.activity_id}:{at}",
                payload={"request": row.activity_id},
            )
        if len(rows) < _PAGE:
            return
        after = rows[-1].activity_id


def _lapse(work: Work) -> None:
    due = overdue(work.kit, micros(work.at))
    while some := list(islice(due, _PAGE)):
        settled = sum(outcome.settled for outcome in work.kit.record_many(some))
        # Refused is what was paid meanwhile.
        work.beat(found=len(some), settled=settled, refused=len(some) - settled)


REQUESTS = Job(
    name="stored_value.requests",
    run=_lapse,
    description="Lets requested top-ups lapse that were not paid in time.",
    schedule="*/30 * * * *",
)
