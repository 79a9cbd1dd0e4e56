"""A plan: what a chunk of activities will do, worked out in memory, wave by wave, before anything is locked.

A wave takes the next activity of many members, each member at most once. Later waves see what earlier ones will
write. Nothing here writes; what is planned is written at once by :mod:`corekit.activities.write`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from corekit.activities.effects import Debit, Effect
from corekit.activities.incoming import REGISTERED, Incoming, Key
from corekit.activities.outcome import Outcome
from corekit.activities.reverse import Original
from corekit.activities.terms import Terms
from corekit.clock import day_number, micros, moment
from corekit.ledger.state import NEVER, Account, Assignment, Lot, Member
from corekit.ledger.store import Conflict, Needs, ProgramChanged, Store

PATIENCE = 3_600_000_000
"""Microseconds between plan and lock for which a plan by the kernel's clock is made to hold."""


class Plan:
    """What the members of a chunk are and will be. ``now`` is the kernel's clock when planning began."""

    def __init__(self, terms: Terms, store: Store, now: int) -> None:
        self.terms = terms
        self.store = store
        self.now = now
        self.database_time = 0
        self._known_until = now + PATIENCE
        self.members: dict[str, Member] = {}
        self.originals: dict[str, Original] = {}
        self.answers: dict[str, Outcome] = {}
        # When activities that waited were enqueued.
        self.reported: dict[str, int] = {}
        # Rows of activities that did not settle.
        self.refused: list[tuple[Incoming, Outcome]] = []
        self.failed: list[tuple[Incoming, Outcome]] = []
        self.queued: list[Incoming] = []
        self.children: dict[str, list[str]] = {}
        self.rest: list[Incoming] = []
        self._lots: dict[str, Lot] = {}
        self._taken: set[str] = set()
        self._failed: dict[Key, tuple[str, str]] = {}

    # ------------------------------------------------------------------------------------------------ loading

    def load(self, arriving: Sequence[Incoming]) -> None:
        """Read what the activities touch: a fixed number of statements, whatever their number."""
        ids = sorted({incoming.activity.member for incoming in arriving})
        days = [self.terms.day(instant) for incoming in arriving for instant in (incoming.occurred,)]
        days.append(self.terms.day(self.now))
        first_day, last_day = self.terms.days(min(days), max(days))
        due_by = max(self._known_until, *(incoming.occurred for incoming in arriving))
        for row in self.store.members(ids, Needs(self.terms.by_day, first_day, last_day, due_by)):
            self._load_member(row)
        for incoming in arriving:
            if incoming.key in self._failed:
                activity, hash_ = self._failed[incoming.key]
                if hash_ != incoming.hash:
                    raise Conflict("the key failed with another body")
                incoming.resume(activity)
        self.reported.update((i.activity.id, i.reported) for i in arriving if i.reported is not None)
        if wanted := [earlier for i in arriving if (earlier := i.earlier) is not None]:
            self._load_originals(sorted(set(wanted)))
        if names := [name for i in arriving if (name := joining_name(i)) is not None]:
            self._taken.update(self.store.taken(names))

    def load_members(self, ids: Sequence[str]) -> None:
        """Read members and what is due of theirs, for a sweep."""
        today = day_number(self.terms.day(self.now))
        for row in self.store.members(ids, Needs((), today, today, self.now)):
            self._load_member(row)

    def _load_member(self, row: tuple[Any, ...]) -> None:
        (
            version,
            self.database_time,
            member_id,
            state,
            seq,
            last_at,
            joined_at,
            attributes,
            accounts,
            assignments,
            metrics,
            days,
            due,
            failed,
        ) = row
        if version != self.terms.program.version:
            raise ProgramChanged
        member = Member(member_id, state=state, seq=seq, last_at=last_at, joined_at=joined_at)
        member.attributes = attributes or {}
        for account_row in accounts or ():
            account = Account.loaded(member_id, account_row)
            member.accounts[account.kind] = account
        by_id = {account.id: account for account in member.accounts.values()}
        for lot_row in due or ():
            self._add_lot(by_id[lot_row[1]], lot_row)
        for assignment_row in sorted(assignments or (), key=lambda row: row[3]):
            assignment = Assignment.loaded(assignment_row)
            member.assignments.setdefault(assignment.ladder, []).append(assignment)
        member.metrics = metrics or {}
        for name, day, value in days or ():
            member.days.setdefault(name, {})[day] = value
        self._failed.update(((source, name), (activity, hash_)) for activity, source, name, hash_ in failed or ())
        self.members[member_id] = member

    def _add_lot(
        self, account: Account, row: Sequence[Any], funds: Iterable[tuple[str | None, int]] | None = None
    ) -> None:
        """Add a lot as the database has it, unless the plan knows it already and may have changed it."""
        lot = self._lots.get(row[0])
        if lot is None:
            lot = self._lots[row[0]] = Lot.loaded(row)
            account.lots.append(lot)
        if funds is not None and not lot.funds_complete:
            known = {spend: amount for spend, amount in funds if amount}
            for spend, amount in lot.funds.items():
                known[spend] = known.get(spend, 0) + amount
            lot.funds = known
            lot.funds_complete = True

    def _load_originals(self, wanted: Sequence[str]) -> None:
        effects: list[str] = []
        members: set[str] = set()
        for row in self.store.originals(wanted):
            original = self.originals.setdefault(row[0], Original.loaded(row))
            members.add(original.member)
            effects.extend(effect.id for effect in original.effects)
        for original in self.originals.values():
            if original.parent in self.originals:
                self.originals[original.parent].children.append(original)
        accounts = self._accounts_with_lots(members)
        if accounts and effects:
            for row in self.store.involved_lots(list(accounts), list(self.originals), effects):
                if row[1] in accounts:
                    self._add_lot(accounts[row[1]], row[:-1], row[-1] or ())
            for account in accounts.values():
                account.lots_complete = True

    def need_open_lots(self, wanted: Iterable[Account]) -> None:
        """Load the open lots of every account of the chunk, once, if any of the wanted ones lacks them."""
        if all(account.lots_complete for account in wanted):
            return
        lacking = {
            key: account for key, account in self._accounts_with_lots(self.members).items() if not account.lots_complete
        }
        for row in self.store.open_lots(list(lacking)):
            self._add_lot(lacking[row[1]], row)
        for account in lacking.values():
            account.lots_complete = True

    def need_lots_of_idle(self, member: Member, at: int) -> None:
        """Load the open lots of accounts whose last entry is so long ago that all of them lapse."""
        for account in member.accounts.values():
            if account.lapses_at is not None and account.lapses_at <= at:
                self.need_open_lots([account])

    def need_lots_for(self, yielded: Mapping[str, Sequence[tuple[str, Effect]]]) -> None:
        """Load the lots that effects of a wave will spend."""
        wanted = [
            account
            for effects in yielded.values()
            for _, effect in effects
            if isinstance(effect, Debit)
            and self.terms.chart.books[effect.account].lots
            and (account := self.member(effect.activity.member).accounts.get(effect.account)) is not None
        ]
        self.need_open_lots(wanted)

    def forget(self, members: set[str]) -> None:
        """Leave out members that moved on; their activities are planned again."""
        for member_id in members:
            del self.members[member_id]
        for rows in (self.refused, self.failed):
            rows[:] = [row for row in rows if row[0].activity.member not in members]
        self.queued = [incoming for incoming in self.queued if incoming.activity.member not in members]

    def _accounts_with_lots(self, members: Iterable[str]) -> dict[str, Account]:
        books = self.terms.chart.books
        return {
            account.id: account
            for member_id in members
            if (member := self.members.get(member_id)) is not None
            for account in member.accounts.values()
            if not account.is_new and account.kind in books and books[account.kind].lots
        }

    # --------------------------------------------------------------------------------------------- what it knows

    def member(self, member_id: str) -> Member:
        """Return a member; one that does not exist yet has no state."""
        member = self.members.get(member_id)
        if member is None:
            member = self.members[member_id] = Member(member_id)
        return member

    def is_taken(self, external_id: str) -> bool:
        """Whether another member has this external id, in the database or by this plan."""
        return external_id in self._taken

    def take_name(self, member: Member, external_id: str) -> None:
        """Note that a member of this plan has this external id now."""
        self._taken.add(external_id)
        member.journal.on_roll_back(self._taken.discard, external_id)

    def instant(self, member: Member, incoming: Incoming) -> tuple[int, bool]:
        """Return when the member's next activity settles, and whether that is the kernel's clock."""
        earliest = member.last_at + 1
        if incoming.historical:
            # What follows on the kernel's clock moves with it: that time is taken again under the lock.
            follows = bool(member.planned) and member.planned[-1].kernel_time
            return max(earliest, incoming.occurred), follows
        return max(earliest, self.now), True

    def holds_until(self) -> int:
        """Return the instant at which the plan stops being true: a day ends, or a lot that it knows lapses."""
        local = moment(self.now).astimezone(self.terms.zone)
        midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        lapses = (
            lot.due_at
            for member in self.members.values()
            for account in member.accounts.values()
            for lot in account.lots
            if lot.due_at > self.now and lot.issued > lot.expired
        )
        idle = (
            account.lapses_at
            for member in self.members.values()
            for account in member.accounts.values()
            if account.lapses_at is not None and account.lapses_at > self.now
        )
        return min(self._known_until, micros(midnight), min(lapses, default=NEVER), min(idle, default=NEVER))

    def change_effect(self, member: Member, effect: str, *, undone: int = 0, unfunded: int = 0) -> None:
        """Note how an earlier effect changes; relative, so that changes of one chunk add up."""
        if (spend := member.spends.get(effect)) is not None:
            member.journal.set(spend, "unfunded", spend.unfunded + unfunded)
            return
        old_undone, old_unfunded = member.effect_changes.get(effect, (0, 0))
        member.journal.put(member.effect_changes, effect, (old_undone + undone, old_unfunded + unfunded))

    # ---------------------------------------------------------------------------------------------------- queues

    def queues(self, arriving: Sequence[Incoming]) -> dict[str, deque[Incoming]]:
        """Order the activities per member; what has to wait for the next chunk goes to ``rest``.

        A reversal waits for the chunk after its target, and so does whatever comes after it for the member.
        """
        here = {incoming.activity.id for incoming in arriving}
        waiting: set[str] = set()
        found: dict[str, deque[Incoming]] = {}
        for incoming in sorted(arriving, key=_order):
            member = incoming.activity.member
            if incoming.earlier in here:
                waiting.add(member)
            if member in waiting:
                self.rest.append(incoming)
            else:
                found.setdefault(member, deque()).append(incoming)
        return found

    def refusal(self, incoming: Incoming, code: str, parameters: Mapping[str, Any]) -> Outcome:
        """Return the answer that says no."""
        return Outcome(
            outcome="refused",
            source=incoming.activity.source,
            external_id=incoming.activity.external_id,
            member=incoming.activity.member,
            type=incoming.activity.type,
            code=code,
            parameters=dict(parameters),
            message=self.terms.message(code, parameters),
        )

    def answer(self, incoming: Incoming, outcome: Outcome) -> None:
        """Keep the answer to an activity."""
        self.answers[incoming.activity.id] = outcome
        if incoming.activity.parent is not None:
            self.children.setdefault(incoming.activity.parent, []).append(incoming.activity.id)


def joining_name(incoming: Incoming) -> str | None:
    """Return the external id under which somebody wants to become a member, if this is a registration with one."""
    if incoming.activity.type != REGISTERED:
        return None
    payload: Mapping[str, Any] = incoming.activity.payload
    name = payload.get("external_id")
    return name if isinstance(name, str) else None


def _order(incoming: Incoming) -> tuple[int, str]:
    return incoming.occurred, incoming.activity.external_id
