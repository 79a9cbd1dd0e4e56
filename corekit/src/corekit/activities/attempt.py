"""One attempt at settling a chunk: plan it with no lock held, then lock, compare, write and commit."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import structlog

from corekit.activities.apply import Applier
from corekit.activities.breaker import Breaker
from corekit.activities.enrolment import identify
from corekit.activities.incoming import REGISTERED, Incoming, Key
from corekit.activities.known import Known
from corekit.activities.outcome import Outcome
from corekit.activities.own_effects import unit_ended, write_own_effects
from corekit.activities.plan import Plan
from corekit.activities.receiving import KEY_REUSED, key_reused
from corekit.activities.tables import NO_VERSION
from corekit.activities.terms import Terms
from corekit.activities.tiering import Tiering, metrics_of
from corekit.activities.waves import Waves
from corekit.activities.write import rows_of
from corekit.clock import Clock, micros
from corekit.db.lending import Lent
from corekit.errors import Busy, Integrity
from corekit.ids import new_id
from corekit.ledger.rows import Rows
from corekit.ledger.store import Conflict, Lock, Store, UnitEnded

_log = structlog.get_logger("corekit.settle")
FREE_TRIES = 3
"""Races a plan may lose before it is made under the lock."""
DEADLINE = 2.0
"""Seconds a plan may take under the lock."""


class Timekeeper:
    """Tells the time by which activities settle: an injected clock, or by default the database's."""

    def __init__(self, clock: Clock | None) -> None:
        self._clock = clock

    @property
    def by_database(self) -> bool:
        """Whether the database's clock is the kit's."""
        return self._clock is None

    def about_now(self) -> int:
        """Return the present instant without asking the database: for what the door checks, and to begin a plan."""
        return micros(self._clock()) if self._clock is not None else time.time_ns() // 1000

    def planning(self, about: int, by_database: int) -> int:
        """Return the instant at which a plan is made: the database's, where it is the kit's clock and has told it."""
        return by_database if self._clock is None and by_database else about

    def under_lock(self, lock: Lock) -> int:
        """Return the instant at which the members were locked."""
        return micros(self._clock()) if self._clock is not None else lock.time


