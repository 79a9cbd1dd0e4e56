"""The facts of a wave, as one plugin sees them: a view of the plan that cannot change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Any

from corekit.activities.activity import Activity
from corekit.activities.facts import MemberFacts
from corekit.activities.plan import Plan
from corekit.activities.terms import Terms, window_of
from corekit.clock import EPOCH, day_number, micros, moment
from corekit.errors import PluginError
from corekit.ledger.state import Member
from corekit.metrics import Window
from corekit.tiers.figures import Figures
from corekit.tiers.ladder import Tier


class PlannedFacts:
    """:class:`corekit.activities.facts.Facts` over a plan, for the plugin named."""

    __slots__ = ("_plan", "_plugin", "settings")

    def __init__(self, plan: Plan, plugin: str, settings: Any) -> None:
        self._plan = plan
        self._plugin = plugin
        self.settings = settings

    def program(self, activity: Activity) -> Any:
        """Return the plugin's own section of the program that was valid when the activity occurred."""
        return self._plan.terms.versions.at(self._occurred(activity)).sections.get(self._plugin)

    def history(self, activity: Activity) -> Sequence[tuple[datetime | None, Any]]:
        """Return the plugin's section in each version of the program up to that one, newest first."""
        editions = self._plan.terms.versions.upto(self._occurred(activity))
        return [(each.program.valid_from, each.program.sections.get(self._plugin)) for each in reversed(editions)]

    def member(self, activity: Activity) -> MemberFacts:
        """Return the member."""
        member = self._member(activity)
        return MemberFacts(
            member.id,
            member.state,
            member.seq,
            moment(member.joined_at),
            MappingProxyType(dict(member.attributes)),
            member.kind,
            date.fromisoformat(member.birthday) if member.birthday else None,
            member.tags,
        )

    def tier(self, activity: Activity, ladder: str | None = None) -> Tier | None:
        """Return the tier in which the member stood when the activity occurred."""
        return self._tier(activity, ladder, self._occurred(activity))

    def tier_now(self, activity: Activity, ladder: str | None = None) -> Tier | None:
        """Return the tier in which the member stands by now."""
        return self._tier(activity, ladder, None)

    def _tier(self, activity: Activity, ladder: str | None, at: int | None) -> Tier | None:
        for known in self._plan.terms.program_at(self._occurred(activity)).ladders:
            if ladder in (None, known.code):
                code = tier_at(self._member(activity), known.code, at)
                return next((tier for tier in known.tiers if tier.code == code), known.tiers[0])
        return None

    def metric(self, name: str, activity: Activity, window: str = "lifetime") -> int:
        """Return a metric summed over a window around the day the activity occurred."""
        asked = self._asked(name.partition("=")[0], window)
        return figures_of(self._plan.terms, self._member(activity)).sum(name, asked, self.local(activity).date())

    def days(self, name: str, activity: Activity, window: str) -> Mapping[date, int]:
        """Return a metric by calendar day, those days of a window on which it is not 0."""
        begin, end = self._asked(name, window).days(self.local(activity).date())
        first, last = day_number(begin), day_number(end)
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

    def held(self, kind: str, activity: Activity) -> int:
        """Return what of an account kind is set aside."""
        account = self._member(activity).accounts.get(kind)
        return account.pending if account else 0

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

    def unwritten(self, activity: Activity) -> Sequence[Activity]:
        """Return what of the member settles before this activity in the same chunk."""
        return [planned.stored for planned in self._member(activity).planned]

    def prepared(self, activity: Activity) -> Any:
        """Return what the plugin prepared for the member."""
        return self._member(activity).prepared.get(self._plugin)

    def _occurred(self, activity: Activity) -> int:
        return micros(activity.occurred_at) if activity.occurred_at else self._plan.now

    def _member(self, activity: Activity) -> Member:
        return self._plan.member(activity.member)


def tier_at(member: Member, ladder: str, at: int | None) -> str | None:
    """Return the tier in which a member stands at an instant, or by now; None before the first assignment."""
    tier = None
    for assignment in member.assignments.get(ladder, ()):
        if at is None or assignment.valid_from <= at:
            tier = assignment.tier
    return tier


def figures_of(terms: Terms, member: Member) -> Figures:
    """Return what the member did and has, as the plan knows it now."""
    balances = {kind: member.accounts[kind].balance for kind in terms.ladder_accounts if kind in member.accounts}
    return Figures(member.joined_at, terms.zone, member.metrics, member.days, balances)
