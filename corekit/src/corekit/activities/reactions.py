"""What the plugins make of a wave: their effects, each checked, and whose activity failed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import structlog
from attrs import frozen
from sqlalchemy.exc import OperationalError

from corekit import core
from corekit.activities.activity import Activity, Batch
from corekit.activities.effects import Credit, Debit, Effect, Follow
from corekit.activities.incoming import Key
from corekit.activities.plan import Plan
from corekit.activities.planned_facts import PlannedFacts
from corekit.activities.terms import Terms
from corekit.errors import CorekitError, PluginError, PluginRaised, Unavailable
from corekit.ledger.voucher import LARGEST_AMOUNT

if TYPE_CHECKING:
    from corekit.db.reader import Reader
    from corekit.plugins import Plugin

_log = structlog.get_logger("corekit.plugins")
CORE = "core"
_FOR_PLUGINS = (Credit, Debit, Follow)


@frozen
class Failure:
    """A plugin raised for an activity: who, and what may be said of it."""

    plugin: str
    code: str
    message: str


Yielded = tuple[str, Effect]
"""The plugin and its effect."""


class Reactions:
    """Calls the plugins for the waves of one plan. What a plugin raises harms its own activity only."""

    def __init__(self, plan: Plan, broken: Mapping[Key, Failure]) -> None:
        self.plan = plan
        self.failures: dict[Key, Failure] = dict(broken)
        self._facts = {
            plugin.name: PlannedFacts(plan, plugin.name, plugin.settings) for plugin in plan.terms.hooks.reacting
        }

    def prepare(self, activities: Sequence[Activity], read: Reader) -> None:
        """Let the plugins read what they will need for a chunk."""
        hooks = self.plan.terms.hooks
        if not hooks.preparing:
            return
        for prepared in self._bisected("", activities, lambda batch: hooks.prepare(batch, read)):
            for plugin, values in prepared.items():
                for member_id, value in values.items():
                    self.plan.member(member_id).prepared[plugin] = value

    def react(self, activities: Sequence[Activity]) -> dict[str, list[Yielded]]:
        """Return the effects of each activity of a wave, by its id, in the order in which they are applied."""
        found: dict[str, list[Yielded]] = {activity.id: [] for activity in activities}
        for effect in core.react(Batch(activities)):
            found[effect.activity.id].append((CORE, effect))
        terms = self.plan.terms
        for plugin in terms.hooks.reacting:
            facts = self._facts[plugin.name]

            def call(batch: Batch, plugin: Plugin = plugin, facts: PlannedFacts = facts) -> list[Effect]:
                effects = terms.hooks.react(plugin, batch, facts)
                for effect in effects:
                    check(effect, plugin.name, terms, found)
                return effects

            living = [activity for activity in activities if _key(activity) not in self.failures]
            for effects in self._bisected(plugin.name, living, call):
                for effect in effects:
                    found[effect.activity.id].append((plugin.name, effect))
        return found

    def _bisected(self, plugin: str, activities: Sequence[Activity], call: Callable[[Batch], Any]) -> list[Any]:
        """Call with all activities, or, where that raises, with halves, down to the one that is the reason."""
        if not activities:
            return []
        try:
            return [call(Batch(activities))]
        except CorekitError as error:  # whatever a plugin raises arrives as one
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
            _log.exception("plugin raised", activity=activity.id, type=activity.type)
            self.failures[_key(activity)] = _failure(plugin, activity, error)
            return []


def check(effect: object, plugin: str, terms: Terms, activities: Mapping[str, object]) -> None:
    """Raise PluginError where a plugin yields what it may not; the message names both sides and the way out."""
    if not isinstance(effect, Effect):
        message = f"plugin {plugin} yielded {type(effect).__name__}; yield effects such as Credit(activity, ...)"
        raise PluginError(message, code="EFFECT_INVALID", plugin=plugin)
    if effect.activity.id not in activities:
        message = f"plugin {plugin} yielded an effect for an activity that is not in its batch"
        raise PluginError(message, code="EFFECT_INVALID", plugin=plugin)
    if not isinstance(effect, _FOR_PLUGINS):
        kind, owner = terms.effects.get(type(effect), (None, CORE))
        if kind is None or owner != plugin:
            message = (
                f"plugin {plugin} yielded {type(effect).__name__}, an effect of {owner}; "
                f"let {owner} react, or declare an effect kind of your own"
            )
            raise PluginError(message, code="EFFECT_NOT_ALLOWED", plugin=plugin, owner=owner)
        return
    if isinstance(effect, Follow):
        followed = terms.types.get(effect.type)
        if followed is None or followed.internal or followed.reversal:
            message = f"plugin {plugin} follows with activity type {effect.type!r}, which is not declared"
            raise PluginError(message, code="EFFECT_INVALID", plugin=plugin)
        return
    _check_value(effect, plugin, terms)


def _check_value(effect: Credit | Debit, plugin: str, terms: Terms) -> None:
    if effect.account not in terms.chart.books:
        message = f"plugin {plugin} names the account kind {effect.account!r}, which no enabled plugin declares"
        raise PluginError(message, code="EFFECT_INVALID", plugin=plugin)
    if not terms.registry.may_use(plugin, effect.account):
        owner = terms.chart.books[effect.account].owner
        message = (
            f"plugin {plugin} touches {effect.account!r}, an account of {owner}; "
            f"write Declares(requires=[{owner!r}]) in {plugin}"
        )
        raise PluginError(message, code="EFFECT_NOT_ALLOWED", plugin=plugin, owner=owner)
    if type(effect.amount) is not int or not 1 <= effect.amount <= LARGEST_AMOUNT:
        message = f"plugin {plugin} yielded an amount of {effect.amount!r}; give a whole number of 1..{LARGEST_AMOUNT}"
        raise PluginError(message, code="EFFECT_INVALID", plugin=plugin)
    if effect.shares is not None and sum(effect.shares.values()) != effect.amount:
        message = f"plugin {plugin}: the shares of an effect of rule {effect.rule} do not sum to its amount"
        raise PluginError(message, code="EFFECT_INVALID", plugin=plugin)


def raised_by(plugin: str, what: str) -> Failure:
    """Return the failure of a plugin that raised; what it raised is in the log and in no answer."""
    message = f"plugin {plugin} failed at {what}; see the log, mend it, and send the key again"
    return Failure(plugin, "PLUGIN_FAILED", message)


def _failure(plugin: str, activity: Activity, error: CorekitError) -> Failure:
    if isinstance(error, PluginRaised):
        return raised_by(error.parameters["plugin"], activity.type)
    return Failure(plugin, error.code, error.message)


def _key(activity: Activity) -> Key:
    return activity.source, activity.external_id
