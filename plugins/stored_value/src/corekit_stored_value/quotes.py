"""What is paid out to who takes its money out: the quote that it is asked to agree to, and the hash of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from attrs import frozen
from sqlalchemy import BigInteger, and_, case, cast, func, select

from corekit import Reader, any_of, balances
from corekit.tables import activity as _activity
from corekit.tables import effect as _effect
from corekit_stored_value import declared
from corekit_stored_value.rules import Book, Currency, Used, payable

_IN = ("Credit", "Receive")
_OUT = ("Debit", "Capture")


@frozen
class Quote:
    """What a member has of a currency, and what of that is paid out, in minor units.

    ``held`` is set aside and has to be resolved first. The bonus is taken back, and so is what is left of the principal
    where less is paid. The ``hash`` is of all of that.
    """

    member: str
    unit: str
    principal: int
    bonus: int
    held: int
    payable: int
    hash: str


def quoted(book: Book, currency: Currency, member: str, *, principal: int, bonus: int, held: int, used: Used) -> Quote:
    """Return the quote of a member; ``principal`` and ``bonus`` are what is available."""
    pays = payable(book.withdrawal, principal, used)
    told = [member, currency.unit.code, principal, bonus, held, pays]
    hashed = sha256(json.dumps(told).encode()).hexdigest()
    return Quote(member, currency.unit.code, principal, bonus, held, pays, hashed)


def quotes(read: Reader, book: Book, currency: Currency, members: Iterable[str], now: datetime) -> dict[str, Quote]:
    """Return the quotes of members at ``now``: two statements."""
    ids = sorted(set(members))
    used = used_by(read, ids, [currency]) if book.withdrawal == "paid_less_face_value" else {}
    found: dict[str, Quote] = {}
    for member, kinds in balances(read, ids, now).items():
        has = {each.kind: each for each in kinds}
        principal, bonus = has.get(currency.principal), has.get(currency.bonus)
        found[member] = quoted(
            book,
            currency,
            member,
            principal=principal.available if principal else 0,
            bonus=bonus.available if bonus else 0,
            held=sum(each.pending for each in (principal, bonus) if each),
            used=used.get(member, {}).get(currency.unit.code, Used()),
        )
    return found


def used_by(read: Reader, members: Iterable[str], currencies: Iterable[Currency]) -> dict[str, Mapping[str, Used]]:
    """Return by member and unit what was paid in and spent since its money was last taken out: one statement."""
    units = {kind: each.unit.code for each in currencies for kind in (each.principal, each.bonus)}
    principal = [each.principal for each in currencies]
    last, back = _activity.alias("last"), _activity.alias("back")
    taken_out = (
        select(func.max(last.c.seq))
        .where(last.c.member_id == _activity.c.member_id, last.c.type == declared.WITHDRAWN.name)
        .where(last.c.unit == _activity_unit(units), ~select(back.c.id).where(back.c.reverses == last.c.id).exists())
        .correlate(_activity, _effect)
        .scalar_subquery()
    )
    left = _effect.c.amount - _effect.c.undone
    paid = and_(_effect.c.kind.in_(_IN), _effect.c.account_kind.in_(principal))
    summed = (
        select(
            _activity.c.member_id,
            _activity_unit(units).label("unit"),
            cast(func.sum(case((paid, left), else_=0)), BigInteger).label("paid"),
            cast(func.sum(case((_effect.c.kind.in_(_OUT), left), else_=0)), BigInteger).label("spent"),
        )
        .join_from(_effect, _activity, _activity.c.id == _effect.c.activity_id)
        .where(
            any_of(_activity.c.member_id, sorted(set(members))),
            _effect.c.account_kind.in_(list(units)),
            _effect.c.kind.in_((*_IN, *_OUT)),
            _effect.c.state == "applied",
            _effect.c.undoes.is_(None),
            _activity.c.seq > func.coalesce(taken_out, 0),
        )
        .group_by(_activity.c.member_id, _activity_unit(units))
    )
    found: dict[str, dict[str, Used]] = {}
    for row in read.all(summed):
        found.setdefault(row.member_id, {})[row.unit] = Used(int(row.paid), int(row.spent))
    return dict(found)


def _activity_unit(units: Mapping[str, str]) -> Any:
    """Return the unit of the account that an effect moves."""
    return case(*((_effect.c.account_kind == kind, unit) for kind, unit in units.items()))
