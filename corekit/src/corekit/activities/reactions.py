"""What the plugins make of a wave: their effects, each checked, and whose activity failed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from corekit import core
from corekit.activities.activity import Activity, Batch
from corekit.activities.breaker import Breaker
from corekit.activities.checks import check, check_refusal
from corekit.activities.effects import Effect
from corekit.activities.enrolment import Applicant, Reason
from corekit.activities.incoming import Incoming, Key
from corekit.activities.merging import passing_rows
from corekit.activities.outcome import Failure
from corekit.activities.own_kinds import Lesson
from corekit.activities.plan import Plan
from corekit.activities.planned_facts import PlannedFacts
from corekit.activities.plugin_read import PluginRead
from corekit.activities.swept import swept
from corekit.db.reader import is_of_database
from corekit.declares import ActivityType, Declares
from corekit.errors import Busy, CorekitError, PluginError, PluginRaised, Refusal, Unavailable
from corekit.log import raised_at
from corekit.registry import CORE

if TYPE_CHECKING:
    from corekit.db.lending import Lent
    from corekit.plugins import Plugin

_T = TypeVar("_T")
_log = structlog.get_logger("corekit.plugins")
_NAMES = ("id", "type", "member", "members", "amount", "unit", "lines", "payload", "occurred_at", "reverses", "parent")
_values = attrgetter(*_NAMES)


Yielded = tuple[str, Effect]
"""The plugin and its effect."""


class Reactions:
    """Calls the plugins for the waves of one plan. What a plugin does harms its own activity only."""

    def __init__(
        self,
        plan: Plan,
        broken: Mapping[Key, Failure],
        refused: Mapping[Key, Refusal],
        held: Mapping[Key, Busy],
        breaker: Breaker,
        deadline: float | None = None,
        *,
        lessons: Mapping[Key, Sequence[Lesson]] | None = None,
    ) -> None:
        """Call under a deadline (of the monotonic clock) where a member is locked meanwhile.

        ``lessons`` are what earlier attempts teach plugins about an activity.
        """
        self.plan = plan
        self._breaker = breaker
        self._deadline = deadline
        self._lessons = lessons or {}
        self.failures: dict[Key, Failure] = dict(broken)
        self.refusals: dict[Key, Refusal] = dict(refused)
        self.held: dict[Key, Busy] = dict(held)
        """Activities that wait because a plugin that may react to them is suspended."""
        self._facts = {
            plugin.name: PlannedFacts(plan, plugin.name, plugin.settings) for plugin in plan.terms.hooks.reacting
        }

    def prepare(self, activities: Sequence[Activity], settling: Lent) -> None:
        """Let the plugins read what they will need for a chunk."""
        terms = self.plan.terms
        for plugin in terms.hooks.preparing:
            asking = [each for each in activities if terms.prepares(plugin.name, each.type)]
            if not asking:
                continue
            facts = PlannedFacts(self.plan, plugin.name, plugin.settings)

            def call(batch: Batch, plugin: Plugin = plugin, facts: PlannedFacts = facts) -> dict[str, Any]:
                return self._reading(plugin, batch, facts, settling)

            for values in self._bisected(plugin, self._living(plugin, asking), call):
                for member_id, value in values.items():
                    self.plan.member(member_id).prepared[plugin.name] = value

    def react(self, activities: Sequence[Activity]) -> dict[str, list[Yielded]]:
        """Return the effects of each activity of a wave, by its id, in the order in which they are applied."""
        found: dict[str, list[Yielded]] = {activity.id: [] for activity in activities}
        if self._lessons:
            self._teach(activities)
        for owner, effect in self._of_kernel(activities):
            found[effect.activity.id].append((owner, effect))
        terms = self.plan.terms
        wave = {activity.id: activity for activity in activities}
        for plugin in terms.hooks.reacting:
            facts = self._facts[plugin.name]

            def react(batch: Batch, plugin: Plugin = plugin, facts: PlannedFacts = facts) -> list[Effect]:
                effects = terms.hooks.react(plugin, batch, facts)
                for effect in effects:
                    check(effect, plugin.name, terms, wave)
                return effects

            def call(
                batch: Batch, plugin: Plugin = plugin, react: Callable[[Batch], list[Effect]] = react
            ) -> list[Effect]:
                return self._breaker.call(plugin.name, lambda: react(batch), self._deadline, number=len(batch))

            for effects in self._bisected(plugin, self._living(plugin, activities), call):
                for effect in effects:
                    found[effect.activity.id].append((plugin.name, effect))
        return found

    def _of_kernel(self, activities: Sequence[Activity]) -> Iterator[Yielded]:
        """Yield the effects that no plugin yields; what rests on a plugin that is suspended waits for it."""
        terms = self.plan.terms
        for effect in core.react(Batch(activities)):
            yield CORE, effect
        yield from swept(terms, activities)
        for owner, effect in passing_rows(terms, activities):
            yield owner, effect
            try:
                self._check_suspended(terms.hooks.named(owner))
            except Busy as busy:
                self.held[_key(effect.activity)] = busy

    def _teach(self, activities: Sequence[Activity]) -> None:
        """Let plugins learn from guards that failed when activities were written before."""
        for activity in activities:
            prepared = self.plan.member(activity.member).prepared
            for lesson in self._lessons.get(_key(activity), ()):
                try:
                    prepared[lesson.owner] = lesson.teach(prepared.get(lesson.owner))
                except PluginRaised as error:
                    self._note(self.plan.terms.hooks.named(lesson.owner), activity, error)
                    self.failures[_key(activity)] = failure_of(lesson.owner, activity, error)

    def vetoes(self, applicant: Applicant, joining: Incoming) -> list[Reason]:
        """Return why plugins do not let somebody become a member; one that raises has not said yes."""
        terms = self.plan.terms
        found: list[Reason] = []
        for plugin in terms.hooks.vetoing:
            facts = PlannedFacts(self.plan, plugin.name, plugin.settings)

            def call(plugin: Plugin = plugin, facts: PlannedFacts = facts) -> Refusal | None:
                refusal = terms.hooks.may_enrol(plugin, applicant, facts)
                if refusal is not None:
                    check_refusal(refusal, plugin.name, terms)
                return refusal

            try:
                self._check_suspended(plugin)
                refusal = self._breaker.call(plugin.name, call, self._deadline)
            except Busy as busy:
                self.held[joining.key] = busy
                return []
            except (PluginRaised, PluginError) as error:
                self._note(plugin, joining.activity, error)
                refusal = Refusal("ENROL_VETO_FAILED", plugin=plugin.name)
            if refusal is not None:
                message = terms.message(refusal.code, refusal.parameters)
                found.append(Reason(refusal.code, message, refusal.parameters))
        return found

    def _reading(self, plugin: Plugin, batch: Batch, facts: PlannedFacts, settling: Lent) -> dict[str, Any]:
        hooks = self.plan.terms.hooks
        read = PluginRead(plugin.name, settling.dialect, settling.beside)
        try:
            answer = self._breaker.call(
                plugin.name, lambda: hooks.prepare(plugin, batch, read, facts), self._deadline, number=len(batch)
            )
        except BaseException as error:
            if (stopped := read.end(spoilt=True)) is not None:
                raise stopped from error
            raise
        if (stopped := read.end()) is not None:
            raise stopped
        return answer

    def _living(self, plugin: Plugin, activities: Sequence[Activity]) -> list[Activity]:
        """Return the activities to which a plugin may react, but those that are lost already."""
        types = self.plan.terms.types
        asked = [each for each in activities if _may_react(plugin.declares, types[each.type])]
        if not (self.failures or self.refusals or self.held):
            return asked
        lost = self.failures.keys() | self.refusals.keys() | self.held.keys()
        return [each for each in asked if _key(each) not in lost]

    def _check_suspended(self, plugin: Plugin) -> None:
        """Raise Busy where a plugin is suspended, everywhere or in this process."""
        if (resting := self.plan.terms.suspensions).plugins:
            resting.check(plugin.name)
        self._breaker.check_returned(plugin.name)

    def _bisected(self, plugin: Plugin, activities: Sequence[Activity], call: Callable[[Batch], _T]) -> list[_T]:
        """Call with all activities, or, where that raises, with halves, down to the one that is the reason."""
        if not activities:
            return []
        try:
            self._check_suspended(plugin)
            return [_unchanged(plugin, activities, call)]
        except Busy as busy:  # the breaker's: nobody's activity is the reason
            asked = [each for each in activities if self.plan.terms.reacts(plugin.name, each.type)]
            self.held.update((_key(each), busy) for each in asked)
            return []
        except (CorekitError, Refusal) as error:  # whatever a plugin raises arrives as one of them
            if is_of_database(error.__cause__):
                message = "the database does not answer; send the same key again"
                raise Unavailable(message) from error
            if len(activities) > 1:
                half = len(activities) // 2
                return [
                    *self._bisected(plugin, activities[:half], call),
                    *self._bisected(plugin, activities[half:], call),
                ]
            self._lose(plugin, activities[0], error)
            return []

    def _lose(self, plugin: Plugin, activity: Activity, error: CorekitError | Refusal) -> None:
        """Note that an activity is refused, or failed, by what a plugin raised."""
        if isinstance(error, Refusal):
            try:
                check_refusal(error, plugin.name, self.plan.terms)
            except PluginError as wrong:
                error = wrong
            else:
                self.refusals[_key(activity)] = error
                return
        self._note(plugin, activity, error)
        self.failures[_key(activity)] = failure_of(plugin.name, activity, error)

    def _note(self, plugin: Plugin, activity: Activity, error: CorekitError) -> None:
        _log.error("plugin raised", activity=activity.id, type=activity.type, **raised_at(error))
        self._breaker.failed.add([plugin.name])
        if error.code == "WRITE_NOT_ALLOWED":
            self._breaker.broke(plugin.name, error.message)


def _unchanged(plugin: Plugin, activities: Sequence[Activity], call: Callable[[Batch], _T]) -> _T:
    """Call about activities; raise PluginRaised where one is not what it was, and let it be that again."""
    before = list(map(_values, activities))
    try:
        return call(Batch(activities))
    finally:
        if before != list(map(_values, activities)):
            for activity, values in zip(activities, before, strict=True):
                for name, value in zip(_NAMES, values, strict=True):
                    object.__setattr__(activity, name, value)
            message = f"plugin {plugin.name} changed the activities that it was given; evolve() makes others"
            raise PluginRaised(message, plugin=plugin.name, hook="corekit_react")


def raised_by(plugin: str, what: str) -> Failure:
    """Return the failure of a plugin that raised; what it raised is in the log and in no answer."""
    message = f"plugin {plugin} failed at {what}; see the log, mend it, and send the key again"
    return Failure(plugin, "PLUGIN_FAILED", message)


def failure_of(plugin: str, activity: Activity, error: CorekitError) -> Failure:
    """Return the failure that an error of a plugin is for an activity."""
    if isinstance(error, PluginRaised):
        return raised_by(error.parameters["plugin"], activity.type)
    return Failure(plugin, error.code, error.message)


def _may_react(declares: Declares, type_: ActivityType) -> bool:
    """Say whether a plugin is asked: always, but where it says of fixed types that it reacts to no others.

    Who takes a tender is asked about all that may be paid with tenders.
    """
    by_program = declares.program is not None and declares.program.reacts is not None
    pays = type_.tenders and bool(declares.tenders)
    return declares.reacts is None or by_program or pays or type_.name in declares.reacts


def _key(activity: Activity) -> Key:
    return activity.source, activity.external_id
