"""What the plugins make of a wave: their effects, each checked, and whose activity failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import OperationalError

from corekit import core
from corekit.activities.activity import Activity, Batch
from corekit.activities.breaker import Breaker
from corekit.activities.checks import check
from corekit.activities.effects import Effect
from corekit.activities.enrolment import Applicant, Reason
from corekit.activities.incoming import Key
from corekit.activities.outcome import Failure
from corekit.activities.plan import Plan
from corekit.activities.planned_facts import PlannedFacts
from corekit.activities.swept import swept
from corekit.db.reader import Reader
from corekit.declares import Declares
from corekit.errors import Busy, CorekitError, PluginRaised, Refusal, Unavailable
from corekit.log import raised_at
from corekit.registry import CORE

if TYPE_CHECKING:
    from corekit.db.lending import Lent
    from corekit.plugins import Plugin

_log = structlog.get_logger("corekit.plugins")


Yielded = tuple[str, Effect]
"""The plugin and its effect."""


class Reactions:
    """Calls the plugins for the waves of one plan. What a plugin raises harms its own activity only."""

    def __init__(
        self,
        plan: Plan,
        broken: Mapping[Key, Failure],
        refused: Mapping[Key, Refusal],
        breaker: Breaker,
        deadline: float | None = None,
    ) -> None:
        """Call under a deadline (of the monotonic clock) where a member is locked meanwhile."""
        self.plan = plan
        self._breaker = breaker
        self._deadline = deadline
        self.failures: dict[Key, Failure] = dict(broken)
        self.refusals: dict[Key, Refusal] = dict(refused)
        self._facts = {
            plugin.name: PlannedFacts(plan, plugin.name, plugin.settings) for plugin in plan.terms.hooks.reacting
        }

    def prepare(self, activities: Sequence[Activity], settling: Lent) -> None:
        """Let the plugins read what they will need for a chunk."""
        hooks = self.plan.terms.hooks
        if not hooks.preparing:
            return
        read = Reader(settling)

        def facts(plugin: Plugin) -> PlannedFacts:
            return PlannedFacts(self.plan, plugin.name, plugin.settings)

        for prepared in self._bisected("", activities, lambda batch: hooks.prepare(batch, read, facts)):
            for plugin, values in prepared.items():
                for member_id, value in values.items():
                    self.plan.member(member_id).prepared[plugin] = value

    def react(self, activities: Sequence[Activity]) -> dict[str, list[Yielded]]:
        """Return the effects of each activity of a wave, by its id, in the order in which they are applied."""
        found: dict[str, list[Yielded]] = {activity.id: [] for activity in activities}
        for effect in core.react(Batch(activities)):
            found[effect.activity.id].append((CORE, effect))
        terms = self.plan.terms
        for owner, effect in swept(terms, activities):
            found[effect.activity.id].append((owner, effect))
        for plugin in terms.hooks.reacting:
            facts = self._facts[plugin.name]

            def call(batch: Batch, plugin: Plugin = plugin, facts: PlannedFacts = facts) -> list[Effect]:
                effects = self._breaker.call(
                    plugin.name, lambda: terms.hooks.react(plugin, batch, facts), self._deadline
                )
                for effect in effects:
                    check(effect, plugin.name, terms, found)
                return effects

            lost = self.failures.keys() | self.refusals.keys()
            living = [
                activity
                for activity in activities
                if _key(activity) not in lost and _may_react(plugin.declares, activity.type)
            ]
            if not living:
                continue
            for effects in self._bisected(plugin.name, living, call):
                for effect in effects:
                    found[effect.activity.id].append((plugin.name, effect))
        return found

    def vetoes(self, applicant: Applicant) -> list[Reason]:
        """Return why plugins do not let somebody become a member; one that raises has not said yes."""
        terms = self.plan.terms
        found: list[Reason] = []
        for plugin in terms.hooks.vetoing:
            facts = PlannedFacts(self.plan, plugin.name, plugin.settings)

            def call(plugin: Plugin = plugin, facts: PlannedFacts = facts) -> Refusal | None:
                return terms.hooks.may_enrol(plugin, applicant, facts)

            try:
                refusal = self._breaker.call(plugin.name, call, self._deadline)
            except PluginRaised as error:
                _log.error("plugin raised", activity=applicant.registration.id, **raised_at(error))
                refusal = Refusal("ENROL_VETO_FAILED", plugin=plugin.name)
            if refusal is not None:
                message = terms.message(refusal.code, refusal.parameters)
                found.append(Reason(refusal.code, message, refusal.parameters))
        return found

    def _bisected(self, plugin: str, activities: Sequence[Activity], call: Callable[[Batch], Any]) -> list[Any]:
        """Call with all activities, or, where that raises, with halves, down to the one that is the reason."""
        if not activities:
            return []
        try:
            return [call(Batch(activities))]
        except Busy:  # the breaker's: nobody's activity is the reason
            raise
        except (CorekitError, Refusal) as error:  # whatever a plugin raises arrives as one of them
            if isinstance(error.__cause__, OperationalError):
                message = "the database does not answer; send the same key again"
                raise Unavailable(message) from error
            if len(activities) > 1:
                half = len(activities) // 2
                return [
                    *self._bisected(plugin, activities[:half], call),
                    *self._bisected(plugin, activities[half:], call),
                ]
            activity = activities[0]
            if isinstance(error, Refusal):
                self.refusals[_key(activity)] = error
                return []
            _log.error("plugin raised", activity=activity.id, type=activity.type, **raised_at(error))
            self.failures[_key(activity)] = failure_of(plugin, activity, error)
            return []


def raised_by(plugin: str, what: str) -> Failure:
    """Return the failure of a plugin that raised; what it raised is in the log and in no answer."""
    message = f"plugin {plugin} failed at {what}; see the log, mend it, and send the key again"
    return Failure(plugin, "PLUGIN_FAILED", message)


def failure_of(plugin: str, activity: Activity, error: CorekitError) -> Failure:
    """Return the failure that an error of a plugin is for an activity."""
    if isinstance(error, PluginRaised):
        return raised_by(error.parameters["plugin"], activity.type)
    return Failure(plugin, error.code, error.message)


def _may_react(declares: Declares, type_: str) -> bool:
    """Say whether a plugin is asked: always, but where it says of fixed types that it reacts to no others."""
    by_program = declares.program is not None and declares.program.reacts is not None
    return declares.reacts is None or by_program or type_ in declares.reacts


def _key(activity: Activity) -> Key:
    return activity.source, activity.external_id
