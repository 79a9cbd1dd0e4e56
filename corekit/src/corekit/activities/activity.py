"""What happened: an immutable fact about one member."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any

from attrs import field, frozen

from corekit.frozen import NOTHING, frozen_mapping
from corekit.ids import new_id

WHOLE = 1000
"""One piece, in the thousandths in which quantities are counted."""


@frozen
class Line:
    """One line of a purchase.

    ``amount`` is the price of the whole line in minor units of the activity's unit; ``quantity`` is in
    thousandths of a piece (or of whatever the article is sold by); ``flags`` mark what rules look for,
    such as ``group_buy`` or ``special_offer``.
    """

    no: int
    amount: int
    sku: str | None = None
    category: str | None = None
    quantity: int = WHOLE
    unit_price: int | None = None
    flags: tuple[str, ...] = ()


@frozen(kw_only=True)
class Activity:
    """A fact about one member, recorded once and never changed.

    ``source`` and ``external_id`` together are its key: sent again with the same body it gets the first
    answer, with another body a coded error. ``members`` are the others whose value it may move. ``occurred_at`` is when
    it happened (None: now), ``amount`` is in minor units of ``unit``, ``payload`` follows the schema of its ``type``,
    ``reverses`` names the activity that this one takes back, ``parent`` the one whose effect caused it. A registration
    may leave ``member`` out: it then gets a new one. So may an activity that says by ``identity`` whom it is about:
    fields of a profile, at least one by which a member is known (``number``, ``phone``, ``email``, ``external_id``,
    ``external_ids``). If nobody is known by it, the enrolment policy may register the person first.
    """

    type: str
    member: str = ""
    members: tuple[str, ...] = ()
    identity: Mapping[str, Any] | None = field(default=None, converter=frozen_mapping)
    occurred_at: datetime | None = None
    source: str = "api"
    external_id: str = field(factory=new_id)
    amount: int = 0
    unit: str | None = None
    lines: tuple[Line, ...] = ()
    payload: Mapping[str, Any] = field(default=NOTHING, converter=frozen_mapping)
    actor: str | None = None
    reverses: str | None = None
    parent: str | None = None
    depth: int = 0
    id: str = field(factory=new_id)


class Batch:
    """Activities that are looked at together: each member at most once, so none depends on another."""

    __slots__ = ("_activities", "_by_type")

    def __init__(self, activities: Iterable[Activity]) -> None:
        self._activities = tuple(activities)
        self._by_type: dict[str, list[Activity]] = {}
        for activity in self._activities:
            self._by_type.setdefault(activity.type, []).append(activity)

    def of(self, *types: str) -> Iterator[Activity]:
        """Yield the activities of the given types."""
        if len(types) == 1:
            return iter(self._by_type.get(types[0], ()))
        return chain.from_iterable(self._by_type.get(name, ()) for name in types)

    @property
    def types(self) -> frozenset[str]:
        """The types that occur in this batch."""
        return frozenset(self._by_type)

    def __iter__(self) -> Iterator[Activity]:
        return iter(self._activities)

    def __len__(self) -> int:
        return len(self._activities)
