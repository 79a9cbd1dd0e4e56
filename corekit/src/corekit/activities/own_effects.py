"""Writing the plugins' own effects: each kind once for all its effects of a chunk, inside the unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import structlog
from sqlalchemy.exc import DBAPIError

from corekit.activities.incoming import Key
from corekit.activities.outcome import Failure
from corekit.activities.own_kinds import Guarded
from corekit.activities.plan import Plan
from corekit.activities.planned import Place, PlannedEffect
from corekit.activities.plugin_write import Applied, PluginWrite, own_effect
from corekit.activities.reactions import raised_by
from corekit.db.lending import Lent
from corekit.errors import Busy, PluginError, Unavailable
from corekit.ledger.state import Member
from corekit.ledger.store import Conflict, Store
from corekit.log import raised_at

_log = structlog.get_logger("corekit.settle")
Run = Callable[[PluginWrite, Sequence[Applied]], "Sequence[str] | None"]


class GuardFailed(Exception):
    """Guards of plugins' own effects failed when they were written: plan again, knowing that."""

    def __init__(self, failed: Guarded) -> None:
        super().__init__()
        self.failed = failed


class ApplyRaised(Exception):
    """A plugin raised when its own effects were written, all those of these activities at once."""

    def __init__(self, failure: Failure, keys: set[Key]) -> None:
        super().__init__()
        self.failure = failure
        self.keys = keys


def write_own_effects(plan: Plan, store: Store, settling: Lent) -> None:
    """Run the plugins' ``apply`` and ``undo``; raises :class:`GuardFailed` and :class:`ApplyRaised`."""
    runs: dict[tuple[str, str], list[Applied]] = {}
    places: dict[str, tuple[Key, Place]] = {}
    for member in plan.members.values():
        for planned in member.planned:
            for place, (kind, row) in planned.own.items():
                if row.state == "applied":
                    verb = place[1]
                    applied = _applied(member, planned.voucher.activity_id, planned.voucher.at, verb, row)
                    places[applied.id] = planned.incoming.key, place
                    runs.setdefault((kind.name, verb), []).append(applied)
    failed: Guarded = {}
    for (name, verb), effects in sorted(runs.items(), key=lambda run: run[0]):  # so that nobody locks the other way
        kind, owner = plan.terms.effects_by_name[name]
        run = kind.apply if verb == "apply" else kind.undo
        try:
            refused = _run(run, PluginWrite(settling.connection, owner), effects, store)
        except (Conflict, Busy, Unavailable):  # the database's, not the plugin's
            raise
        except Exception as error:  # whatever a plugin raises is its own failure
            _log.error("plugin raised", plugin=owner, effect=name, verb=verb, **raised_at(error))
            told = (
                Failure(owner, error.code, error.message) if isinstance(error, PluginError) else raised_by(owner, name)
            )
            raise ApplyRaised(told, {places[each.id][0] for each in effects}) from error
        failed.update((places[effect_id], kind.refusal) for effect_id in refused or ())
    if failed:
        raise GuardFailed(failed)


def _run(run: Run, write: PluginWrite, effects: Sequence[Applied], store: Store) -> Sequence[str] | None:
    try:
        return run(write, effects)
    except DBAPIError as error:
        if isinstance(error.orig, Exception):
            with store.translated():
                raise error.orig from error
        raise


def _applied(member: Member, activity_id: str, at: int, verb: str, row: PlannedEffect) -> Applied:
    effect_id = row.id if verb == "apply" else (row.undoes or row.id)
    return Applied(effect_id, activity_id, member.id, at, own_effect(row.value))
