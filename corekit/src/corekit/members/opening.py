"""What a member had in another system and is taken over: value, lot by lot with its expiry, and tiers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields, validate

from corekit.activities.activity import Activity, Batch
from corekit.activities.effects import Effect, PlaceInTier, Receive
from corekit.ledger.voucher import LARGEST_AMOUNT
from corekit.validation import WholeNumber

BROUGHT = ("opening", "tiers")
"""What a registration may bring along: lots by account kind, and a tier by ladder."""
_RULE = "core@1"
_MOST_LOTS = validate.Length(1, 1000)
_CODE = validate.Length(1, 100)


class OpeningLotSchema(Schema):
    """What is taken over with one expiry."""

    amount = WholeNumber(required=True, validate=validate.Range(1, LARGEST_AMOUNT))
    expires_at = fields.AwareDateTime(load_default=None, allow_none=True)


class OpeningSchema(Schema):
    """What a member had in another system's books."""

    account = fields.String(required=True)
    lots = fields.Nested(OpeningLotSchema, many=True, required=True, validate=_MOST_LOTS)


def brought() -> dict[str, fields.Field[Any]]:
    """Return the fields of a registration that brings something along."""
    lots = fields.Nested(OpeningLotSchema, many=True, validate=_MOST_LOTS)
    return {
        "opening": fields.Dict(keys=fields.String(validate=_CODE), values=lots),
        "tiers": fields.Dict(keys=fields.String(validate=_CODE), values=fields.String(validate=_CODE)),
    }


def react(batch: Batch) -> Iterator[Effect]:
    """Yield what is taken over, at registration or later."""
    for activity in batch.of("opening.balance"):
        told: Any = activity.payload
        yield from _received(activity, told["account"], told["lots"])
    for activity in batch.of("member.registered"):
        along: Any = activity.payload
        for account, lots in along.get("opening", {}).items():
            yield from _received(activity, account, lots)
        for ladder, tier in along.get("tiers", {}).items():
            yield PlaceInTier(activity, rule=_RULE, ladder=ladder, tier=tier, otherwise="refuse")


def _received(activity: Activity, account: str, lots: Iterable[Mapping[str, Any]]) -> Iterator[Receive]:
    for lot in lots:
        lapses = datetime.fromisoformat(lot["expires_at"]) if lot.get("expires_at") else None
        yield Receive(
            activity,
            rule=_RULE,
            otherwise="refuse",
            account=account,
            amount=lot["amount"],
            expires_at=lapses,
            source="opening",
        )
