"""What becomes of points in a pool: they go to the primary member, and from there to others within limits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select

from corekit import Activity, Batch, Facts, Job, Reader, Refusal, Transfer, Work, any_of, balances, micros
from corekit.tables import group_member, member
from corekit_points.pool.declared import NO_POOL, POOL_LIMIT, POOLED, SHARED
from corekit_points.pool.shared import GIVEN, Pool
from corekit_points.rules import Book

Places = frozenset[tuple[str, str, str, str]]
"""Member, code and kind of a group, and the role in it."""
_MANY = 1_000
"""Members that the job looks at at once."""


def load(batch: Batch, read: Reader) -> Mapping[str, Places]:
    """Return the groups of everybody whom points are about to reach or to leave: one statement, or none."""
    asking = [*batch.of(POOLED.name), *batch.of(SHARED.name)]
    if not asking:
        return {}
    named = {each for activity in asking for each in (activity.member, *activity.members)}
    rows = read.all(select(group_member).where(any_of(group_member.c.member_id, named)))
    places = frozenset((row.member_id, row.code, row.kind, row.role) for row in rows)
    return dict.fromkeys((activity.member for activity in asking), places)


def moved(activity: Activity, places: Places, facts: Facts) -> Transfer:
    """Return what goes to the other member; raise the refusal where they share no account, or a limit is passed."""
    book: Book = facts.program(activity)
    account = str(activity.unit)
    pool = book.pool
    if pool is None or pool.kind != account or not _are_one(activity, places, pool):
        raise Refusal(NO_POOL.code, account=account)
    if activity.type == SHARED.name:
        for window, most in pool.limits:
            left = max(0, most - facts.metric(GIVEN, activity, window))
            if activity.amount > left:
                raise Refusal(POOL_LIMIT.code, limit=window, most=str(most), left=str(left))
    return Transfer(activity, rule="pool@1", account=account, amount=activity.amount, to=activity.members[0])


def _are_one(activity: Activity, places: Places, pool: Pool) -> bool:
    """Say whether an activity names the primary and a supplementary member of one group of the pool."""
    if len(activity.members) != 1:
        return False
    pair = (activity.member, activity.members[0])
    primary, other = pair if activity.type == SHARED.name else pair[::-1]
    return any(
        (primary, code, pool.group, "primary") in places
        for holder, code, kind, role in places
        if (holder, kind, role) == (other, pool.group, "supplementary")
    )


def _gather(work: Work) -> Mapping[str, Any]:
    """Let what supplementary members have go to the primary members of their groups."""
    kit = work.kit
    book: Book = kit.program.sections["points"]
    settled = 0
    for asked in _pages(work, book.pool) if book.pool is not None else ():
        answers = list(kit.record_many(asked))
        done = sum(answer.settled for answer in answers)
        settled += done
        work.beat(found=len(answers), settled=done, refused=len(answers) - done)
    return {"settled": settled}


def _pages(work: Work, pool: Pool) -> Iterator[list[Activity]]:
    """Yield what is to be done for the supplementary members who have something, some members at a time."""
    kit, last, primary = work.kit, "0" * 32, group_member.alias("primary_member")
    same = (primary.c.code == group_member.c.code) & (primary.c.role == "primary")
    while True:
        wanted = (
            select(group_member.c.member_id, group_member.c.code, primary.c.member_id.label("primary_id"))
            .join(primary, same)
            .join(member, member.c.id == group_member.c.member_id)
            .where(
                group_member.c.kind == pool.group,
                group_member.c.role == "supplementary",
                group_member.c.member_id > last,
                member.c.state == "active",
            )
            .order_by(group_member.c.member_id, group_member.c.code)
            .limit(_MANY)
        )
        with kit.read() as read:
            rows = read.all(wanted)
            has = balances(read, [row.member_id for row in rows], kit.now()) if rows else {}
        if not rows:
            return
        first = {row.member_id: row for row in reversed(rows)}  # who belongs to two of them shares with the first
        found = {id_: next((each.available for each in has[id_] if each.kind == pool.kind), 0) for id_ in sorted(first)}
        yield [
            Activity(
                type=POOLED.name,
                member=id_,
                members=(first[id_].primary_id,),
                amount=amount,
                unit=pool.kind,
                source="points",
                external_id=f"pool:{micros(work.at)}:{id_}",
            )
            for id_, amount in found.items()
            if amount > 0
        ]
        last = rows[-1].member_id


POOL = Job(
    name="points.pool",
    run=_gather,
    description="Lets points of supplementary members go to the primary members of their groups.",
    schedule="*/15 * * * *",
)
