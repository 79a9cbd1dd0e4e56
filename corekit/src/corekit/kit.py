"""One running instance of corekit: settings, plugins, database and clock, and everything that can be asked of them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING, Any

from attrs import evolve
from sqlalchemy import Connection, select

from corekit import core
from corekit.activities import intake
from corekit.activities.activity import Activity, Line
from corekit.activities.breaker import Breaker, Broken
from corekit.activities.incoming import Incoming, internal
from corekit.activities.intake import Intake, lay_lanes
from corekit.activities.outcome import Outcome
from corekit.activities.receiving import not_understood, receive
from corekit.activities.settle import Settlement
from corekit.activities.tables import activity as activities
from corekit.activities.terms import Terms
from corekit.audit.trail import leave
from corekit.clock import Clock, micros, moment
from corekit.db import lineage, migrate
from corekit.db.engine import Database
from corekit.db.reader import Reader
from corekit.db.waiting import blocking
from corekit.errors import Busy, Invalid, NotFound, SettingsError
from corekit.hooks import Hooks
from corekit.ids import is_id, new_id
from corekit.jobs.runner import Jobs
from corekit.jobs.settings import check_settings
from corekit.ledger import chart, tables
from corekit.outbox.delivery import Outbox, subscribe
from corekit.plugins import Plugin, discover
from corekit.program import Program, Versions, newest, read_versions
from corekit.registry import Registry
from corekit.settings import Settings
from corekit.suspension.suspensions import Suspension, read_suspensions, resume, suspend
from corekit.tally import Tally
from corekit.validation import suggest

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from corekit.activities.views import Explanation
    from corekit.jobs.runs import JobRun
    from corekit.members.privacy import Erasure
    from corekit.offers import Offers
    from corekit.proof.verify import Report

Entropy = Callable[[int], bytes]
"""Returns so many bytes that nobody can foresee. A kit without one asks the operating system."""
CHUNK = 500
"""Activities of one transaction, where nothing else is said."""


class Kit:
    """One running instance. It is safe to use from several threads; nothing of it is global."""

    def __init__(
        self,
        settings: Settings | str | os.PathLike[str] = "corekit.toml",
        *,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
        without: Sequence[str] = (),
        modules: Mapping[str, ModuleType] | None = None,
    ) -> None:
        """Start with settings or the path of ``corekit.toml``.

        ``clock`` replaces the database's clock, ``entropy`` the system's source of randomness, ``without`` leaves out
        enabled plugins, ``modules`` are plugins given directly instead of by an installed distribution. Raises
        SettingsError and PluginError.
        """
        self.settings = settings if isinstance(settings, Settings) else Settings.load(settings)
        self.entropy: Entropy = entropy or secrets.token_bytes
        """Gives bytes that nobody can foresee, for secrets; what reacts to activities takes no chance."""
        self.plugins: tuple[Plugin, ...] = discover(self.settings, without, modules)
        self._declared = Registry.of(core.declares(self.settings), self.plugins)
        self.hooks = Hooks(self.plugins)
        self.database = Database(self.settings.database)
        self._held: list[Terms] = []
        self._versions: Versions | None = None
        self._settlement = Settlement(self.database, self.terms, self.renew, clock, self._suspend_broken)
        self._intake = Intake(self.database, self._settlement)
        self.outbox = Outbox(self.database, self.hooks, self._settlement.now, self._settlement.breaker)
        """What plugins are told, how far that is, and what could not be delivered."""
        self.jobs = Jobs(self, self._settlement)
        """The jobs: sweeps and whatever else is done at its time."""
        check_settings(self._declared, self.settings)

    # ------------------------------------------------------------------------------------------------- what it is

    @property
    def zone(self) -> ZoneInfo:
        """The program's time zone."""
        return self.settings.time_zone

    @property
    def program(self) -> Program:
        """The program that holds now."""
        return self.terms().program_at(self._settlement.clock.about_now())

    @property
    def registry(self) -> Registry:
        """Everything declared, what follows from any version of the program included."""
        return self.terms().registry

    @property
    def declared(self) -> Registry:
        """Everything that core and plugins declare by themselves, without the program."""
        return self._declared

    @property
    def breaker(self) -> Breaker:
        """What calls the plugins, and knows in this process who does not return."""
        return self._settlement.breaker

    @property
    def outcomes(self) -> Tally:
        """How often this process gave each kind of answer to an activity."""
        return self._settlement.outcomes

    @property
    def statements(self) -> int:
        """How many statements settlement has sent, transaction control and plugins' own apart."""
        return self._settlement.statements

    def terms(self) -> Terms:
        """Return the terms under which activities settle now."""
        held = self._held  # where another thread renews meanwhile, what is read here is kept no longer
        if not held:
            blocking()  # a program is read and compiled
            self._check_ready()
            with self.read() as read:
                self._versions = read_versions(read, self._declared, self.settings, self._versions)
                terms = Terms.of(self.settings, self._versions, self.hooks, read_suspensions(read))
                self._check_chart(read, terms)
            held.append(terms)
        return held[0]

    def renew(self) -> None:
        """Forget the terms, because the program changed; they are read again when they are needed."""
        self._held = []

    def look_again(self) -> bool:
        """Forget the terms if another process changed them since they were read; return whether that is so."""
        terms = self.terms()
        with self.read() as read:
            last, change = newest(read), read_suspensions(read).change
        is_old = (last.version if last else 0, change) != (terms.versions.newest, terms.suspensions.change)
        if is_old:
            self.renew()
        return is_old

    def now(self, read: Reader | None = None) -> datetime:
        """Return the present instant by the kit's clock, which by default is the database's.

        For whoever reads a snapshot that is when it began; to know it takes no statement of its own.
        """
        if read is not None and self._settlement.clock.by_database:
            return moment(read.instant())
        return moment(self._settlement.now())

    def read(self) -> AbstractContextManager[Reader]:
        """Return a reader of one snapshot, as a context manager."""
        return self.database.read()

    def lineages(self) -> list[lineage.Lineage]:
        """Return the lineages of the core and of every plugin that has tables."""
        return lineage.lineages(self.plugins)

    def upgrade(self) -> list[str]:
        """Migrate the database and enter what is declared into the chart of accounts; return the owners migrated."""
        done = migrate.upgrade(self.database, self.lineages())
        with self.read() as read:
            versions = read_versions(read, self._declared, self.settings)
            terms = Terms.of(self.settings, versions, self.hooks, read_suspensions(read))
        self.enter(terms)
        return done

    def enter(self, terms: Terms) -> None:
        """Enter the account kinds of terms into the chart of accounts, and settle under these terms from now on."""
        with self.database.write() as connection:
            chart.sync(connection, terms.registry, terms.chart)
            lay_lanes(connection)
            subscribe(connection, self.hooks.happening)
        self._versions, self._held = terms.versions, [terms]

    def close(self) -> None:
        """Close the connections to the database."""
        self.database.close()

    # ------------------------------------------------------------------------------------------------- activities

    def record(self, activity: Activity) -> Outcome:
        """Settle one activity and return its answer.

        Raises :class:`Invalid` where it is not understood (nothing is stored), :class:`Busy` and
        :class:`Unavailable` where the same key should be sent again.
        """
        return self._one(activity)

    def record_many(
        self,
        activities: Iterable[Activity],
        *,
        chunk: int = CHUNK,
        progress: Callable[[int], object] | None = None,
        simulate: bool = False,
    ) -> Iterator[Outcome]:
        """Settle any number of activities in chunks, yielding one answer for each in their order.

        Nothing happens before the answers are asked for. An activity that is not understood gets the answer
        ``invalid``; the others go on. ``progress`` is called with the number settled after each chunk. ``simulate``
        stores nothing: each chunk sees what is stored, and its own activities, but no chunk before it.
        Raises ValueError for chunks of nothing.
        """
        if chunk < 1:
            raise ValueError("a chunk has one activity at least")
        done = 0
        coming = iter(activities)
        while part := list(islice(coming, chunk)):
            received = self._receive(part)
            known = [each for each in received if isinstance(each, Incoming)]
            answers = self._settlement.settle(known, simulate=simulate)
            for each in received:
                yield each if isinstance(each, Outcome) else answers[each.activity.id]
            done += len(part)
            if progress is not None:
                progress(done)

    def simulate(self, activity: Activity) -> Outcome:
        """Return what :meth:`record` would answer, follow-ons included; nothing is stored."""
        return self._one(activity, simulate=True)

    def reverse(
        self,
        activity_id: str,
        *,
        lines: Mapping[int, int] | None = None,
        amount: int = 0,
        source: str = "api",
        external_id: str | None = None,
        reason: str = "",
        actor: str | None = None,
        occurred_at: datetime | None = None,
    ) -> Outcome:
        """Take back an activity: what is left of it with everything that followed from it, or a part.

        ``lines`` names how much of which line comes back (minor units, by number), ``amount`` how much of the whole.
        Raises NotFound where there is no such activity; what cannot be taken back is refused with the reason.
        """
        with self.read() as read:
            wanted = select(activities.c.member_id).where(activities.c.id == activity_id)
            member = read.scalar(wanted) if is_id(activity_id) else None
        if member is None:
            message = f"there is no activity {activity_id}"
            raise NotFound(message, id=activity_id)
        return self.record(
            Activity(
                type="reversal",
                member=member,
                occurred_at=occurred_at,
                source=source,
                reverses=activity_id,
                lines=tuple(Line(no, part) for no, part in (lines or {}).items()),
                amount=sum(lines.values()) if lines else amount,
                payload={"reason": reason},
                actor=actor,
                external_id=external_id or new_id(),
            )
        )

    def merge(
        self,
        member: str,
        other: str,
        *,
        source: str = "api",
        external_id: str | None = None,
        reason: str = "",
        actor: str | None = None,
    ) -> Outcome:
        """Let another member become a part of a member: value, history of metrics, tiers, and by what it is known.

        Whatever names the other one later is about ``member``. Reversing the activity makes two of them again, by the
        ordinary rules where something was spent in between. What stands against it is refused with the reason.
        """
        return self.record(
            Activity(
                type="member.merged",
                member=member,
                members=(other,),
                source=source,
                payload={"reason": reason},
                actor=actor,
                external_id=external_id or new_id(),
            )
        )

    def offers(self, member: str) -> Offers:
        """Return what a member can have now, each with the reason why not, and which plugins could not say it.

        Raises NotFound where there is no such member.
        """
        from corekit.members.offering import offers  # noqa: PLC0415 - reading is not needed to settle
        from corekit.members.read import members, survivors  # noqa: PLC0415 - the same

        try:
            with self.read() as read:
                known = survivors(read, [member]).get(member, member)
                if known not in members(read, [known]):
                    message = f"there is no member {member}"
                    raise NotFound(message, member=member)
                return offers(read, self, [known], self.now(read))[known]
        finally:
            self.suspend_broken()

    def why(self, activity_id: str) -> Explanation:
        """Explain an activity: its effects with rule and lines, its cause, what followed, what was taken back.

        Raises NotFound where there is no such activity.
        """
        from corekit.activities.why import why  # noqa: PLC0415 - reading is not needed to settle

        with self.read() as read:
            found = why(read, [activity_id])
        if activity_id not in found:
            message = f"there is no activity {activity_id}"
            raise NotFound(message, id=activity_id)
        return found[activity_id]

    # ----------------------------------------------------------------------------------------- plugins that rest

    def suspend(self, plugin: str, reason: str = "", *, actor: str | None = None) -> bool:
        """Let no process call a plugin until it is resumed; return whether that is new.

        What it may react to is answered ``PLUGIN_SUSPENDED`` and not stored; what was enqueued waits, and so does what
        it is to be told. Everything else goes on. Raises NotFound where no such plugin is on.
        """
        return self._let_rest(plugin, lambda connection, at: suspend(connection, plugin, at, reason, actor))

    def resume(self, plugin: str, *, actor: str | None = None) -> bool:
        """Let a plugin be called again; return whether it was suspended. Raises NotFound where no such plugin is on."""

        def change(connection: Connection, at: datetime) -> bool:
            changed = resume(connection, plugin, at, actor)
            if changed:
                intake.take_up(connection, "held")
            return changed

        return self._let_rest(plugin, change)

    def suspensions(self) -> list[Suspension]:
        """Return the plugins that are suspended now, by name."""
        with self.read() as read:
            return list(read_suspensions(read).plugins.values())

    def suspend_broken(self) -> None:
        """Suspend the plugins that the breaker found to do what is not safe to be done again."""
        self._settlement.suspend_broken()

    def _let_rest(self, plugin: str, change: Callable[[Connection, datetime], bool]) -> bool:
        names = [each.name for each in self.plugins]
        if plugin not in names:
            raise NotFound(f"no plugin {plugin} is on{suggest(plugin, names)}", plugin=plugin)
        now = self.now()
        with self.database.write() as connection:
            changed = change(connection, now)
        self.renew()
        return changed

    def _suspend_broken(self, broken: Broken) -> None:
        self.suspend(broken.plugin, broken.reason)

    # ------------------------------------------------------------------------------------------ a person's rights

    def export(self, member: str) -> dict[str, Any]:
        """Return everything that is known of a member, what the plugins know included, as of one moment.

        Raises NotFound, and PluginRaised where a plugin cannot say what it knows.
        """
        from corekit.members.privacy import export  # noqa: PLC0415 - not needed to settle

        now = self.now()
        try:
            with self.read() as read:
                return export(read, self, member, now)
        finally:
            self.suspend_broken()

    def erase(self, member: str, *, reason: str = "", actor: str | None = None) -> Erasure:
        """Forget who a member is; value and its history stay, under the member's id, and the membership ends.

        Every plugin erases first, each in a transaction of its own, then the core does, by an activity
        ``member.erased``. Where a plugin raises, the request stays open and says so; asking again goes on with it.
        Raises NotFound.
        """
        from corekit.members.privacy import erase  # noqa: PLC0415 - not needed to settle

        return erase(self, member, reason=reason, actor=actor)

    def settle_own(self, activities: Iterable[Activity]) -> list[Outcome]:
        """Settle, as one chunk, activities of types that only the kit itself records, in the name of the core."""
        now = self._settlement.clock.about_now()
        types = self.terms().types
        own = [evolve(each, source="core", occurred_at=moment(now)) for each in activities]
        coming = [internal(each, types[each.type], now, historical=False) for each in own]
        answers = self._settlement.settle(coming)
        return [answers[each.activity.id] for each in coming]

    # ---------------------------------------------------------------------------------------------- work that waits

    def enqueue(self, activities: Iterable[Activity]) -> list[Outcome]:
        """Store activities that a worker will settle; once this returns they cannot be lost.

        A key that waits or was answered before is not stored again (``replayed``).
        """
        return self._intake.enqueue(self._receive(list(activities)))

    def work(self, *, chunk: int = CHUNK, limit: int | None = None) -> int:
        """Settle what waits until nothing is left (or ``limit`` activities are done); return how many were handled.

        Several workers share what waits on PostgreSQL: what another one has claimed is left to it.
        """
        return self._intake.work(self.terms, chunk, limit)

    def deliver(self, plugin: str | None = None, *, limit: int | None = None) -> int:
        """Tell plugins, or one of them, what happened (``corekit_happened``); return how many events were handled.

        ``limit`` is per plugin. Raises NotFound where nothing is delivered to such a plugin.
        """
        return self.outbox.deliver(plugin, limit=limit)

    def retry_failed(self, *, actor: str | None = None) -> int:
        """Let enqueued activities that failed be tried again by the next worker; return how many."""
        now = self.now()
        with self.database.write() as connection:
            if number := intake.take_up(connection, "failed"):
                leave(connection, now, actor, "intake.retried", "intake", activities=number)
            return number

    def sweep(self, name: str, at: datetime | None = None) -> JobRun:
        """Run a sweep (``expiry``) as of an instant, now by default, whatever share of all members or value it touches.

        Short for :meth:`Jobs.run` by whoever has decided.
        """
        return self.jobs.run(name, at, go=True)

    def lapse(self, members: Sequence[str], at: datetime, *, historical: bool = True) -> int:
        """Let holds and lots of members lapse that are due at an instant; return how many activities that took.

        They settle then, or (not ``historical``) now.
        """
        return self._settlement.expire(members, micros(at), historical=historical)

    def rerate(
        self, members: Sequence[str], ladder: str, at: datetime, earliest: int, *, historical: bool = True
    ) -> int:
        """Let the policy of a ladder take its course for members at an instant; return how many activities that took.

        They settle then, or (not ``historical``) now. ``earliest`` is the instant from which on its figures may be
        asked for.
        """
        return self._settlement.rerate(members, ladder, micros(at), earliest, historical=historical)

    def verify(self, *, accounts: Sequence[str] = (), since: datetime | None = None) -> Report:
        """Prove the books on one snapshot: all, or some accounts of members, or what was written since an instant.

        The report says what a proof of a part cannot see. Raises NotFound and Invalid.
        """
        from corekit.proof.verify import verify  # noqa: PLC0415 - a tool of its own

        with self.read() as read:
            return verify(read, self.terms(), account_ids=accounts, since=since)

    # ----------------------------------------------------------------------------------------------------- inside

    def _one(self, activity: Activity, *, simulate: bool = False) -> Outcome:
        (received,) = self._receive([activity])
        if isinstance(received, Outcome):
            raise Invalid(received.problems)
        outcome = self._settlement.settle([received], simulate=simulate)[received.activity.id]
        if outcome.outcome == "busy":
            raise Busy(outcome.message, code=outcome.code, **outcome.parameters)
        if outcome.outcome == "invalid":
            raise Invalid(outcome.problems)
        return outcome

    def _receive(self, activities: Sequence[Activity]) -> list[Incoming | Outcome]:
        """Return activities as they are understood; what is not may be so by a program that is new."""
        received = self._understood(activities)
        if any(isinstance(each, Outcome) for each in received) and self.look_again():
            received = self._understood(activities)
        return received

    def _understood(self, activities: Sequence[Activity]) -> list[Incoming | Outcome]:
        terms, found = self.terms(), list[Incoming | Outcome]()
        for activity in activities:
            try:
                found.append(receive(activity, terms, self._settlement.clock.about_now()))
            except Invalid as error:
                found.append(not_understood(activity, error))
        return found

    def _check_ready(self) -> None:
        waiting = migrate.pending(self.database, self.lineages())
        if behind := [owner for owner, revisions in waiting.items() if revisions]:
            message = f"the tables of {', '.join(behind)} are not up to date; run: corekit db upgrade"
            raise SettingsError(message, code="DATABASE_BEHIND", owners=behind)

    def _check_chart(self, read: Reader, terms: Terms) -> None:
        known = {row.code for row in read.all(select(tables.account_kind.c.code))}
        if missing := [code for code in terms.chart.books if code not in known]:
            message = f"the account kinds {', '.join(missing)} are not in the books yet; run: corekit db upgrade"
            raise SettingsError(message, code="DATABASE_BEHIND", kinds=missing)
