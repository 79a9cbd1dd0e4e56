"""What a plan reads of its members: a fixed number of statements, however many they are.

Everything is read at most once, when something first needs it, and never written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from corekit.activities.effects import (
    Across,
    Capture,
    CaptureAcross,
    CloseAccount,
    Credit,
    Debit,
    Effect,
    Enrol,
    GiveUp,
    Hold,
    JoinGroup,
    PassOn,
    PersonEffect,
    Release,
    ReleaseAcross,
    Skipped,
    TakeDebt,
    Transfer,
    UpdateProfile,
    parts_of,
)
from corekit.activities.incoming import Incoming, Key
from corekit.activities.reverse import Original, StoredEffect
from corekit.activities.terms import Terms
from corekit.clock import day_number
from corekit.ids import is_id
from corekit.ledger.chart import Chart
from corekit.ledger.state import Account, Assignment, HeldValue, Lot, Member
from corekit.ledger.store import Conflict, Needs, ProgramChanged, Store
from corekit.members.person import Person, as_change, known_by

PERSON_KINDS = frozenset(
    {"UpdateProfile", "Renew", "Lapse", "Tag", "SetConsent", "JoinGroup", "LeaveGroup", "Erase", "GiveUp", "TakeOver"}
)
"""The kinds of effects on persons, as they are stored."""
_CHANGING = frozenset({"UpdateProfile", "GiveUp", "TakeOver"})
"""Those that change profiles."""
_DAYS = 13
"""Where single days of metrics stand in what is read of a member."""
_ALL_DAYS = -(1 << 31), (1 << 31) - 1
PATIENCE = 3_600_000_000
"""Microseconds between plan and lock for which a plan by the kernel's clock is made to hold."""


