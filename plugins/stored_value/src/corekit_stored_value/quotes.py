"""What is paid out to who takes its money out: the quote that it is asked to agree to, and the hash of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256

from attrs import frozen
from sqlalchemy import BigInteger, and_, case, cast, func, select

from corekit import Reader, any_of, balances
from corekit.tables import activity as _activity
from corekit.tables import effect as _effect
from corekit_stored_value import declared
from corekit_stored_value.rules import PRINCIPAL, Book, Currency, Used, payable

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
    unit = case(*((_effect.c.account_kind == kind, code) for kind, code in units.items()))
    last, back = _activity.alias("last"), _activity.alias("back")
    taken_out = (
        select(func.max(last.c.seq))
        .where(last.c.member_id == _activity.c.member_id, last.c.type == declared.WITHDRAWN.name, last.c.unit == unit)
        .where(~select(back.c.id).where(back.c.reverses == last.c.id).exists())
        .correlate(_activity, _effect)
        .scalar_subquery()
    )
    moved = (
        select(
            _activity.c.member_id,
            unit.label("unit"),
            _effect.c.kind,
            _effect.c.account_kind,
            (_effect.c.amount - _effect.c.undone).label("amount"),
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
        .subquery()
    )
    paid = and_(moved.c.kind.in_(_IN), moved.c.account_kind.in_([each for each in units if each.startswith(PRINCIPAL)]))
    spent = moved.c.kind.in_(_OUT)
    summed = select(
        moved.c.member_id,
        moved.c.unit,
        *(
            cast(func.sum(case((which, moved.c.amount), else_=0)), BigInteger).label(name)
            for name, which in (("paid", paid), ("spent", spent))
        ),
    ).group_by(moved.c.member_id, moved.c.unit)
    found: dict[str, dict[str, Used]] = {}
    for row in read.all(summed):
        found.setdefault(row.member_id, {})[row.unit] = Used(int(row.paid), int(row.spent))
    return dict(found)
