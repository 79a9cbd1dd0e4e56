"""What became of the year: members per tier, and points issued, spent, expired, outstanding."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from rich.table import Table
from sqlalchemy import func, select

from corekit import Kit, Reader, micros
from corekit.tables import account, activity, assignment, lot, member, posting
from corekit_demo.load import Loaded

KIND = "points"
_HOUSE: tuple[str, ...] = ("issued", "redeemed", "breakage")


@frozen(kw_only=True)
class Summary:
    """The figures of a demo. Points are whole, ``spend`` is in minor units of ``currency``."""

    database: str
    members: int
    tiers: Mapping[str, int]
    baskets: int
    spend: int
    currency: str
    issued: int
    spent: int
    expired: int
    outstanding: int
    loaded: int
    replayed: int
    seconds: float
    per_second: float


def summarise(kit: Kit, loaded: Loaded) -> Summary:
    """Read the figures from the books, as of the kit's present."""
    now = micros(kit.now())
    with kit.read() as read:
        members = _whole(read, select(func.count()).select_from(member))
        purchases = activity.c.type == "purchase"
        house = _house(read)
        return Summary(
            database=kit.database.url.render_as_string(hide_password=True),
            members=members,
            tiers=_tiers(kit, read, members),
            baskets=_whole(read, select(func.count()).where(purchases)),
            spend=_whole(read, select(func.sum(activity.c.amount)).where(purchases)),
            currency=kit.settings.currency.code,
            issued=-house["issued"],
            spent=house["redeemed"],
            expired=house["breakage"],
            outstanding=_outstanding(read, now),
            loaded=loaded.baskets,
            replayed=loaded.replayed,
            seconds=round(loaded.seconds, 1),
            per_second=round(loaded.per_second),
        )


def table(summary: Summary) -> Table:
    """Lay the figures out for people."""
    shown = Table(show_header=False, title="A year of purchases")
    shown.add_column()
    shown.add_column(justify="right")
    for tier, number in summary.tiers.items():
        shown.add_row(f"members in {tier}", f"{number:,}")
    shown.add_row("members", f"{summary.members:,}", end_section=True)
    shown.add_row("baskets", f"{summary.baskets:,}")
    shown.add_row("spend", f"{summary.spend // 100:,}.{summary.spend % 100:02} {summary.currency}", end_section=True)
    for name in ("issued", "spent", "expired", "outstanding"):
        shown.add_row(f"points {name}", f"{getattr(summary, name):,}")
    shown.add_section()
    if summary.replayed:
        shown.add_row("baskets that were there before", f"{summary.replayed:,}")
    shown.add_row("seconds", f"{summary.seconds:,.1f}")
    shown.add_row("baskets per second", f"{summary.per_second:,.0f}")
    return shown


def _tiers(kit: Kit, read: Reader, members: int) -> dict[str, int]:
    """Return how many members stand in each tier of the main ladder; who was never promoted stands in its first."""
    ladder = kit.program.ladders[0]
    current = select(assignment.c.tier, func.count()).where(
        assignment.c.ladder == ladder.code, assignment.c.valid_to.is_(None)
    )
    found = {row[0]: int(row[1]) for row in read.all(current.group_by(assignment.c.tier))}
    numbers = {tier.code: found.get(tier.code, 0) for tier in ladder.tiers}
    numbers[ladder.tiers[0].code] += members - sum(found.values())
    return numbers


def _house(read: Reader) -> dict[str, int]:
    """Return the balances of the house's accounts: what it received less what it gave."""
    codes = {f"{KIND}.{name}": name for name in _HOUSE}
    own = select(account.c.id, account.c.kind).where(account.c.member_id.is_(None), account.c.kind.in_(codes))
    names = {row.id: codes[row.kind] for row in read.all(own)}
    balances = dict.fromkeys(_HOUSE, 0)
    for side, sign in ((posting.c.credit_account_id, 1), (posting.c.debit_account_id, -1)):
        for row in read.all(select(side, func.sum(posting.c.amount)).where(side.in_(names)).group_by(side)):
            balances[names[row[0]]] += sign * int(row[1])
    return balances


def _outstanding(read: Reader, now: int) -> int:
    """Return what all members may still spend: what the books say, without the lots that are due."""
    balance = account.c.credits_posted - account.c.debits_posted - account.c.debits_pending
    own = (account.c.kind == KIND) & account.c.member_id.is_not(None)
    open_part = lot.c.issued - lot.c.consumed - lot.c.held - lot.c.expired
    due = select(func.sum(open_part)).join(account, account.c.id == lot.c.account_id)
    return _whole(read, select(func.sum(balance)).where(own)) - _whole(read, due.where(own, lot.c.expires_at <= now))


def _whole(read: Reader, statement: Any) -> int:
    return int(read.scalar(statement) or 0)