class Loaded:
    """What is known of the members of a chunk. ``now`` is the kernel's clock when planning began."""

    def __init__(self, terms: Terms, store: Store, now: int) -> None:
        self.terms = terms
        self.store = store
        self.now = now
        self.database_time = 0
        self.known_until = now + PATIENCE
        self.members: dict[str, Member] = {}
        self.originals: dict[str, Original] = {}
        # When activities that waited were enqueued.
        self.reported: dict[str, int] = {}
        # Members of whom one unit moves value between: what becomes of one becomes of the other.
        self.links: list[tuple[str, str]] = []
        # How holds ended that some activity of the plan asks for.
        self.resolved: dict[str, str] = {}
        # The same of those that an activity of a member placed.
        self.resolved_of: dict[tuple[str, str], str] = {}
        # What was said of the accounts of members, and not taken back: effect, account and state, in their order.
        self.words: dict[str, list[tuple[str, str, str]]] = {}
        # By what members are known, with the member, and what earlier activities changed of profiles.
        self.known: dict[tuple[str, str], str | None] = {}
        self.stored: set[tuple[str, str]] = set()
        self.changes: dict[str, Any] = {}
        self._lots: dict[str, Lot] = {}
        self._failed: dict[Key, tuple[str, str]] = {}

    def member(self, member_id: str) -> Member:
        """Return a member; one that does not exist yet has no state."""
        member = self.members.get(member_id)
        if member is None:
            member = self.members[member_id] = Member(member_id)
        return member

    def load(self, arriving: Sequence[Incoming]) -> None:
        """Read what the activities touch: a fixed number of statements, whatever their number."""
        for incoming in arriving:
            if incoming.addressed is not None:
                incoming.readdress({})
        ids = sorted({member for incoming in arriving for member in incoming.about})
        days = [self.terms.day(instant) for incoming in arriving for instant in (incoming.occurred,)]
        days.append(self.terms.day(self.now))
        first_day, last_day = self.terms.days(min(days), max(days))
        due_by = max(self.known_until, *(incoming.occurred for incoming in arriving))
        needs = Needs(self.terms.by_day, first_day, last_day, due_by)
        for row in self.store.members(ids, needs):
            self._load_member(row)
        self._lead_on(arriving, needs)
        for incoming in arriving:
            if incoming.key in self._failed:
                activity, hash_ = self._failed[incoming.key]
                if hash_ != incoming.hash:
                    raise Conflict("the key failed with another body")
                incoming.resume(activity)
        self.reported.update((i.activity.id, i.reported) for i in arriving if i.reported is not None)
        if wanted := [earlier for i in arriving if (earlier := i.earlier) is not None]:
            self._load_originals(sorted(set(wanted)))
            self._lead_back(arriving)

    def _lead_on(self, arriving: Sequence[Incoming], needs: Needs) -> None:
        """Let what names a merged member be about the survivor."""
        merged = sorted(member.id for member in self.members.values() if member.merged_into is not None)
        if not merged:
            return
        survivors = dict(self.store.survivors(merged))
        for incoming in arriving:
            incoming.readdress(survivors)
        self.links += survivors.items()  # should the merge be taken back meanwhile, both are planned again
        if lacking := sorted(set(survivors.values()) - self.members.keys()):
            for row in self.store.members(lacking, needs):
                self._load_member(row)

    def _lead_back(self, arriving: Sequence[Incoming]) -> None:
        """Let what takes back an activity of a merged member, and names the survivor, be about that member."""
        for incoming in arriving:
            original = self.originals.get(incoming.activity.reverses or "")
            owner = self.members.get(original.member) if original is not None else None
            if owner is not None and owner.merged_into == incoming.activity.member:
                incoming.turn_to(owner.id, incoming.activity.members)

    def load_members(
        self, ids: Sequence[str], metrics: tuple[str, ...] = (), days: tuple[int, int] | None = None
    ) -> None:
        """Read members and what is due of theirs, for a sweep, with single days of metrics where it needs them."""
        today = day_number(self.terms.day(self.now))
        first, last = days or (today, today)
        for row in self.store.members(ids, Needs(metrics, first, last, self.now)):
            self._load_member(row)

    def _load_member(self, row: tuple[Any, ...]) -> None:
        (
            version,
            suspended,
            self.database_time,
            member_id,
            state,
            seq,
            last_at,
            joined_at,
            merged_into,
            person,
            accounts,
            assignments,
            metrics,
            days,
            due,
            failed,
            holds,
            merge,
        ) = row
        if version != self.terms.versions.newest or suspended != self.terms.suspensions.change:
            raise ProgramChanged
        if member_id is None:
            return
        member = Member(member_id, state=state, seq=seq, last_at=last_at, joined_at=joined_at)
        member.merged_into, member.merge = merged_into, merge
        attributes, kind, member.birthday, tags = person
        member.attributes, member.kind = attributes or {}, kind or ""
        member.tags = member.tags_loaded = frozenset(tags or ())
        for account_row in accounts or ():
            account = Account.loaded(member_id, account_row)
            member.accounts[account.kind] = account
        by_id = {account.id: account for account in member.accounts.values()}
        for lot_row in due or ():
            self._add_lot(by_id[lot_row[1]], lot_row)
        for hold, activity, account, *told in holds or ():
            member.holds[hold] = HeldValue(hold, activity, by_id[account], *told)
        for assignment_row in sorted(assignments or (), key=lambda row: row[3]):
            assignment = Assignment.loaded(assignment_row)
            member.assignments.setdefault(assignment.ladder, []).append(assignment)
        member.metrics = metrics or {}
        for name, day, value in days or ():
            member.days.setdefault(name, {})[day] = value
        self._failed.update(((source, name), (activity, hash_)) for activity, source, name, hash_ in failed or ())
        self.members[member_id] = member

    def _add_lot(
        self,
        account: Account,
        row: Sequence[Any],
        funds: Iterable[tuple[str | None, int]] | None = None,
        holds: Iterable[tuple[str | None, int]] = (),
    ) -> None:
        """Add a lot as the database has it, unless the plan knows it already and may have changed it."""
        lot = self._lots.get(row[0])
        if lot is None:
            lot = self._lots[row[0]] = Lot.loaded(row)
            account.lots.append(lot)
        if funds is not None and not lot.funds_complete:
            lot.funds = _added(funds, lot.funds)
            lot.holds = _added(holds, lot.holds)
            lot.funds_complete = True

    def _load_originals(self, wanted: Sequence[str]) -> None:
        effects: list[str] = []
        members: set[str] = set()
        for row in self.store.originals(wanted):
            original = self.originals.setdefault(row[0], Original.loaded(row))
            members.add(original.member)
            effects.extend(effect.id for effect in original.effects)
        if others := sorted(members - self.members.keys()):
            for row in self.store.members(others, Needs((), 0, 0, self.known_until)):
                self._load_member(row)
        for original in self.originals.values():
            if original.parent in self.originals:
                self.originals[original.parent].children.append(original)
        undone = [effect for it in self.originals.values() for effect in it.effects]
        self._load_persons_of(undone, members)
        if any(effect.kind == "SetAccountState" for effect in undone):
            self.words = {}
            for member, *word in self.store.words(sorted(members)):
                self.words.setdefault(member, []).append((word[0], word[1], word[2]))
        if effects:
            self._load_involved(self._accounts_with_lots(members), list(self.originals), effects)

    def _load_involved(
        self, accounts: Mapping[str, Account], activities: Sequence[str], effects: Sequence[str]
    ) -> None:
        """Load the lots of accounts that resolving holds or undoing effects can touch, and with them all open ones."""
        if not accounts:
            return
        for *row, funds, holds in self.store.involved_lots(list(accounts), activities, effects):
            if row[1] in accounts:
                self._add_lot(accounts[row[1]], row, funds or (), holds or ())
        for account in accounts.values():
            account.lots_complete = True

    def need_held_lots(self, holds: Iterable[HeldValue]) -> None:
        """Load the lots that holds have set aside value of."""
        books = self.terms.chart.books
        known = [hold for hold in holds if hold.account.kind in books]  # else its plugin is off: its books rest
        wanted = [hold for hold in known if hold.placed_by is None and books[hold.account.kind].lots]
        self._load_involved({hold.account.id: hold.account for hold in wanted}, [], [hold.id for hold in wanted])

    def need_due_holds(self, members: Iterable[tuple[Member, int]]) -> None:
        """Load what it takes to let the holds of members lapse that are due at an instant."""
        self.need_held_lots([hold for member, at in members for hold in due_holds(member, at, self.terms.chart)])

    def _load_persons_of(self, effects: Sequence[StoredEffect], members: set[str]) -> None:
        """Load who the members are and what was changed of it, where effects on persons are to be undone."""
        kinds = {effect.kind for effect in effects} & PERSON_KINDS
        if not kinds:
            return
        self.need_persons(members & self.members.keys())
        if kinds & _CHANGING:
            self.changes.update(self.store.profile_changes(list(self.originals)))
            for past in self.changes.values():
                before = {path: values[0] for path, values in past.items()}
                self.need_known(known_by(as_change(before)))
        groups = [(effect.data or {}).get("code", "") for effect in effects if effect.kind == "LeaveGroup"]
        groups += [code for effect in effects if effect.kind == "GiveUp" for code in (effect.data or {})["groups"]]
        self.need_known([(name, code) for code in groups for name in ("group", "primary")])

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
        flat = [
            part
            for effects in yielded.values()
            for _, effect in effects
            for part in parts_of(effect)
            if not isinstance(part, Credit | Skipped)
        ]
        if not flat:
            return
        books = self.terms.chart.books
        merging = [self.member(effect.activity.member) for effect in flat if isinstance(effect, GiveUp)]
        self.need_all_days(merging)
        giving = {effect.activity.member for effect in flat if isinstance(effect, GiveUp | PassOn)}
        self.need_open_lots(self._accounts_with_lots(giving).values())
        self.need_open_lots(
            account
            for effect in flat
            for kind in _spent(effect)
            if kind in books
            and books[kind].lots
            and (account := self.member(effect.activity.member).accounts.get(kind)) is not None
        )
        closing = [effect for effect in flat if isinstance(effect, CloseAccount)]
        self.need_held_lots(
            hold for effect in closing for hold in holds_on(self.member(effect.activity.member), effect.account)
        )
        self._need_resolved(flat)

    def _need_resolved(self, effects: Sequence[Effect]) -> None:
        """Load what it takes to resolve holds: their lots, and how those ended that are not there any more."""
        held: list[HeldValue] = []
        strange: set[str] = set()
        strange_activities: set[str] = set()
        for effect in effects:
            if isinstance(effect, Capture | Release):
                hold = self.member(effect.activity.member).holds.get(effect.hold)
                held += [hold] if hold is not None else ()
                strange |= {effect.hold} if hold is None and is_id(effect.hold) else set()
            elif isinstance(effect, CaptureAcross | ReleaseAcross):
                held += (placed := holds_by(self.member(effect.activity.member), effect.placed_by))
                strange_activities |= {effect.placed_by} if not placed and is_id(effect.placed_by) else set()
        self.need_held_lots([hold for hold in held if hold.outcome is None])
        if strange:
            self.resolved.update(self.store.holds(sorted(strange)))
        if strange_activities:
            for activity, member, outcome in self.store.placed(sorted(strange_activities)):
                self.resolved_of.setdefault((activity, member), outcome)

    def need_all_days(self, members: Sequence[Member]) -> None:
        """Load every day of every metric of members, whatever windows anybody asks for."""
        if not members:
            return
        names = tuple(sorted({name for member in members for name in member.metrics}))
        for row in self.store.members(sorted({member.id for member in members}), Needs(names, *_ALL_DAYS, 0)):
            member = self.members[row[3]]
            if row[5] != member.seq_loaded:
                raise Conflict("the member moved on")
            days: dict[str, dict[int, int]] = {}
            for name, day, value in row[_DAYS] or ():
                days.setdefault(name, {})[day] = value
            for planned in member.planned:
                for (name, day), value in planned.measured(self.terms.zone).items():
                    of_day = days.setdefault(name, {})
                    of_day[day] = of_day.get(day, 0) + value
            member.days = days

    def need_persons_for(self, yielded: Mapping[str, Sequence[tuple[str, Effect]]]) -> None:
        """Load what effects of a wave need to know of persons, and who is known by what they tell."""
        wanted: list[str] = []
        known: list[tuple[str, str]] = []
        for effects in yielded.values():
            for _, effect in effects:
                if isinstance(effect, Enrol):
                    known.extend(known_by(effect.profile))
                elif isinstance(effect, PersonEffect):
                    wanted.append(effect.activity.member)
                    if isinstance(effect, GiveUp):
                        wanted.append(effect.into)
                    if isinstance(effect, UpdateProfile):
                        known.extend(known_by(effect.changes))
                    elif isinstance(effect, JoinGroup):
                        known += [("group", effect.code), ("primary", effect.code)]
        if wanted:
            self.need_persons(wanted)
        if known:
            self.need_known(known)

    def need_known(self, known: Iterable[tuple[str, str]]) -> None:
        """Find out who is known by what."""
        if new := sorted({pair for pair in known if pair not in self.known}):
            self.known.update(dict.fromkeys(new))
            found = {(name, value): member for name, value, member in self.store.known(new)}
            self.known.update(found)
            self.stored.update(found)

    def new_groups(self) -> list[tuple[str, str]]:
        """Return the groups that members may join by the plan, and to which nobody belonged when it was made."""
        return [pair for pair in self.known if pair[0] == "group" and pair not in self.stored]

    def need_persons(self, ids: Iterable[str]) -> None:
        """Load who members are, unless the plan knows it."""
        lacking = {key for key in ids if not self.member(key).is_new and self.member(key).person is None}
        if lacking:
            for row in self.store.persons(sorted(lacking)):
                self.members[row[0]].person = Person.loaded(row[1:])

    def _accounts_with_lots(self, members: Iterable[str]) -> dict[str, Account]:
        books = self.terms.chart.books
        return {
            account.id: account
            for member_id in members
            if (member := self.members.get(member_id)) is not None
            for account in member.accounts.values()
            if not account.is_new and account.kind in books and books[account.kind].lots
        }


