"""What a plugin may know when it reacts: the state of each member at its sequence number, frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from attrs import frozen

from corekit.activities.activity import Activity
from corekit.tiers.ladder import Tier


@frozen
class MemberFacts:
    """A member as its next activity finds it; ``kind`` is one of those that the settings declare."""

    id: str
    state: str
    seq: int
    joined_at: datetime
    attributes: Mapping[str, Any]
    kind: str = ""
    birthday: date | None = None
    tags: frozenset[str] = frozenset()


class Facts(Protocol):
    """The facts of one batch, as one plugin sees them. Every answer is about the activity's member.

    Tier and rules are as of ``occurred_at``; calendar windows are those of ``occurred_at``; all else is the
    state at the member's sequence number, which includes everything settled before this activity.
    """

    @property
    def settings(self) -> Any:
        """The plugin's own section of ``corekit.toml``."""
        ...

    def program(self, activity: Activity) -> Any:
        """Return the plugin's own section of the program, as loaded by its schema."""
        ...

    def history(self, activity: Activity) -> Sequence[tuple[datetime | None, Any]]:
        """Return the plugin's section in each version of the program up to that of :meth:`program`, newest first.

        With each comes the first instant that it judges; None where nothing judges before it.
        """
        ...

    def member(self, activity: Activity) -> MemberFacts:
        """Return the member; who only joins by an activity of the chunk has no state before it."""
        ...

    def tier(self, activity: Activity, ladder: str | None = None) -> Tier | None:
        """Return the tier in which the member stood when the activity occurred.

        ``ladder`` left out takes the first ladder of the program; None where there is no ladder or the
        member has no tier of it.
        """
        ...

    def tier_now(self, activity: Activity, ladder: str | None = None) -> Tier | None:
        """Return the tier in which the member stands by now: another one where it changed since the activity occurred.

        A rule asks for :meth:`tier`, so that it does not matter when the activity is told.
        """
        ...

    def metric(self, name: str, activity: Activity, window: str = "lifetime") -> int:
        """Return a metric summed over a window (``day``, ``month``, ``year``, ``rolling 30 days``, ...).

        Of a metric that is kept apart by a field of the payload, ``name=value`` is that of one value.
        """
        ...

    def days(self, name: str, activity: Activity, window: str) -> Mapping[date, int]:
        """Return a metric by calendar day, those days of a window on which it is not 0."""
        ...

    def balance(self, kind: str, activity: Activity) -> int:
        """Return what the member has of an account kind and may spend now, in minor units."""
        ...

    def held(self, kind: str, activity: Activity) -> int:
        """Return what of the member's account of a kind is set aside now, in minor units."""
        ...

    def local(self, activity: Activity) -> datetime:
        """Return ``occurred_at`` on the clock of the program's time zone."""
        ...

    def reported(self, activity: Activity) -> datetime:
        """Return when the activity was told to corekit: enqueued, or about to settle.

        That of a historical source, and what follows from another activity, is told at the time it occurs.
        """
        ...

    def unwritten(self, activity: Activity) -> Sequence[Activity]:
        """Return what of the member settles before this activity in the same chunk: it is not in the database yet.

        The first comes first, each as it will be stored: with its time, and a return with what it takes back.
        """
        ...

    def prepared(self, activity: Activity) -> Any:
        """Return what the plugin's own ``corekit_prepare`` returned for the member, or None."""
        ...
