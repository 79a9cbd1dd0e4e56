"""A preview: what would become of members if the ladders were evaluated at a moment. It reads, and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen
from sqlalchemy import select

from corekit.activities.tiering import described
from corekit.clock import micros, moment
from corekit.db.reader import any_of
from corekit.errors import NotFound
from corekit.members.tables import member as _member
from corekit.tiers import due
from corekit.tiers.asof import figures, places
from corekit.tiers.found import ending, rising
from corekit.tiers.ladder import Ladder
from corekit.tiers.review import Change, Ending, Stay, Verdict, evaluate
from corekit.validation import suggest

if TYPE_CHECKING:
    from corekit.kit import Kit


@frozen(kw_only=True)
class Preview:
    """What would become of a member on a ladder: the activity (``type``) that would be recorded, and what it would say.

    ``to_tier`` is None where the tier stays as it is: the member would be warned, or its membership would end.
    ``missing`` is what it lacks to keep the tier, where it would be warned.
    """

    member: str
    ladder: str
    type: str
    from_tier: str
    to_tier: str | None = None
    reason: str = ""
    expires_at: datetime | None = None
    measured: Mapping[str, int] = field(factory=dict[str, int])
    missing: Mapping[str, int] = field(factory=dict[str, int])
    growth: int = 0


def preview(
    kit: Kit,
    at: datetime | None = None,
    *,
    ladder: str | None = None,
    members: Sequence[str] | None = None,
    ladders: Sequence[Ladder] | None = None,
    first: int | None = None,
) -> list[Preview]:
    """Return what would change if the ladders were evaluated at a moment, now by default; by ladder, ``first`` at most.

    A moment that is over is judged by what was recorded until then. ``members`` restricts it to some, ``ladders`` are
    others than those of the program in force at that moment, such as those of a next version. Nobody is looked
    at beyond the ``first``. Raises NotFound for an unknown ladder.
    """
    instant = micros(kit.now() if at is None else at)
    wanted = list(kit.terms().program_at(instant).ladders if ladders is None else ladders)
    if ladder is not None:
        known = [each.code for each in wanted]
        wanted = [each for each in wanted if each.code == ladder]
        if not wanted:
            message = f"the program has no ladder {ladder!r}{suggest(ladder, known)}"
            raise NotFound(message, ladder=ladder)
    before = instant if at is not None and instant < micros(kit.now()) else None
    found = (each for one in wanted for each in _of_ladder(kit, one, instant, members, before))
    return list(islice(found, first))


def _of_ladder(
    kit: Kit, ladder: Ladder, instant: int, members: Sequence[str] | None, before: int | None
) -> Iterator[Preview]:
    told: set[str] = set()  # whose validity ends may have come to qualify as well
    for ids in _chunks(kit, ladder, instant, members, before):
        for each in _judged(kit, ladder, instant, [key for key in ids if key not in told], before):
            told.add(each.member)
            yield each


def _judged(kit: Kit, ladder: Ladder, instant: int, ids: Sequence[str], before: int | None) -> Iterator[Preview]:
    with kit.read() as read:
        rows = read.all(select(_member.c.id, _member.c.state).where(any_of(_member.c.id, list(ids))))
        reviewed = sorted(row.id for row in rows if row.state in due.REVIEWED)
        known = figures(read, reviewed, ladder, kit.zone, before)
        found = places(read, ladder, known, before)
    for key, place in found.items():
        verdict = evaluate(ladder, place.stay, known[key], instant)
        if verdict is not None:
            yield _preview(key, ladder, place.stay, verdict)


def _chunks(
    kit: Kit, ladder: Ladder, instant: int, members: Sequence[str] | None, before: int | None
) -> Iterable[Sequence[str]]:
    """Yield whom to look at: those named, those whom the sweep would find, or, for a moment that is over, everybody."""
    if members is not None:
        yield from due.chunks(sorted(set(members)))
        return
    if before is None:
        found = (ending(kit.database, kit.zone, ladder, instant), rising(kit.database, kit.zone, ladder, instant))
        for each in chain.from_iterable(found):
            yield each.members
        return
    after = ""
    while True:
        chosen = select(_member.c.id).order_by(_member.c.id).limit(due.CHUNK)
        with kit.read() as read:
            ids = [row.id for row in read.all(chosen.where(_member.c.id > after) if after else chosen)]
        if not ids:
            return
        yield ids
        after = ids[-1]


def _preview(member: str, ladder: Ladder, stay: Stay, verdict: Verdict) -> Preview:
    kind, _ = described(ladder, stay, verdict)
    same = Preview(member=member, ladder=ladder.code, type=kind, from_tier=stay.tier.code, reason="nothing_consumed")
    if isinstance(verdict, Change):
        return evolve(
            same,
            to_tier=verdict.tier.code,
            reason=verdict.reason,
            expires_at=None if verdict.expires_at is None else moment(verdict.expires_at),
            measured=verdict.measured,
            growth=verdict.growth,
        )
    if isinstance(verdict, Ending):
        return same
    expires_at = moment(verdict.expires_at)
    return evolve(same, reason=verdict.reason, expires_at=expires_at, missing=verdict.missing)
