"""The facts of a wave, as one plugin sees them: a view of the plan that cannot change it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from corekit.activities.activity import Activity
from corekit.activities.facts import MemberFacts
from corekit.activities.plan import Plan
from corekit.activities.terms import window_of
from corekit.clock import EPOCH, day_number, micros, moment
from corekit.errors import PluginError
from corekit.ledger.state import Member
from corekit.metrics import LIFETIME, Window
from corekit.tiers.ladder import Tier


class PlannedFacts:
    """:class:`corekit.activities.facts.Facts` over a plan, for the plugin named."""

    __slots__ = ("_plan", "_plugin", "settings")

    def __init__(self, plan: Plan, plugin: str, settings: Any) -> None:
        self._plan = plan
        self._plugin = plugin
        self.settings = settings

    def program(self, activity: Activity) -> Any:  # noqa: ARG002 - rules will be those valid when it occurred
        """Return the plugin's own section of the program."""
        return self._plan.terms.program.sections.get(self._plugin)

    def member(self, activity: Activity) -> MemberFacts:
        """Return the member."""
        member = self._member(activity)
        return MemberFacts(
            member.id, member.state, member.seq, moment(member.joined_at), MappingProxyType(dict(member.attributes))
        )

    def tier(self, activity: Activity, ladder: str | None = None) -> Tier | None:
        """Return the tier in which the member stood when the activity occurred."""
        for known in self._plan.terms.ladders:
            if ladder in (None, known.code):
                at = micros(activity.occurred_at) if activity.occurred_at else self._plan.now
                code = tier_at(self._member(activity), known.code, at)
                return next((tier for tier in known.tiers if tier.code == code), known.tiers[0])
        return None

    def metric(self, name: str, activity: Activity, window: str = "lifetime") -> int:
        """Return a metric summed over a window around the day the activity occurred."""
        asked = self._asked(name.partition("=")[0], window)
        return summed(self._member(activity), name, asked, self.local(activity).date().toordinal())

    def days(self, name: str, activity: Activity, window: str) -> Mapping[date, int]:
        """Return a metric by calendar day, those days of a window on which it is not 0."""
        first, last = _span(self._asked(name, window), self.local(activity).date().toordinal())
        days = self._member(activity).days.get(name, {})
        return {EPOCH + timedelta(days=day): value for day, value in days.items() if value and first <= day <= last}

    def _asked(self, name: str, window: str) -> Window:
        """Return a window if it is one over which a metric is kept."""
        terms = self._plan.terms
        asked = window_of(window)
        if name not in terms.windows:
            message = f"plugin {self._plugin} asks for metric {name!r}, which nobody declares"
            raise PluginError(message, plugin=self._plugin, metric=name)
        if asked.bucket != "lifetime" and asked not in terms.windows[name]:
            message = (
                f"plugin {self._plugin} asks for metric {name!r} over {window!r}; "
                f"add that window to the metric's declaration"
            )
            raise PluginError(message, plugin=self._plugin, metric=name)
        return asked

    def balance(self, kind: str, activity: Activity) -> int:
        """Return what the member may spend of an account kind now."""
        account = self._member(activity).accounts.get(kind)
        return account.available - account.awaited(self._instant(activity)) if account else 0

    def local(self, activity: Activity) -> datetime:
        """Return when the activity occurred, on the clock of the program's time zone."""
        occurred = activity.occurred_at or moment(self._plan.now)
        return occurred.astimezone(self._plan.terms.zone)

    def reported(self, activity: Activity) -> datetime:
        """Return when the activity was told to corekit."""
        if activity.occurred_at is not None and self._is_told(activity):
            return activity.occurred_at
        return moment(self._plan.reported.get(activity.id) or self._instant(activity))

    def _instant(self, activity: Activity) -> int:
        """Return when the activity settles, as far as is known before the lock."""
        told = activity.occurred_at is not None and self._is_told(activity)
        at = micros(activity.occurred_at) if told and activity.occurred_at else self._plan.now
        return max(self._member(activity).last_at + 1, at)

    def _is_told(self, activity: Activity) -> bool:
        """Say whether an activity is told at the time it occurs: it follows from another, or is history."""
        return activity.parent is not None or activity.source in self._plan.terms.historical

    def prepared(self, activity: Activity) -> Any:
        """Return what the plugin prepared for the member."""
        return self._member(activity).prepared.get(self._plugin)

    def _member(self, activity: Activity) -> Member:
        return self._plan.members[activity.member]


def tier_at(member: Member, ladder: str, at: int) -> str | None:
    """Return the tier in which a member stands at an instant; None before the first assignment."""
    tier = None
    for assignment in member.assignments.get(ladder, ()):
        if assignment.valid_from <= at:
            tier = assignment.tier
    return tier


def summed(member: Member, metric: str, window: Window, ordinal: int) -> int:
    """Sum a metric of a member over a window seen from a day (``date.toordinal``)."""
    if window == LIFETIME:
        return member.metrics.get(metric, 0)
    days = member.days.get(metric)
    if not days:
        return 0
    first, last = _span(window, ordinal)
    return sum(value for day, value in days.items() if first <= day <= last)


@lru_cache(maxsize=4096)
def _span(window: Window, ordinal: int) -> tuple[int, int]:
    first, last = window.days(datetime.fromordinal(ordinal).date())
    return day_number(first), day_number(last)
