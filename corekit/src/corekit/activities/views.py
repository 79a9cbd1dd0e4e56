"""Activities and what they caused, as they are read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from attrs import field, frozen
from sqlalchemy import Dialect

from corekit.activities.activity import Line
from corekit.activities.outcome import SkippedRule
from corekit.db.types import Kept


class Document(Kept):
    """A document that is empty where there is none."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read the document."""
        return super().process_result_value(value, dialect) or {}


class Skipped(Kept):
    """The rules that did not fire."""

    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read the rules."""
        return tuple(SkippedRule(*each) for each in super().process_result_value(value, dialect) or ())


def _document(value: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return value or {}


def _shares(value: Mapping[str, int] | None) -> Mapping[int, int]:
    return {int(no): share for no, share in (value or {}).items()}


class ActivityView(NamedTuple):
    """A recorded activity; ``amount`` in minor units of ``unit``, ``seq`` its number among the member's.

    ``skipped`` are the rules that did not fire for it, or not in full, and why.
    """

    id: str
    member: str
    seq: int | None
    type: str
    occurred_at: datetime
    recorded_at: datetime
    source: str
    external_id: str
    amount: int
    unit: str | None
    payload: Mapping[str, Any]
    actor: str | None
    program: int
    reverses: str | None
    parent: str | None
    depth: int
    state: str
    skipped: tuple[SkippedRule, ...]


@frozen
class EffectView:
    """What an activity gave or took, and the rule that did it.

    ``amount`` is in minor units of the account kind ``account``; ``shares`` says how much of it belongs to
    which line; ``undone`` how much was taken back; ``unfunded`` how much of a spend is funded by nothing any
    more. A ``dropped`` effect did not happen, ``code`` says why. ``undoes`` names the effect that this one
    takes back.
    """

    id: str
    activity: str
    no: int
    owner: str
    kind: str
    rule: str
    account: str | None
    amount: int
    shares: Mapping[int, int] = field(converter=_shares)
    data: Mapping[str, Any] = field(converter=_document)
    state: str
    code: str | None
    undoes: str | None
    undone: int
    unfunded: int


@frozen
class PostingView:
    """A move of value from one account to another, by their kinds; an account of the house has no member."""

    id: str
    effect: str
    unit: str
    amount: int
    debit: str
    debit_member: str | None
    credit: str
    credit_member: str | None
    recorded_at: datetime


@frozen
class ExplainedEffect:
    """An effect with the postings that carried it out and the later effects that took it back."""

    effect: EffectView
    postings: tuple[PostingView, ...] = ()
    undone_by: tuple[EffectView, ...] = ()


@frozen(kw_only=True)
class Explanation:
    """Why: an activity, what it did by which rule, what caused it, what it caused, and what took it back."""

    activity: ActivityView
    lines: tuple[Line, ...] = ()
    effects: tuple[ExplainedEffect, ...] = ()
    cause: ActivityView | None = None
    follow_ons: tuple[ActivityView, ...] = ()
    reverses: ActivityView | None = None
    reversed_by: tuple[ActivityView, ...] = ()


@frozen
class Slip:
    """A sales slip: a purchase with the lines that were asked for.

    ``returned`` is how much of it came back, in minor units of its unit; ``reversed`` says that nothing is left of it.
    """

    activity: ActivityView
    lines: tuple[Line, ...]
    returned: int
    reversed: bool


@frozen
class Consumption:
    """What a member bought of a category or an article (``key``; None where lines name none).

    What came back does not count. ``quantity`` is in thousandths, ``amount`` in
    minor units of the currency.
    """

    member: str
    key: str | None
    purchases: int
    quantity: int
    amount: int
    first_at: datetime
    last_at: datetime
