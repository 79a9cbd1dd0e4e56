"""The deposit slip: what a member paid in and what came with it, as a page that is printed. Everything is escaped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from html import escape
from typing import Any, Literal
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen
from sqlalchemy import and_, case, select

from corekit import NotFound, Reader, any_of, moment
from corekit.tables import account, activity, entry, posting
from corekit_stored_value.declared_reports import NO_SLIP
from corekit_stored_value.rules import BONUS, Book
from corekit_stored_value.tabular import whole

Language = Literal["en", "zh"]
TOP_UPS = ("stored_value.topped_up", "stored_value.paid")
"""The types of which there is a slip."""
_WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "lang": "en",
        "title": "Deposit slip",
        "member": "Member",
        "at": "Time",
        "store": "Store",
        "channel": "Paid by",
        "reference": "Payment",
        "paid": "Paid in",
        "bonus": "Bonus",
        "held": "Balance",
        "activity": "Slip",
        "sign": "Signature",
    },
    "zh": {
        "lang": "zh-Hans",
        "title": "储值凭条",
        "member": "会员",
        "at": "时间",
        "store": "门店",
        "channel": "支付方式",
        "reference": "支付单号",
        "paid": "储值金额",
        "bonus": "赠送金额",
        "held": "余额",
        "activity": "凭条号",
        "sign": "签名",
    },
}
_STYLE = (
    "body{font:14px sans-serif;width:72mm;margin:4mm auto}h1{font-size:18px;text-align:center}"
    "table{width:100%;border-collapse:collapse}th{text-align:left;font-weight:normal}td{text-align:right}"
    "th,td{padding:1mm 0;vertical-align:top;overflow-wrap:anywhere}.sum{border-top:1px solid}.sign{padding-top:12mm}"
)


@frozen(kw_only=True)
class Slip:
    """A top-up as its slip shows it; amounts in minor units.

    ``owner`` is the id of the member, ``held`` what the accounts had after it, by kind.
    """

    activity: str
    owner: str
    member: str
    at: datetime
    unit: str
    scale: int
    told: Mapping[str, str]
    paid: int
    bonus: int
    held: Mapping[str, int] = field(factory=dict[str, int])

    def named(self, number: str | None) -> Slip:
        """Return it with the number by which the member is known, if there is one."""
        return evolve(self, member=number) if number else self


def slip(read: Reader, book: Book, activity_id: str) -> Slip:
    """Return the slip of a top-up as it was when it was recorded. One statement.

    Raises :class:`~corekit.NotFound` (``STORED_VALUE_NO_SLIP``) where the activity is no top-up.
    """
    rows = read.all(_entries(activity_id))
    if not rows:
        raise NotFound(NO_SLIP.en.format(activity=activity_id), code=NO_SLIP.code, activity=activity_id)
    first = rows[0]
    unit = book.currencies[first.unit or book.own.unit.code].unit
    bonus = sum(row.amount for row in rows if row.kind.startswith(BONUS))
    payload: Mapping[str, Any] = first.payload or {}
    return Slip(
        activity=first.id,
        owner=first.member_id,
        member=first.member_id,
        at=moment(first.recorded_at),
        unit=unit.code,
        scale=unit.scale,
        told={name: str(payload[name]) for name in ("store", "channel", "reference") if payload.get(name)},
        paid=sum(row.amount for row in rows) - bonus,
        bonus=bonus,
        held={row.kind: row.balance_after for row in rows},
    )


def as_html(found: Slip, shop: str, zone: ZoneInfo, language: Language = "en") -> str:
    """Return a slip as a whole page of HTML without anything from elsewhere: no script, no picture, no font."""
    words = _WORDS[language]

    def money(minor: int) -> str:
        return f"{whole(minor, found.scale)} {found.unit}"

    shown: list[tuple[str, str]] = [
        ("member", found.member),
        ("at", f"{found.at.astimezone(zone):%Y-%m-%d %H:%M:%S}"),
        *found.told.items(),
        ("paid", money(found.paid)),
        *([("bonus", money(found.bonus))] if found.bonus else []),
        ("held", money(sum(found.held.values()))),
        ("activity", found.activity),
    ]
    rows = "".join(
        f"<tr{' class=sum' if name == 'held' else ''}><th>{escape(words[name])}</th><td>{escape(value)}</td></tr>\n"
        for name, value in shown
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{words["lang"]}">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(words['title'])} {escape(found.activity)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"<h1>{escape(shop)}</h1>\n<p>{escape(words['title'])}</p>\n<table>\n{rows}</table>\n"
        f'<p class="sign">{escape(words["sign"])}</p>\n</body>\n</html>\n'
    )


def _entries(activity_id: str) -> Any:
    of_posting = and_(posting.c.activity_id == entry.c.activity_id, posting.c.id == entry.c.posting_id)
    signed = case((entry.c.side == "credit", entry.c.amount), else_=-entry.c.amount)
    return (
        select(
            activity.c.id,
            activity.c.unit,
            activity.c.payload,
            activity.c.recorded_at,
            activity.c.member_id,
            account.c.kind,
            signed.label("amount"),
            entry.c.balance_after,
        )
        .join_from(activity, account, account.c.member_id == activity.c.member_id)
        .join(entry, and_(entry.c.account_id == account.c.id, entry.c.activity_id == activity.c.id))
        .join(posting, of_posting)
        .where(any_of(activity.c.id, [activity_id]), activity.c.type.in_(TOP_UPS))
        .order_by(entry.c.account_id, entry.c.seq)
    )
