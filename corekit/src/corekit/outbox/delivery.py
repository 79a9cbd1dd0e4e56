"""Delivery: each plugin that wants to know is told what happened, in its own time and from its own cursor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import structlog
from attrs import Factory, define
from sqlalchemy import Connection, and_, bindparam, delete, exists, func, insert, null, select, update
from sqlalchemy.dialects import postgresql, sqlite

from corekit.activities import tables as activities
from corekit.audit.trail import leave
from corekit.clock import moment
from corekit.db.engine import Database
from corekit.db.reader import AnyRow, Reader, any_of
from corekit.errors import Busy, NotFound, PluginRaised, Unavailable
from corekit.log import raised_at
from corekit.outbox import standing, tables
from corekit.outbox.claims import Claims, writing
from corekit.outbox.event import event_of, told
from corekit.outbox.horizon import Horizon, last
from corekit.suspension.suspensions import read_suspensions
from corekit.validation import suggest

if TYPE_CHECKING:
    from corekit.activities.breaker import Breaker
    from corekit.hooks import Hooks
    from corekit.plugins import Plugin

_log = structlog.get_logger("corekit.outbox")

DELAYS = (5, 30, 120, 600, 3_600, 21_600)
"""Seconds from one attempt to the next; after the last of them the letter is dead."""
SECOND = 1_000_000
TURN = 100
"""Events between two times that progress is written: so many may come twice where a deliverer dies."""
LONGEST = 2.0
"""Seconds of calling after which progress is written, too."""
PATIENCE = 30.0
"""Seconds for which others are waited for to end what they began."""
SLOW = 1.0
"""Seconds of one call after which it is asked whether the claim still holds."""

_outbox, _cursor, _letter = activities.outbox, tables.cursor, tables.letter


@define
class _Turn:
    """What a turn has to write: where the cursor comes to stand, and what becomes of letters."""

    cursor: int
    delivered: list[int] = Factory(list[int])
    """Positions whose letters are delivered."""
    letters: list[dict[str, Any]] = Factory(list[dict[str, Any]])
    """New letters."""
    again: list[dict[str, Any]] = Factory(list[dict[str, Any]])
    """Letters that were tried again, as they are now."""
    blocked: set[str] = Factory(set[str])
    """Members of whom something earlier waits."""
    calls: int = 0
    done: int = 0


class Outbox:
    """The outbox of one kit: delivers it, and tells how far that is."""

    def __init__(self, database: Database, hooks: Hooks, now: Callable[[], int], breaker: Breaker) -> None:
        self._breaker = breaker
        self._database = database
        self._hooks = hooks
        self._now = now
        self._claims = Claims(database)
        self._horizon = Horizon(database)

    @property
    def plugins(self) -> tuple[str, ...]:
        """The plugins that want to know what happened."""
        return tuple(plugin.name for plugin in self._hooks.happening)

    def deliver(self, plugin: str | None = None, *, limit: int | None = None) -> int:
        """Tell plugins, or one of them, what happened since they were told last, and what is due again.

        Each gets its events in order per member, and each is told until nothing is due or ``limit`` events were
        handled. Where somebody else delivers to a plugin at this moment, that plugin is left to them. Returns how many
        events were handled: delivered, put off or found dead.
        """
        if plugin is not None:
            self._check_known(plugin)
        done = 0
        for each in self._hooks.happening:
            if plugin in (None, each.name):
                while limit is None or done < limit:
                    number = self._turn(each, TURN if limit is None else min(TURN, limit - done))
                    if not number:
                        break
                    done += number
        return done

    def final(self, seconds: float = PATIENCE) -> int:
        """Return a position up to which nothing will appear any more, when all that began before this call has ended.

        What is read from then on has all activities up to it. Raises :class:`~corekit.Unavailable` where somebody
        takes more than so many seconds to end what was begun.
        """
        with self._database.connect() as connection:
            wanted = last(connection)
        until = time.monotonic() + seconds
        while (reached := self._horizon.reached()) < wanted:
            if time.monotonic() > until:
                message = "what was begun before has not ended yet; try again later"
                raise Unavailable(message)
            time.sleep(0.02)
        return reached

    def standings(self) -> list[standing.Standing]:
        """Return how far each plugin is: those that are on, and those that were."""
        with self._database.read() as read:
            return standing.standings(read, self.plugins)

    def dead_letters(self, plugin: str | None = None, *, most: int = standing.MOST) -> list[standing.DeadLetter]:
        """Return what was given up, of one plugin or of all, the oldest ``most`` of each."""
        if plugin is not None:
            self._check_known(plugin)
        with self._database.read() as read:
            return standing.dead_letters(read, [plugin] if plugin is not None else None, most)

    def retry(self, plugin: str, member: str | None = None, *, actor: str | None = None) -> int:
        """Let what was given up or put off be tried again at once; return how many letters that are."""
        again = update(_letter).values(state="waiting", attempts=0, next_at=None)
        return self._change(plugin, member, "outbox.retried", again, actor)

    def skip(self, plugin: str, member: str | None = None, *, actor: str | None = None) -> int:
        """Give dead letters, and whatever stands first and was put off, up for good; return how many.

        What stands behind is delivered by the next deliverer.
        """
        return self._change(plugin, member, "outbox.skipped", delete(_letter), actor)

    def _change(self, plugin: str, member: str | None, what: str, change: Any, actor: str | None) -> int:
        """Change those letters of a plugin that were tried and raised."""
        self._check_known(plugin)
        chosen = [_letter.c.plugin == plugin, _letter.c.failed_at.is_not(None)]
        if member is not None:
            chosen.append(_letter.c.member_id == member)
        with self._database.write() as connection:
            number = connection.execute(change.where(*chosen)).rowcount
            if number:
                leave(connection, moment(self._now()), actor, what, plugin, letters=number, member=member)
        _log.info("letters changed", plugin=plugin, letters=number, change=what)
        return number

    def _check_known(self, plugin: str) -> None:
        """Raise NotFound where a plugin neither wants to know what happened nor ever did."""
        if plugin in self.plugins:
            return
        with self._database.read() as read:
            if read.scalar(select(_cursor.c.plugin).where(_cursor.c.plugin == plugin)) is None:
                message = f"nothing is delivered to a plugin {plugin}{suggest(plugin, self.plugins)}"
                raise NotFound(message, plugin=plugin)

    # ------------------------------------------------------------------------------------------------------ a turn

    def _turn(self, plugin: Plugin, most: int) -> int:
        """Handle letters that are due and what is new, then write how far that is; return how many were handled."""
        with self._claims.of(plugin.name) as connection:
            if connection is None:
                return 0
            read = Reader(connection)
            if plugin.name in read_suspensions(read).plugins:
                return 0
            final = self._horizon.reached()
            own_cursor = select(_cursor.c.position).where(_cursor.c.plugin == plugin.name)
            position = read.scalar(own_cursor)
            if position is None:  # no upgrade knew it
                with self._database.write() as other:
                    subscribe(other, [plugin])
                position = read.scalar(own_cursor)
            turn = _Turn(cursor=position)
            teller = _Teller(self._hooks, plugin, self._now, turn, read, self._breaker)
            # What is due takes half of a turn at most: nobody waits for those who cannot be reached.
            teller.tell(read.all(_due(plugin.name, self._now(), max(1, most // 2))))
            fresh = read.all(_fresh(position, final, most - turn.done))
            turn.blocked |= _waiting(read, plugin.name, {row.member_id for row in fresh}, turn)
            teller.tell(fresh)
            if turn.done:
                with writing(connection):
                    _write(connection, plugin.name, turn)
            return turn.done


class _Teller:
    """Tells a plugin of events, and notes in the turn what becomes of each."""

    def __init__(
        self, hooks: Hooks, plugin: Plugin, now: Callable[[], int], turn: _Turn, claim: Reader, breaker: Breaker
    ) -> None:
        self._breaker = breaker
        self._hooks = hooks
        self._plugin = plugin
        self._now = now
        self._turn = turn
        self._claim = claim
        self._until = time.monotonic() + LONGEST

    def tell(self, rows: Sequence[AnyRow]) -> None:
        """Tell of rows in their order; what raises is put off, and the later ones of its member behind it."""
        turn = self._turn
        for row in rows:
            if turn.calls and time.monotonic() > self._until:
                return
            if row.member_id not in turn.blocked:
                self._call(row)
            elif row.attempts is None:
                turn.letters.append(_behind(self._plugin.name, row))
            else:
                continue
            turn.cursor = max(turn.cursor, row.position)
            turn.done += 1

    def _call(self, row: AnyRow) -> None:
        attempt = (row.attempts or 0) + 1
        began = time.monotonic()
        self._turn.calls += 1
        event = event_of(row, attempt)
        try:
            self._breaker.tell(self._plugin.name, lambda: self._hooks.happened(self._plugin, event))
        except (PluginRaised, Busy) as error:
            self._put_off(row, attempt, error)
        else:
            if row.attempts is not None:
                self._turn.delivered.append(row.position)
        if time.monotonic() - began > SLOW:
            self._claim.scalar(select(1))  # raises where the claim is lost, so that nothing is told behind another

    def _put_off(self, row: AnyRow, attempt: int, error: PluginRaised | Busy) -> None:
        now = self._now()
        dead = attempt > len(DELAYS)
        place = raised_at(error)
        name, position = self._plugin.name, row.position
        self._breaker.failed.add([name])
        _log.error("plugin raised", plugin=name, position=position, attempt=attempt, dead=dead, **place)
        after = {
            "state": "dead" if dead else "waiting",
            "attempts": attempt,
            "next_at": None if dead else now + DELAYS[attempt - 1] * SECOND,
            "failed_at": now,
            "reason": place,
        }
        if row.attempts is None:
            self._turn.letters.append({**_behind(name, row), **after})
        else:
            self._turn.again.append({"of": position, "tried": row.attempts, **after})
        if not dead:
            self._turn.blocked.add(row.member_id)


def subscribe(connection: Connection, plugins: Iterable[Plugin]) -> None:
    """Let plugins that are not known yet begin where they declare: from now on, or at the beginning."""
    known = {row.plugin for row in connection.execute(select(_cursor.c.plugin))}
    if new := [plugin for plugin in plugins if plugin.name not in known]:
        start = {"now": last(connection), "beginning": 0}
        rows = [{"plugin": plugin.name, "position": start[plugin.declares.happened_from]} for plugin in new]
        add = sqlite.insert(_cursor) if connection.dialect.name == "sqlite" else postgresql.insert(_cursor)
        connection.execute(add.on_conflict_do_nothing(), rows)


def _due(plugin: str, now: int, most: int) -> Any:
    """Select the letters whose turn has come: nothing of the member stands before them that is put off."""
    before = _letter.alias()
    put_off = exists().where(
        before.c.plugin == _letter.c.plugin,
        before.c.member_id == _letter.c.member_id,
        before.c.state == "waiting",
        before.c.next_at > now,
    )
    joined = and_(_letter.c.position == _outbox.c.position)
    chosen = told(_letter.c.attempts).join(_letter, joined)
    chosen = chosen.where(_letter.c.plugin == plugin, _letter.c.state == "waiting", ~put_off)
    return chosen.order_by(_letter.c.position).limit(most)


def _fresh(position: int, final: int, most: int) -> Any:
    attempts = null().label("attempts")
    chosen = told(attempts).where(_outbox.c.position > position, _outbox.c.position <= final)
    return chosen.order_by(_outbox.c.position).limit(most)


def _waiting(read: Reader, plugin: str, members: set[str], turn: _Turn) -> set[str]:
    """Return those members of whom letters still wait after what this turn delivered and gave up."""
    if not members:
        return set()
    settled = {*turn.delivered, *(letter["of"] for letter in turn.again if letter["state"] == "dead")}
    chosen = select(_letter.c.member_id, func.count().label("number")).where(
        _letter.c.plugin == plugin, _letter.c.state == "waiting", any_of(_letter.c.member_id, sorted(members))
    )
    if settled:
        chosen = chosen.where(~any_of(_letter.c.position, sorted(settled)))
    return {row.member_id for row in read.all(chosen.group_by(_letter.c.member_id))}


def _behind(plugin: str, row: AnyRow) -> dict[str, Any]:
    """Return the letter of an event that waits because an earlier one of its member does."""
    return {
        "plugin": plugin,
        "position": row.position,
        "member_id": row.member_id,
        "state": "waiting",
        "attempts": 0,
        "next_at": None,
        "failed_at": None,
        "reason": None,
    }


def _write(connection: Connection, plugin: str, turn: _Turn) -> None:
    own = _letter.c.plugin == plugin
    if turn.delivered:
        connection.execute(delete(_letter).where(own, any_of(_letter.c.position, turn.delivered)))
    if turn.again:  # what somebody skipped or let be tried again meanwhile stays so
        tried = (_letter.c.position == bindparam("of"), _letter.c.attempts == bindparam("tried"))
        connection.execute(update(_letter).where(own, *tried), turn.again)
    if turn.letters:
        connection.execute(insert(_letter), turn.letters)
    connection.execute(update(_cursor).where(_cursor.c.plugin == plugin).values(position=turn.cursor))
