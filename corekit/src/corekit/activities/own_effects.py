"""Writing the plugins' own effects: each kind once for all its effects of a chunk, inside the unit."""

from __future__ import annotations

import socket
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from os import dup
from typing import Any, cast

import structlog
from attrs import frozen
from sqlalchemy.exc import DBAPIError

from corekit.activities.breaker import Breaker
from corekit.activities.incoming import Key
from corekit.activities.member_rows import TakeRows
from corekit.activities.outcome import Failure
from corekit.activities.own_kinds import Guarded, Lesson
from corekit.activities.plan import Plan
from corekit.activities.planned import Place, PlannedEffect
from corekit.activities.plugin_write import Applied, own_effect, writing
from corekit.activities.reactions import raised_by
from corekit.activities.tables import moved_row
from corekit.calling import is_of_plugin
from corekit.db.lending import Lent
from corekit.db.reader import is_of_database
from corekit.declares import EffectKind
from corekit.errors import Busy, PluginError, Unavailable
from corekit.ledger.state import Member
from corekit.ledger.store import Conflict, Store
from corekit.log import raised_at
from corekit.plugins import Plugin

_log = structlog.get_logger("corekit.settle")


class GuardFailed(Exception):
    """Guards of plugins' own effects failed when they were written: plan again, knowing that."""

    def __init__(self, failed: Guarded, lessons: Sequence[tuple[Key, Lesson]] = ()) -> None:
        super().__init__()
        self.failed = failed
        self.lessons = lessons


class ApplyRaised(Exception):
    """A plugin raised when its own effects were written, all those of these activities at once."""

    def __init__(self, failure: Failure, keys: set[Key]) -> None:
        super().__init__()
        self.failure = failure
        self.keys = keys


class HeldBack(Exception):
    """A plugin is suspended, and with it all effects of its own: those of these activities wait."""

    def __init__(self, reason: Busy, keys: set[Key]) -> None:
        super().__init__()
        self.reason = reason
        self.keys = keys


@frozen
class _Run:
    """Effects of one kind that are applied, or undone, at once."""

    plugin: Plugin
    kind: EffectKind
    verb: str
    effects: tuple[Applied, ...]


def write_own_effects(plan: Plan, store: Store, settling: Lent, breaker: Breaker) -> None:
    """Run the plugins' ``apply`` and ``undo``.

    Raises :class:`GuardFailed`, :class:`ApplyRaised` and :class:`HeldBack`, after which the unit is rolled back.
    """
    places: dict[str, tuple[Key, Place]] = {}
    failed: Guarded = {}
    lessons: list[tuple[Key, Lesson]] = []
    for run in _runs(plan, places):
        keys = {places[each.id][0] for each in run.effects}
        owner, name = run.plugin.name, run.kind.name
        try:
            refused = _write(run, store, settling, breaker)
        except (Conflict, Unavailable):  # the database's, not the plugin's
            raise
        except Busy as error:
            if error.parameters.get("plugin") == owner:
                raise HeldBack(error, keys) from error
            raise
        except BaseException as error:  # whatever a plugin raises is its own failure
            if not is_of_plugin(error):
                raise
            _log.error("plugin raised", plugin=owner, effect=name, verb=run.verb, **raised_at(error))
            breaker.failed.add([owner])
            if isinstance(error, PluginError):
                breaker.broke(owner, error.message, at_once=error.code == "TRANSACTION_ENDED")
            told = (
                Failure(owner, error.code, error.message) if isinstance(error, PluginError) else raised_by(owner, name)
            )
            raise ApplyRaised(told, keys) from error
        breaker.kept(owner)
        if run.verb == "apply" and run.kind.learn is not None:
            lost = [(places[each.id], each.effect) for each in run.effects if each.id in refused]
            lessons += [(key, Lesson(owner, run.kind, place, effect)) for (key, place), effect in lost]
        else:
            failed.update((places[effect_id], run.kind.refusal) for effect_id in refused)
    if failed or lessons:
        raise GuardFailed(failed, lessons)


def unit_ended(plan: Plan, breaker: Breaker) -> ApplyRaised:
    """Return what it means that the transaction is not the one any more in which plugins were to write."""
    runs = _runs(plan, {})
    owners = sorted({run.plugin.name for run in runs})
    message = f"plugin {' or '.join(owners)} ended the transaction and began another; nothing was written"
    if len(owners) == 1:
        breaker.broke(owners[0], message, at_once=True)
    keys = {planned.incoming.key for member in plan.members.values() for planned in member.planned if planned.own}
    return ApplyRaised(Failure(owners[0], "TRANSACTION_ENDED", message), keys)


def _runs(plan: Plan, places: dict[str, tuple[Key, Place]]) -> list[_Run]:
    """Return what is to be run, in an order in which nobody locks the other way; note where each effect stands."""
    found: dict[tuple[str, str], list[Applied]] = {}
    for member in plan.members.values():
        for planned in member.planned:
            for place, (kind, row) in planned.own.items():
                if row.state == "applied":
                    verb = place[1]
                    applied = _applied(member, planned.voucher.activity_id, planned.voucher.at, verb, row)
                    places[applied.id] = planned.incoming.key, place
                    found.setdefault((kind.name, verb), []).append(applied)
    runs: list[_Run] = []
    for (name, verb), effects in sorted(found.items(), key=lambda run: run[0]):
        kind, owner = plan.terms.effects_by_name[name]
        runs.append(_Run(plan.terms.hooks.named(owner), kind, verb, tuple(effects)))
    return runs


def _write(run: _Run, store: Store, settling: Lent, breaker: Breaker) -> Collection[str]:
    """Run a plugin's statements; return the effects whose guard failed."""
    call = run.kind.apply if run.verb == "apply" else run.kind.undo
    lent = (moved_row,) if issubclass(run.kind.effect, TakeRows) else ()
    with writing(settling, run.plugin, lent) as write:
        try:
            return breaker.call(
                run.plugin.name,
                lambda: _refused(call(write, run.effects), run.effects),
                number=len(run.effects),
                let_go=lambda: _let_go(settling),
            )
        except DBAPIError as error:
            if isinstance(error.orig, Exception) and is_of_database(error):
                with store.translated():
                    raise error.orig from error
            raise


def _refused(answer: Any, effects: Sequence[Applied]) -> Collection[str]:
    """Return the ids that a plugin returned, if they are those of its effects."""
    if answer is None:
        return ()
    ids = {each.id for each in effects}
    refused: set[str] = set(islice(cast("Iterable[str]", answer), len(ids) + 1))
    if not refused <= ids:
        message = "it returned what are not ids of effects that it was given"
        raise ValueError(message)
    return refused


def _let_go(settling: Lent) -> None:
    """End the transaction of a plugin that does not return, from another thread: others wait for what it has locked."""
    driver: Any = settling.driver
    if settling.wire is None:
        driver.interrupt()
        with driver.hold.passing("ROLLBACK"):
            driver.rollback()
        return
    with socket.socket(fileno=dup(driver.pgconn.socket)) as connection:
        connection.shutdown(socket.SHUT_RDWR)


def _applied(member: Member, activity_id: str, at: int, verb: str, row: PlannedEffect) -> Applied:
    effect_id = row.id if verb == "apply" else (row.undoes or row.id)
    return Applied(effect_id, activity_id, member.id, at, own_effect(row.value))
