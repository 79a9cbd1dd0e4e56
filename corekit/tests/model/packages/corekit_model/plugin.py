"""A plugin whose activities say plainly what they do to which account, so that a test decides everything."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from marshmallow import Schema, fields

from corekit import (
    AccountKind,
    Activity,
    ActivityType,
    Batch,
    Bundle,
    Credit,
    Debit,
    Declares,
    Effect,
    Facts,
    Transfer,
    Unit,
    hookimpl,
)

UNIT = Unit("pieces", 0)
GRACE = 3
"""Days that a mile lives on which is given back after it lapsed."""


class GivenSchema(Schema):
    """Which account gets it, in how many days it lapses, and for how many days it has to wait."""

    account = fields.String(required=True)
    lapses_in = fields.Integer(strict=True)
    waits_for = fields.Integer(strict=True)


class TakenSchema(Schema):
    """Which account it comes from."""

    account = fields.String(required=True)


@hookimpl
def corekit_declare() -> Declares:
    return Declares(
        accounts=[
            AccountKind(code="model.coin", unit=UNIT, lots=True),
            AccountKind(code="model.mile", unit=UNIT, lots=True, grace=GRACE),
            AccountKind(code="model.note", unit=UNIT, lots=True, clawback="write_off"),
            AccountKind(code="model.seal", unit=UNIT, lots=True, clawback="refuse"),
            AccountKind(code="model.chip", unit=UNIT),
        ],
        activities=[
            ActivityType(name="model.given", schema=GivenSchema, amount=UNIT.code),
            ActivityType(name="model.taken", schema=TakenSchema, amount=UNIT.code, command=True),
            ActivityType(name="model.tipped", schema=TakenSchema, amount=UNIT.code),
            ActivityType(name="model.sent", schema=TakenSchema, amount=UNIT.code, command=True),
            ActivityType(name="model.swapped", amount=UNIT.code, command=True),
        ],
    )


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Do what each activity says."""
    for activity in batch:
        if activity.type == "purchase":
            yield from _bought(activity)
        elif activity.type.startswith("model."):
            yield from _asked(activity)


def _bought(activity: Activity) -> Iterator[Effect]:
    """A coin for each hundred of a line, for sixty days, and a chip for each thousand of the whole."""
    shares = {line.no: line.amount // 100 for line in activity.lines if line.amount >= 100}
    if shares:
        yield Credit(
            activity,
            rule="coins@1",
            account="model.coin",
            amount=sum(shares.values()),
            shares=shares,
            expires_at=_in_days(activity, 60),
        )
    if chips := activity.amount // 1000:
        yield Credit(activity, rule="chips@1", account="model.chip", amount=chips)


def _asked(activity: Activity) -> Iterator[Effect]:
    told: Any = activity.payload
    amount = activity.amount
    if activity.type == "model.given":
        lapses, waits = told.get("lapses_in"), told.get("waits_for")
        yield Credit(
            activity,
            rule="given@1",
            account=told["account"],
            amount=amount,
            expires_at=_in_days(activity, lapses),
            available_from=_in_days(activity, waits),
        )
    elif activity.type in {"model.taken", "model.tipped"}:
        yield Debit(activity, rule="taken@1", account=told["account"], amount=amount)
    elif activity.type == "model.sent":
        yield Transfer(activity, rule="sent@1", account=told["account"], amount=amount, to=activity.members[0])
    elif activity.type == "model.swapped":
        paid = Debit(activity, rule="swapped@1", account="model.coin", amount=amount)
        got = Credit(activity, rule="swapped@1", account="model.mile", amount=amount, expires_at=_in_days(activity, 20))
        yield Bundle(activity, rule="swapped@1", effects=(paid, got))


def _in_days(activity: Activity, days: int | None) -> Any:
    assert activity.occurred_at is not None
    return activity.occurred_at + timedelta(days=days) if days else None
