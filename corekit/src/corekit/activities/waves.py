"""Planning a chunk wave by wave: the next activity of each member, until nothing is left that can come now."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence

import structlog

from corekit.activities.apply import Applier
from corekit.activities.breaker import Breaker
from corekit.activities.enrolment import register_first
from corekit.activities.incoming import Incoming
from corekit.activities.joining import TurnedAway
from corekit.activities.known import Known
from corekit.activities.outcome import Failure, Outcome
from corekit.activities.plan import Plan
from corekit.activities.reactions import Reactions, Yielded, failure_of
from corekit.db.lending import Lent
from corekit.errors import Busy, PluginError, PluginRaised, Refusal
from corekit.ledger.state import Member
from corekit.log import raised_at

_log = structlog.get_logger("corekit.settle")


class Waves:
    """Lets plugins react to what is to be settled, and plans what they yield."""

    def __init__(
        self,
        plan: Plan,
        known: Known,
        breaker: Breaker,
        arriving: Collection[str],
        deadline: float | None = None,
        *,
        simulate: bool = False,
    ) -> None:
        """Plan for a plan; ``arriving`` are the ids of what came from outside, ``deadline`` is that of reactions."""
        self.plan = plan
        self.arriving = arriving
        self.simulate = simulate
        self.applier = Applier(plan, known.guarded)
        self.reactions = Reactions(
            plan, known.broken, known.refused, known.held, breaker, deadline, lessons=known.lessons
        )

    def run(self, queues: dict[str, deque[Incoming]], settling: Lent) -> None:
        """Plan what stands in the queues of members, and what follows from it."""
        coming = [incoming.activity for queue in queues.values() for incoming in queue]
        self.reactions.prepare(coming, settling)
        while queues:
            self._wave(queues)
            queues = {member: queue for member, queue in queues.items() if queue}

    def _wave(self, queues: dict[str, deque[Incoming]]) -> None:
        plan = self.plan
        wave = [(plan.member(member_id), queue.popleft()) for member_id, queue in queues.items() if _comes(plan, queue)]
        register_first(plan, wave, queues)
        turned_away = TurnedAway(plan, self.applier, self.reactions, wave, self._fail, self._hold)
        living: list[tuple[Member, Incoming]] = []
        for member, incoming in wave:
            if turned_away.holds(member, incoming):
                continue
            living.append((member, incoming))
        self.applier.expire_before(living)
        yielded = self.reactions.react([incoming.activity for _, incoming in living])
        plan.need_lots_for(yielded)
        plan.need_persons_for(yielded)
        for member, incoming in living:
            follow_ons = self._settle(member, incoming, yielded[incoming.activity.id])
            if follow_ons is None:
                continue
            queue = queues[member.id]
            if member.stale:  # a plugin cannot foresee its own effect: what comes next waits for the next chunk
                plan.rest.extend(later for later in queue if later.activity.parent is None)
                for later in [later for later in queue if later.activity.parent is None]:
                    queue.remove(later)
            _queue(queues, follow_ons)

    def _settle(self, member: Member, incoming: Incoming, yielded: Sequence[Yielded]) -> list[Incoming] | None:
        """Plan one activity, and return its follow-ons; None where a plugin is in its way."""
        busy = self.reactions.held.get(incoming.key)
        failure = self.reactions.failures.get(incoming.key)
        refusal = self.reactions.refusals.get(incoming.key)
        if self.simulate and not self.plan.terms.types[incoming.activity.type].simulated:
            refusal = Refusal("NOT_SIMULATED", type=incoming.activity.type)
        if busy is None and failure is None and refusal is None:
            try:
                return self.applier.settle(member, incoming, yielded)
            except (PluginError, PluginRaised) as error:
                _log.error("plugin raised", activity=incoming.activity.id, **raised_at(error))
                failure = failure_of(error.parameters["plugin"], incoming.activity, error)
        member.journal.roll_back()
        if busy is not None:
            self._hold(incoming, busy)
        elif failure is not None:
            self._fail(incoming, failure)
        elif refusal is not None:
            self.applier.refuse(incoming, refusal.code, refusal.parameters)
        return None

    def _fail(self, incoming: Incoming, failure: Failure) -> None:
        self.plan.sink(incoming, failure)
        activity = incoming.activity
        outcome = Outcome(
            outcome="failed",
            source=activity.source,
            external_id=activity.external_id,
            member=activity.member,
            activity_id=activity.id,
            type=activity.type,
            code=failure.code,
            parameters={"plugin": failure.plugin},
            message=failure.message,
        )
        if incoming.cause is not None:  # what it came before fails in its place
            pass
        elif activity.parent is None:
            self.plan.failed.append((incoming, outcome))
        elif activity.id not in self.arriving:  # it never sinks its parent: it stays queued, or is queued now
            self.plan.queued.append(incoming)
        self.plan.answer(incoming, outcome)

    def _hold(self, incoming: Incoming, busy: Busy) -> None:
        """Let an activity wait for a plugin that is suspended: nothing of it is stored but what follows from others."""
        self.plan.sink(incoming, busy)
        activity = incoming.activity
        if incoming.cause is None and activity.parent is not None and activity.id not in self.arriving:
            self.plan.waiting.append(incoming)
        self.plan.held = True
        outcome = Outcome(
            outcome="busy",
            source=activity.source,
            external_id=activity.external_id,
            member=activity.member,
            type=activity.type,
            code=busy.code,
            parameters=busy.parameters,
            message=busy.message,
        )
        self.plan.answer(incoming, outcome)


def _comes(plan: Plan, queue: deque[Incoming]) -> bool:
    """Say whether the next activity of a member comes now; one that is read afresh waits for what came before it."""
    coming = queue[0]
    if coming.kind.afresh and coming.activity.parent is None and plan.member(coming.activity.member).planned:
        plan.rest.extend(queue)
        queue.clear()
    return bool(queue)


def _queue(queues: dict[str, deque[Incoming]], follow_ons: Sequence[Incoming]) -> None:
    """Let follow-ons come next, each before anything else of its member."""
    for following in reversed(follow_ons):
        queues.setdefault(following.activity.member, deque()).appendleft(following)
