"""What an activity is paid with: how much of its amount by which tender, each of which one plugin takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from marshmallow import Schema, fields, validate

from corekit.declares import ActivityType, ErrorText
from corekit.errors import Problem
from corekit.ledger.voucher import LARGEST_AMOUNT
from corekit.validation import WholeNumber, suggest

if TYPE_CHECKING:
    from corekit.activities.activity import Activity
    from corekit.activities.terms import Terms

MOST_TENDERS = 20
"""Tenders of one activity."""
ERRORS = (
    ErrorText("TENDER_UNKNOWN", "Nobody takes the tender {tender}.", "没有支付方式 {tender}。"),
    ErrorText(
        "TENDERS_TOO_MUCH",
        "The tenders sum to {sum}, more than the amount of {amount}.",
        "各支付方式合计 {sum}，超过总额 {amount}。",
    ),
)
_UNKNOWN, _TOO_MUCH = ERRORS


def payload_schema(kind: ActivityType) -> type[Schema] | None:
    """Return the schema of a type's payload, with its tenders where it has any; None where it stays empty."""
    return _with_tenders(kind.schema or Schema) if kind.tenders else kind.schema


@lru_cache(maxsize=1024)
def _with_tenders(schema: type[Schema]) -> type[Schema]:
    amount = WholeNumber(validate=validate.Range(1, LARGEST_AMOUNT))
    tenders: Any = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 80)), values=amount, validate=validate.Length(max=MOST_TENDERS)
    )
    return type(schema.__name__, (schema,), {"tenders": tenders, "__doc__": schema.__doc__})


def problems(activity: Activity, payload: Mapping[str, Any], terms: Terms) -> Iterator[Problem]:
    """Yield what is wrong with the tenders of an activity: one that nobody takes, or more than there is to pay."""
    tenders: Mapping[str, int] = payload.get("tenders") or {}
    known = terms.registry.tenders
    for name in tenders:
        if name not in known:
            message = _UNKNOWN.en.format(tender=name) + suggest(name, known)
            yield Problem(
                code=_UNKNOWN.code, message=message, path=("payload", "tenders", name), parameters={"tender": name}
            )
    total = sum(tenders.values())
    if type(activity.amount) is int and total > max(0, activity.amount):
        told = {"sum": str(total), "amount": str(activity.amount)}
        message = _TOO_MUCH.en.format(**told)
        yield Problem(code=_TOO_MUCH.code, message=message, path=("payload", "tenders"), parameters=told)
