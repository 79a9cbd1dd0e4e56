"""An activity on its way to settlement, with its key and the hash of its body."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import orjson
from attrs import evolve

from corekit.activities.activity import Activity
from corekit.declares import ActivityType
from corekit.ids import is_id, new_id
from corekit.ledger.segments import NOTHING, Told
from corekit.registry import CORE

REGISTERED = "member.registered"
MERGED = "member.merged"

Key = tuple[str, str]
"""Source and external id: what an activity is known by to its sender."""


class Incoming:
    """An activity on its way to settlement, with what is asked of it often."""

    __slots__ = (
        "above",
        "activity",
        "addressed",
        "ambiguous",
        "cause",
        "enrolment",
        "hash",
        "historical",
        "identity",
        "inherits",
        "kind",
        "occurred",
        "payload",
        "reported",
        "resumes",
    )

    def __init__(
        self,
        activity: Activity,
        kind: ActivityType,
        occurred: int,
        payload: Mapping[str, Any] | None,
        *,
        hash_: str,
        historical: bool,
    ) -> None:
        self.activity = activity
        self.kind = kind
        self.occurred = occurred
        self.payload = payload
        self.hash = hash_
        self.historical = historical
        # The failed activity of the same key, which is settled now under its id.
        self.resumes: str | None = None
        # Whom it names instead of a member, and the members among whom that does not decide.
        self.identity: Mapping[str, Any] | None = None
        self.ambiguous: tuple[str, ...] = ()
        # The registration that came before it, and, of that registration, what it came before.
        self.enrolment: Incoming | None = None
        self.cause: Incoming | None = None
        # Of whom it was told, where they are merged now and it is about their survivors.
        self.addressed: tuple[str, tuple[str, ...]] | None = None
        # What it follows from, where that settles by the same plan.
        self.above: Incoming | None = None
        # What that says of dimensions, which counts where this says nothing.
        self.inherits: Told = NOTHING
        # When it was enqueued; None where it is settled as it arrives.
        self.reported: int | None = None

    def resume(self, activity: str) -> None:
        """Settle under the id of the failed activity of the same key."""
        self.resumes = activity
        self.activity = evolve(self.activity, id=activity)

    def renew_id(self) -> None:
        """Take a new id, unless it resumes an activity."""
        if self.resumes is None:
            self.activity = evolve(self.activity, id=new_id())

    def readdress(self, survivors: Mapping[str, str]) -> None:
        """Be about the survivors of those of whom it was told.

        What takes back stays where its target is, and what the core itself records is about nobody else.
        """
        member, members = self.addressed or (self.activity.member, self.activity.members)
        if self.earlier is None and self.activity.source != CORE:
            member = survivors.get(member, member)
            if self.kind.name != MERGED:
                members = tuple(survivors.get(each, each) for each in members)
        self.turn_to(member, members)

    def turn_to(self, member: str, members: tuple[str, ...]) -> None:
        """Be about a member, and name others, in place of those of whom it was told."""
        if (member, members) != (self.activity.member, self.activity.members):
            self.addressed = self.addressed or (self.activity.member, self.activity.members)
            self.activity = evolve(self.activity, member=member, members=members)

    @property
    def kept(self) -> Mapping[str, Any] | None:
        """What stays of its payload with the activity: who somebody is does not."""
        kept, payload = self.kind.kept, self.payload
        if kept is None or payload is None:
            return payload
        return {name: payload[name] for name in kept if name in payload} or None

    @property
    def about(self) -> tuple[str, ...]:
        """The members whom it names."""
        return self.activity.member, *self.activity.members

    @property
    def earlier(self) -> str | None:
        """The earlier activity of which this one takes something back, if any."""
        if self.kind.target is None:
            return self.activity.reverses
        named = self.activity.payload.get(self.kind.target)
        return named if is_id(named) else None

    @property
    def key(self) -> Key:
        """Source and external id."""
        return self.activity.source, self.activity.external_id


def internal(activity: Activity, kind: ActivityType, occurred: int, *, historical: bool) -> Incoming:
    """Take an activity that the kernel itself makes: a follow-on, an expiry."""
    return Incoming(
        activity, kind, occurred, activity.payload or None, hash_=hash_of(activity, occurred), historical=historical
    )


def hash_of(activity: Activity, occurred: int | None) -> str:
    """Return the hash of the body: all that the sender says, except who says it and under which key."""
    body = (
        activity.type,
        None if activity.type == REGISTERED else activity.member if activity.identity is None else activity.identity,
        occurred,
        activity.amount,
        activity.unit,
        [
            (line.no, line.amount, line.sku, line.category, line.quantity, line.unit_price, line.flags)
            for line in activity.lines
        ],
        activity.payload,
        activity.reverses,
        *activity.members,
    )
    return sha256(orjson.dumps(body, default=str, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)).hexdigest()[
        :32
    ]
