"""What members had done and where they stood, now or at an earlier moment: all that the policy of a ladder looks at.

Now is read from the sums that are kept. An earlier moment is summed up from the activities that had been recorded by
then, each of which keeps what it measured; so what a ladder would have said is found out whenever it is asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

from attrs import frozen
from sqlalchemy import and_, func, select

from corekit.activities.tables import activity as _activity
from corekit.activities.tables import metric as _total
from corekit.activities.tables import metric_day as _day
from corekit.clock import day_number, local_day
from corekit.db.reader import Reader, any_of
from corekit.ledger.tables import account as _account
from corekit.ledger.tables import entry as _entry
from corekit.members.tables import member as _member
from corekit.metrics import Window
from corekit.tiers.figures import Figures
from corekit.tiers.ladder import Ladder, asked
from corekit.tiers.policy import BALANCE
from corekit.tiers.review import Stay, joined, since
from corekit.tiers.shifted import shifts
from corekit.tiers.tables import assignment as _stay

Pair = tuple[str, Window]


@frozen
class Place:
    """Where a member stands on a ladder, and the assignment that says so (None: it never had one)."""

    stay: Stay
    assignment: str | None


def people(
    read: Reader, member_ids: Iterable[str], wanted: Iterable[Pair], zone: ZoneInfo, day: date
) -> dict[str, Figures]:
    """Return the figures of members now, for what is wanted as seen from ``day``: four statements."""
    ids, pairs = list(member_ids), list(wanted)
    spans = [window.days(day) for name, window in pairs if not name.startswith(BALANCE)]
    return _now(read, ids, _names(pairs), zone, min((first for first, _ in spans), default=day))


def figures(
    read: Reader, member_ids: Iterable[str], ladder: Ladder, zone: ZoneInfo, before: int | None = None
) -> dict[str, Figures]:
    """Return the figures of members that a ladder may ask for, as of an instant or now; members who joined later lack.

    All days are read, so that whatever the policy looks at is there.
    """
    ids, names = list(member_ids), _names(asked(ladder), ladder)
    if before is None:
        return _now(read, ids, names, zone, None)
    return _then(read, ids, names, zone, before)


def places(read: Reader, ladder: Ladder, known: dict[str, Figures], before: int | None = None) -> dict[str, Place]:
    """Return where members stand on a ladder, now or at an instant."""
    chosen = select(_stay).where(any_of(_stay.c.member_id, list(known)), _stay.c.ladder == ladder.code)
    if before is not None:
        chosen = chosen.where(_stay.c.valid_from <= before)
    found = {key: Place(joined(ladder, each), None) for key, each in known.items()}
    for row in read.all(chosen.order_by(_stay.c.member_id, _stay.c.valid_from)):
        begun = since(row.valid_from, found[row.member_id].stay.expires_at)
        stay = Stay(ladder.tier(row.tier), begun, row.expires_at, row.reason, row.locked_until)
        found[row.member_id] = Place(stay, row.id)
    return found


def _names(pairs: Iterable[Pair], ladder: Ladder | None = None) -> tuple[list[str], list[str]]:
    """Return the metrics and the account kinds that are asked for."""
    names = {name for name, _ in pairs}
    if ladder is not None:
        names |= ladder.metrics
        if ladder.growth is not None:
            names.add(ladder.growth.name)
    kinds = {name.removeprefix(BALANCE) for name in names if name.startswith(BALANCE)}
    return sorted(name for name in names if not name.startswith(BALANCE)), sorted(kinds)


def _joined(read: Reader, ids: Sequence[str]) -> dict[str, int]:
    rows = read.all(select(_member.c.id, _member.c.joined_at).where(any_of(_member.c.id, ids)))
    return {row.id: row.joined_at for row in rows}


def _now(
    read: Reader, ids: Sequence[str], names: tuple[list[str], list[str]], zone: ZoneInfo, first: date | None
) -> dict[str, Figures]:
    metrics, kinds = names
    known = _joined(read, ids)
    totals: dict[str, dict[str, int]] = {key: {} for key in known}
    days: dict[str, dict[str, dict[int, int]]] = {key: {} for key in known}
    balances: dict[str, dict[str, int]] = {key: {} for key in known}
    if metrics:
        for row in read.all(select(_total).where(any_of(_total.c.member_id, ids), any_of(_total.c.metric, metrics))):
            totals[row.member_id][row.metric] = row.value
        single = select(_day).where(any_of(_day.c.member_id, ids), any_of(_day.c.metric, metrics))
        if first is not None and first > date.min:
            single = single.where(_day.c.day >= day_number(first))
        for row in read.all(single):
            days[row.member_id].setdefault(row.metric, {})[row.day] = row.value
    if kinds:
        for row in read.all(select(_account).where(any_of(_account.c.member_id, ids), any_of(_account.c.kind, kinds))):
            balances[row.member_id][row.kind] = row.credits_posted - row.debits_posted
    return {key: Figures(at, zone, totals[key], days[key], balances[key]) for key, at in known.items()}


def _then(
    read: Reader, ids: Sequence[str], names: tuple[list[str], list[str]], zone: ZoneInfo, before: int
) -> dict[str, Figures]:
    metrics, kinds = names
    known = {key: at for key, at in _joined(read, ids).items() if at <= before}
    totals: dict[str, dict[str, int]] = {key: {} for key in known}
    days: dict[str, dict[str, dict[int, int]]] = {key: {} for key in known}
    target = _activity.alias("target")
    # What is taken back was measured on the day of what it takes back.
    done = (
        select(
            _activity.c.member_id,
            _activity.c.measures,
            func.coalesce(target.c.occurred_at, _activity.c.occurred_at).label("instant"),
        )
        .outerjoin(target, target.c.id == _activity.c.reverses)
        .where(
            any_of(_activity.c.member_id, list(known)),
            _activity.c.state == "settled",
            _activity.c.recorded_at <= before,
            _activity.c.measures.is_not(None),
        )
    )
    counted: list[tuple[str, int, Mapping[str, int]]] = [
        (row.member_id, day_number(local_day(row.instant, zone)), row.measures or {}) for row in read.all(done)
    ]
    counted += [(each.member, each.day, each.values) for each in shifts(read, known) if each.recorded_at <= before]
    for member, day, measures in counted:
        for name, value in measures.items():
            if name in metrics:
                totals[member][name] = totals[member].get(name, 0) + value
                of_day = days[member].setdefault(name, {})
                of_day[day] = of_day.get(day, 0) + value
    balances = _balances_then(read, known, kinds, before)
    return {key: Figures(at, zone, totals[key], days[key], balances[key]) for key, at in known.items()}


def _balances_then(read: Reader, known: Iterable[str], kinds: list[str], before: int) -> dict[str, dict[str, int]]:
    """Return what accounts held: what the last entry until then left."""
    balances: dict[str, dict[str, int]] = {key: {} for key in known}
    if kinds:
        last = (
            select(_entry.c.account_id, func.max(_entry.c.seq).label("seq"))
            .join(_account, _account.c.id == _entry.c.account_id)
            .where(
                any_of(_account.c.member_id, list(balances)),
                any_of(_account.c.kind, kinds),
                _entry.c.recorded_at <= before,
            )
            .group_by(_entry.c.account_id)
            .subquery()
        )
        left = (
            select(_account.c.member_id, _account.c.kind, _entry.c.balance_after)
            .join(last, last.c.account_id == _account.c.id)
            .join(_entry, and_(_entry.c.account_id == last.c.account_id, _entry.c.seq == last.c.seq))
        )
        for row in read.all(left):
            balances[row.member_id][row.kind] = row.balance_after
    return balances