class Attempt:
    """One attempt at settling a chunk."""

    def __init__(
        self,
        terms: Terms,
        clock: Timekeeper,
        store: Store,
        settling: Lent,
        known: Known,
        breaker: Breaker,
        *,
        simulate: bool = False,
        waiting: bool = False,
    ) -> None:
        self.clock = clock
        self.store = store
        self.settling = settling
        self.known = known
        self.breaker = breaker
        self.simulate = simulate
        self.waiting = waiting
        self.terms = terms

    def run(self, arriving: Sequence[Incoming], *, lost: int) -> tuple[dict[str, Outcome], list[Incoming]]:
        """Return the answers by activity id, and the activities that must be tried again.

        ``lost`` is how many races were lost before.
        """
        # The key of a single activity is new nearly always: if not, the write finds out, and the next attempt looks.
        look = lost > 0 or self.waiting or len(arriving) > 1 or _may_register(arriving[0])
        answers, fresh = self._replayed(arriving) if look else ({}, list(arriving))
        identify(self.store, fresh)
        done_keys = self._answered(arriving, answers) if self.waiting else []
        if not fresh and not done_keys:
            return answers, []
        lock: Lock | None = None
        if lost >= FREE_TRIES:
            self.store.begin()
            about = {member for incoming in fresh for member in incoming.about}
            lock = self.store.lock(sorted(self.known.members | about))
        plan = self._plan_under_lock(fresh) if lock is not None else self._plan_freely(fresh)
        # What failed or waits has no request row by which the write would find out.
        if (plan.failed or plan.held) and not look:
            raise Conflict("the key may have been answered")
        moved = self._write(plan, fresh, done_keys, lock)
        rest = list(plan.rest)
        for incoming in fresh:
            if incoming.activity.member in moved and incoming.activity.id in plan.answers:
                rest.append(incoming)
            elif (outcome := plan.answers.get(incoming.activity.id)) is not None:
                answers[incoming.activity.id] = _with_follow_ons(plan, outcome)
        if moved and not answers:
            raise Conflict("every member moved on")
        return answers, rest

    def expire(self, members: Sequence[str], at: int, *, historical: bool) -> int:
        """Let lots and holds lapse that are due."""
        plan = self._plan_of(members, at, historical=historical)
        applier = Applier(plan, self.known.guarded)
        plan.need_due_holds((member, plan.now) for member in plan.members.values())
        for member in plan.members.values():
            applier.expire(member, plan.now, kernel_time=not historical)
            member.journal.keep()
        number = sum(len(member.planned) for member in plan.members.values())
        if self._write(plan, [], [], None):
            raise Conflict("members moved on")
        return number

    def rerate(
        self, members: Sequence[str], ladder: str, at: int, earliest: int, judging: threading.Lock, *, historical: bool
    ) -> tuple[int, set[str]]:
        """Judge members by a ladder, ``judging`` in turn; return how many activities that took, and who moved."""
        needs = metrics_of(self.terms, ladder, at, earliest)
        plan = self._plan_of(members, at, *needs, historical=historical)
        with judging:
            fresh = self._judged(plan, ladder, at, historical=historical)
        if not fresh:
            return 0, set()
        moved = self._write(plan, fresh, [], None)
        return sum(len(member.planned) for member in plan.members.values()), moved

    def _judged(self, plan: Plan, ladder: str, at: int, *, historical: bool) -> Sequence[Incoming]:
        """Plan what the policy of a ladder makes of the members of a plan, and return that."""
        tiering = Tiering(plan)
        found = (tiering.due(member, ladder, at, historical=historical) for member in plan.members.values())
        arriving = [incoming for incoming in found if incoming is not None]
        _, fresh = self._replayed(arriving) if arriving else ({}, [])  # a refusal of before stands
        if not fresh:
            return fresh
        plan.forget(plan.members.keys() - {incoming.activity.member for incoming in fresh})
        self._run(plan, fresh, {incoming.activity.member: deque([incoming]) for incoming in fresh})
        return fresh

    # ------------------------------------------------------------------------------------------------ planning

    def _plan_of(
        self,
        members: Sequence[str],
        at: int,
        metrics: tuple[str, ...] = (),
        days: tuple[int, int] | None = None,
        *,
        historical: bool,
    ) -> Plan:
        """Return the plan of what is done to members as of an instant: then, or now."""
        plan = Plan(self.terms, self.store, at if historical else self.clock.about_now())
        plan.load_members(members, metrics, days)
        if not historical:
            plan.now = self.clock.planning(plan.now, plan.database_time)
        return plan

    @staticmethod
    def _answered(arriving: Sequence[Incoming], answers: Mapping[str, Outcome]) -> list[Key]:
        """Return the keys that were answered before, so that nothing of them has to wait."""
        known = ((each.key, answers.get(each.activity.id)) for each in arriving)
        return [key for key, answer in known if answer is not None and answer.code != KEY_REUSED]

    def _replayed(self, arriving: Sequence[Incoming]) -> tuple[dict[str, Outcome], list[Incoming]]:
        """Answer the keys that were answered before; a key whose activity failed resumes that activity."""
        known = self._known([incoming.key for incoming in arriving])
        answers: dict[str, Outcome] = {}
        fresh: list[Incoming] = []
        for incoming in arriving:
            row = known.get(incoming.key)
            if row is None:
                fresh.append(incoming)
                continue
            hash_, verdict, member, activity, code, parameters, seq = row
            if hash_ != incoming.hash:
                answers[incoming.activity.id] = key_reused(incoming)
            elif verdict == "failed":
                incoming.resume(activity)
                fresh.append(incoming)
            else:
                answers[incoming.activity.id] = Outcome(
                    outcome=verdict,
                    source=incoming.key[0],
                    external_id=incoming.key[1],
                    member=member,
                    activity_id=activity,
                    type=incoming.activity.type,
                    seq=seq,
                    code=code,
                    parameters=parameters or {},
                    message=self.terms.message(code, parameters or {}) if code else "",
                    replayed=True,
                )
        return answers, fresh

    def _known(self, keys: Sequence[Key]) -> Mapping[Key, tuple[Any, ...]]:
        """Return what was answered to keys; where two sent one at once, and one failed, the other's answer stands."""
        found = self.store.requests(keys)
        answered = {row[:2]: row[2:] for row in found if row[3] != "failed"}
        failed = {row[:2]: row[2:] for row in found if row[3] == "failed"}
        if (late := [failed[key][3] for key in failed if key in answered]) and not self.simulate:
            self.store.drop_failed(late)
        return failed | answered

    def _plan_freely(self, fresh: Sequence[Incoming]) -> Plan:
        try:
            return self._plan(fresh)
        except Integrity as error:
            # The reads of a plan are not one snapshot: what does not add up has moved on between them, most likely.
            raise Conflict("what the plan read does not add up") from error

    def _plan_under_lock(self, fresh: Sequence[Incoming]) -> Plan:
        deadline = time.monotonic() + DEADLINE
        plan = self._plan(fresh, deadline)
        if time.monotonic() > deadline and not plan.held:  # else who took too long was abandoned
            raise Busy("a plugin took too long while the member was locked; nothing was written, send the key again")
        return plan

    def _plan(self, fresh: Sequence[Incoming], deadline: float | None = None) -> Plan:
        plan = Plan(self.terms, self.store, self.clock.about_now())
        if not fresh:
            return plan
        plan.load(fresh)
        plan.now = self.clock.planning(plan.now, plan.database_time)
        self._run(plan, fresh, plan.queues(fresh), deadline)
        return plan

    def _run(
        self, plan: Plan, fresh: Sequence[Incoming], queues: dict[str, deque[Incoming]], deadline: float | None = None
    ) -> None:
        arriving = {incoming.activity.id for incoming in fresh}
        waves = Waves(plan, self.known, self.breaker, arriving, deadline, simulate=self.simulate)
        waves.run(queues, self.settling)

    # ------------------------------------------------------------------------------------------------- writing

    def _write(
        self, plan: Plan, fresh: Sequence[Incoming], done_keys: list[tuple[str, str]], lock: Lock | None
    ) -> set[str]:
        """Lock, compare, write, commit. Return the members that moved on, whose activities must be tried again."""
        store = self.store
        if lock is None and self._may_write_alone(plan, fresh):
            (member,) = plan.members.values()
            rows = rows_of(plan, plan.now, self.known.written)
            store.write_alone(rows, member.seq_loaded)
            self.known.written.learn(rows.get("segment", ()))
            return set()
        touched = sorted(member_id for member_id, member in plan.members.items() if not member.is_new or member.planned)
        self.known.members.update(touched)
        if lock is None:
            store.begin()
            lock = store.lock(touched)
        elif any(not plan.members[each].is_new and each not in lock.seqs for each in touched):
            raise Conflict("the plan needs members that were not locked with the others")
        if groups := plan.new_groups():
            store.come_alone()
            if store.known(groups):
                raise Conflict("somebody joined the group in between")
        now = self.clock.under_lock(lock)
        if now >= plan.holds_until() and any(p.kernel_time for m in plan.members.values() for p in m.planned):
            raise Conflict("a lot lapsed or a day ended between plan and lock")
        moved = {
            member_id
            for member_id in touched
            if member_id in lock.seqs and lock.seqs[member_id] != plan.members[member_id].seq_loaded
        }
        if moved:
            moved = plan.tied_to(moved)
            plan.forget(moved)
        rows = rows_of(plan, now, self.known.written)
        if self.waiting:
            done_keys += [
                i.key
                for i in fresh
                if i.activity.id in plan.answers
                and i.activity.member not in moved
                and plan.answers[i.activity.id].outcome not in {"failed", "busy"}
            ]
            if done_keys:
                rows["intake_done"] = list(done_keys)
        self._send(plan, rows, [i.resumes for i in fresh if i.resumes and i.activity.member not in moved])
        return moved

    def _may_write_alone(self, plan: Plan, fresh: Sequence[Incoming]) -> bool:
        """Whether the plan is one known member's and nothing but rows, so that its write can be its own transaction.

        It then keeps the time at which it was planned: that its member still stands where it stood shows that nothing
        settled in between, and the time was read together with it.
        """
        if self.simulate or self.waiting or len(plan.members) != 1 or plan.now >= plan.holds_until():
            return False
        (member,) = plan.members.values()
        more = any(planned.own for planned in member.planned) or plan.new_groups()
        return bool(member.planned) and not member.is_new and not more and not any(each.resumes for each in fresh)

    def _send(self, plan: Plan, rows: Rows, resumed: list[str]) -> None:
        if not rows:
            self.store.rollback()
            return
        if resumed:
            self.store.drop_failed(resumed)
        unit: str | None = None
        if any(planned.own for member in plan.members.values() for planned in member.planned):
            unit = new_id()
            rows["open_unit"] = [(unit, NO_VERSION)]
        self.store.write(rows)
        if unit is not None:
            write_own_effects(plan, self.store, self.settling, self.breaker)
        if self.simulate:
            self.store.rollback()
            return
        try:
            self.store.commit(unit)
        except UnitEnded as error:
            raise unit_ended(plan, self.breaker) from error
        self.known.written.learn(rows.get("segment", ()))


def _may_register(incoming: Incoming) -> bool:
    return incoming.identity is not None or incoming.activity.type == REGISTERED


def _with_follow_ons(plan: Plan, outcome: Outcome) -> Outcome:
    below = plan.children.get(outcome.activity_id or "", ())
    if not below:
        return outcome
    return attrs.evolve(outcome, follow_ons=tuple(_with_follow_ons(plan, plan.answers[child]) for child in below))
