"""The chart of accounts: for each declared kind how the books keep it, and the house's own accounts beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from sqlalchemy import Connection, Table, insert, select

from corekit.declares import AccountKind, Unit
from corekit.errors import SettingsError
from corekit.ids import named_id
from corekit.ledger import tables
from corekit.ledger.expiry import Expiry

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from corekit.registry import Registry

HOUSE = ("issued", "redeemed", "breakage", "adjust", "opening", "transfer")
"""The house's side of each kind: where value comes from and goes to. These accounts keep no counters."""

DEBT = "debt"
"""What a member owes after value was taken back that had been spent; its balance is zero or negative."""

DAY = 86_400_000_000
"""Microseconds."""


@frozen
class Book:
    """How the ledger keeps one kind of member account."""

    code: str
    unit: Unit
    lots: bool
    expiry: Expiry | None
    clawback: str
    grace: int
    owner: str
    dimensions: Sequence[str]
    debt: str = field()
    house: Mapping[str, str] = field()

    @classmethod
    def of(cls, kind: AccountKind, owner: str) -> Book:
        """Keep a declared kind."""
        return cls(
            code=kind.code,
            unit=kind.unit,
            lots=kind.lots,
            expiry=kind.expiry,
            clawback=kind.clawback,
            grace=kind.grace * DAY,
            owner=owner,
            dimensions=tuple(kind.dimensions),
            debt=f"{kind.code}.{DEBT}",
            house={name: house_account(kind.code, name) for name in HOUSE},
        )

    @property
    def is_idle(self) -> bool:
        """Whether what is left lapses together, some time after the account's last entry."""
        return self.expiry is not None and self.expiry.after == "inactivity"

    def lapses(self, at: int, zone: ZoneInfo) -> int | None:
        """Return when what is left lapses if the account's last entry is that of an instant; None if not together."""
        return self.expiry.instant(at, zone) if self.expiry is not None and self.is_idle else None


def house_account(kind: str, name: str) -> str:
    """Return the id of one of the house's accounts (``issued``, ``redeemed``, ...) of a kind."""
    return named_id(f"account:{kind}.{name}")


@frozen
class Chart:
    """The books of every kind that is declared now, by code."""

    books: Mapping[str, Book]
    house: Mapping[str, str]
    """The names (``points.issued``) of the house's accounts by their id."""
    dimensions: Sequence[str]
    """The dimensions of all kinds."""

    @classmethod
    def of(cls, kinds: Iterable[tuple[AccountKind, str]]) -> Chart:
        """Make the chart of declared kinds, each with its owner."""
        books = {kind.code: Book.of(kind, owner) for kind, owner in kinds}
        house = {account: f"{book.code}.{name}" for book in books.values() for name, account in book.house.items()}
        return cls(books, house, sorted({name for book in books.values() for name in book.dimensions}))


def sync(connection: Connection, registry: Registry, chart: Chart) -> None:
    """Enter declared units and kinds, and the house's accounts, into the books; what is there stays.

    Raises :class:`SettingsError` where a kind or unit that has been used is declared differently now.
    """
    if connection.dialect.name == "postgresql":
        # Of two who enter the same at once the second shall see what the first one did.
        connection.exec_driver_sql(f"LOCK TABLE {tables.account_kind.name} IN SHARE ROW EXCLUSIVE MODE")
    known_units = {row.code: (row.scale, row[2]) for row in connection.execute(select(tables.unit))}
    for unit in registry.units.values():
        if known_units.setdefault(unit.code, (unit.scale, unit.kind)) != (unit.scale, unit.kind):
            message = f"unit {unit.code} is kept with scale {known_units[unit.code][0]}; declare it so, or name another"
            raise SettingsError(message, unit=unit.code)
    kinds = list(_kinds(chart))
    known_kinds = {row.code: row for row in connection.execute(select(tables.account_kind))}
    for kind in kinds:
        known = known_kinds.get(kind["code"])
        if known is not None and known.unit != kind["unit"]:
            message = f"account kind {kind['code']} is kept in {known.unit}; declare it so, or name another"
            raise SettingsError(message, kind=kind["code"])
        if known is not None and bool(known.lots) != kind["lots"]:
            lots = "with" if known.lots else "without"
            message = f"account kind {kind['code']} is kept {lots} lots; declare it so, or name another"
            raise SettingsError(message, kind=kind["code"])
    there = set(connection.scalars(select(tables.unit.c.code)))
    units = [
        {"code": u.code, "scale": u.scale, "class": u.kind} for u in registry.units.values() if u.code not in there
    ]
    _add(connection, tables.unit, units)
    _add(connection, tables.account_kind, [kind for kind in kinds if kind["code"] not in known_kinds])
    accounts = set(connection.scalars(select(tables.account.c.id).where(tables.account.c.member_id.is_(None))))
    _add(
        connection, tables.account, [_house_row(id_, kind) for id_, kind in chart.house.items() if id_ not in accounts]
    )


def _add(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        connection.execute(insert(table), rows)


def _kinds(chart: Chart) -> Iterator[dict[str, Any]]:
    for book in chart.books.values():
        common = {"unit": book.unit.code, "clawback": book.clawback, "owner": book.owner}
        yield {"code": book.code, "system": False, "lots": book.lots, **common}
        yield {"code": book.debt, "system": False, "lots": False, **common}
        for name in HOUSE:
            yield {"code": f"{book.code}.{name}", "system": True, "lots": False, **common}


def _house_row(account: str, kind: str) -> dict[str, Any]:
    counters = dict.fromkeys(
        ("debits_posted", "credits_posted", "debits_pending", "credits_pending", "seq", "last_at"), 0
    )
    return {"id": account, "kind": kind, "member_id": None, "state": "open", "overdraft_limit": None, **counters}
