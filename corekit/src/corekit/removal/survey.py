"""What a plugin would leave behind: value of its account kinds, work that waits for it, rows of its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from sqlalchemy import JSON, ColumnElement, and_, case, func, or_, select, table, type_coerce

from corekit.activities.tables import intake
from corekit.db.reader import AnyRow, Reader
from corekit.ledger.chart import DEBT
from corekit.ledger.tables import account, account_kind
from corekit.outbox.tables import letter

if TYPE_CHECKING:
    from corekit.kit import Kit
    from corekit.plugins import Plugin

_DEBT = f".{DEBT}"


@frozen(kw_only=True)
class Holding:
    """What members have of an account kind of the plugin, in minor units of ``unit``.

    ``value`` is all they have, ``held`` the part of it that is set aside, ``owed`` what others owe. ``declared`` tells
    whether the plugin, as it is installed, still declares the kind.
    """

    kind: str
    unit: str
    members: int
    value: int
    held: int
    owed: int
    declared: bool

    def __str__(self) -> str:
        owed = f", {self.owed} owed" if self.owed else ""
        return f"{self.value} {self.unit} of {self.kind}{owed} (members: {self.members})"


@frozen(kw_only=True)
class Survey:
    """What a plugin would leave behind.

    ``waiting`` counts activities of its types that are not settled, ``letters`` events that could not be delivered to
    it, ``tables`` the rows of its tables by name.
    """

    plugin: str
    label: str
    holdings: tuple[Holding, ...]
    waiting: int
    letters: int
    tables: Mapping[str, int] = field(factory=dict[str, int])


def survey(read: Reader, kit: Kit, plugin: Plugin, tables: tuple[str, ...]) -> Survey:
    """Return what a plugin would leave behind; ``tables`` are its own that exist."""
    counted = {name: read.scalar(select(func.count()).select_from(table(name))) for name in tables}
    return Survey(
        plugin=plugin.name,
        label=plugin.label,
        holdings=holdings(read.all, kit, plugin.name),
        waiting=read.scalar(select(func.count()).select_from(intake).where(waits_for(plugin.name))),
        letters=read.scalar(select(func.count()).select_from(letter).where(letter.c.plugin == plugin.name)),
        tables=counted,
    )


def holdings(rows_of: Callable[[Any], Iterable[AnyRow]], kit: Kit, plugin: str) -> tuple[Holding, ...]:
    """Return the account kinds of a plugin of which members have, or owe, something; ``rows_of`` runs a select."""
    balance = account.c.credits_posted - account.c.debits_posted
    rows = rows_of(
        select(
            account_kind.c.code,
            account_kind.c.unit,
            func.count().label("members"),
            func.sum(case((balance > 0, balance), else_=0)).label("value"),
            func.sum(account.c.debits_pending).label("held"),
            func.sum(case((balance < 0, -balance), else_=0)).label("owed"),
        )
        .join(account, account.c.kind == account_kind.c.code)
        .where(account_kind.c.owner == plugin, account.c.member_id.is_not(None), has_something())
        .group_by(account_kind.c.code, account_kind.c.unit)
        .order_by(account_kind.c.code)
    )
    books = kit.terms().chart.books
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        kind = row.code.removesuffix(_DEBT)
        known = found.setdefault(kind, {"unit": row.unit, "members": 0, "value": 0, "held": 0, "owed": 0})
        for name in ("members", "value", "held", "owed"):
            known[name] += int(getattr(row, name))
    return tuple(Holding(kind=kind, declared=kind in books, **values) for kind, values in found.items())


def has_something() -> ColumnElement[bool]:
    """Say that there is something on an account, or missing."""
    return or_(account.c.credits_posted != account.c.debits_posted, account.c.debits_pending != 0)


def of_kind(kind: str) -> ColumnElement[bool]:
    """Say that an account is a member's of a kind, or the one of what it owes of it."""
    return and_(account.c.member_id.is_not(None), account.c.kind.in_([kind, kind + _DEBT]))


def waits_for(plugin: str) -> ColumnElement[bool]:
    """Say that an activity that waits is of one of the plugin's types, which all carry its name."""
    kind = type_coerce(intake.c.activity, JSON)["type"].as_string()
    return or_(kind == plugin, kind.startswith(f"{plugin}.", autoescape=True))