def _spent(effect: Effect) -> Sequence[str]:
    """Return the account kinds of which an effect spends lots."""
    if isinstance(effect, CloseAccount):
        return (effect.account, effect.to) if effect.to is not None else (effect.account,)
    if isinstance(effect, Across):
        return effect.accounts
    return (effect.account,) if isinstance(effect, Debit | Hold | Transfer | TakeDebt) else ()


def holds_on(member: Member, kind: str) -> list[HeldValue]:
    """Return what is set aside of a member's account of a kind, in the order of the ids."""
    found = (hold for hold in member.holds.values() if hold.outcome is None and hold.account.kind == kind)
    return sorted(found, key=lambda hold: hold.id)


def holds_by(member: Member, activity: str) -> list[HeldValue]:
    """Return what an activity set aside of a member's accounts, in the order in which it did."""
    found = (hold for hold in member.holds.values() if hold.activity == activity)
    return sorted(found, key=lambda hold: hold.id)


def _added(rows: Iterable[tuple[str | None, int]], here: Mapping[str | None, int]) -> dict[str | None, int]:
    """Add to what the database holds what the plan has done since, in the order in which each was first there."""
    known = {spend: int(amount) for spend, amount in rows}
    for spend, amount in here.items():
        known[spend] = known.get(spend, 0) + amount
    return known


def due_holds(member: Member, at: int, chart: Chart) -> list[HeldValue]:
    """Return the holds that can no longer be captured at an instant, of kinds that are declared now, as they ended."""
    due = (
        hold
        for hold in member.holds.values()
        if hold.outcome is None and hold.due_at <= at and hold.account.kind in chart.books
    )
    return sorted(due, key=lambda hold: (hold.due_at, hold.id))
