"""Writing the plugins' own effects: each kind once for all its effects of a chunk, inside the unit."""

from __future__ import annotations

import structlog
from sqlalchemy import Connection

from corekit.activities.apply import Guarded
from corekit.activities.incoming import Key
from corekit.activities.plan import Plan
from corekit.activities.planned import PlannedEffect
from corekit.activities.plugin_write import Applied, PluginWrite, own_effect
from corekit.activities.reactions import Failure, raised_by
from corekit.ledger.state import Member

_log = structlog.get_logger("corekit.settle")


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


def write_own_effects(plan: Plan, connection: Connection) -> None:
    """Run the plugins' ``apply`` and ``undo``; raises :class:`GuardFailed` and :class:`ApplyRaised`."""
    runs: dict[tuple[str, str], list[Applied]] = {}
    places: dict[str, tuple[Key, int]] = {}
    for member in plan.members.values():
        for planned in member.planned:
            for position, (kind, verb, row) in enumerate(planned.own):
                if row.state == "applied":
                    applied = _applied(member, planned.voucher.activity_id, planned.voucher.at, verb, row)
                    places[applied.id] = planned.incoming.key, position
                    runs.setdefault((kind.name, verb), []).append(applied)
    failed: Guarded = {}
    for (name, verb), effects in runs.items():
        kind, owner = plan.terms.effects_by_name[name]
        run = kind.apply if verb == "apply" else kind.undo
        try:
            refused = run(PluginWrite(connection, owner), effects)
        except Exception as error:  # whatever a plugin raises is its own failure
            _log.exception("plugin raised", plugin=owner, effect=name, verb=verb)
            raise ApplyRaised(raised_by(owner, name), {places[each.id][0] for each in effects}) from error
        failed.update((places[effect_id], kind.refusal) for effect_id in refused or ())
    if failed:
        raise GuardFailed(failed)


def _applied(member: Member, activity_id: str, at: int, verb: str, row: PlannedEffect) -> Applied:
    effect_id = row.id if verb == "apply" else (row.undoes or row.id)
    return Applied(effect_id, activity_id, member.id, at, own_effect(row.value))
