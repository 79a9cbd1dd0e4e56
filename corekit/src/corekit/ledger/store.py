"""What settlement asks of a database: a few set-based reads, one lock, one write. One module per dialect does it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from attrs import frozen

from corekit.ledger.rows import Rows


class Conflict(Exception):
    """Somebody else changed what the plan was made from: plan again."""


class UnitEnded(Exception):
    """The transaction is not the one any more in which the unit began: nothing of the unit was written."""


class ProgramChanged(Exception):
    """Another version of the program was applied, or a plugin suspended or resumed: plan again under other terms."""


@frozen
class Needs:
    """Which days of which metrics and which lots a plan must know, besides each member's state."""

    metrics: tuple[str, ...]
    first_day: int
    last_day: int
    due_by: int
    """Lots that lapse at this instant or before it are loaded."""


@frozen
class Lock:
    """The members as they were found under the lock, and the time it was taken by the database's clock."""

    seqs: dict[str, int]
    time: int


class Store(Protocol):
    """One connection, used by one thread. Identifiers are 32 hex digits; documents come as parsed values."""

    statements: int
    """How many statements were sent, for tests that count them (transaction control apart)."""

    def time(self) -> int:
        """Return the present instant by the database's clock."""
        ...

    def requests(self, keys: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
        """Return (scope, key, hash, outcome, member, activity, code, parameters, seq) of keys that were answered.

        A key whose activity failed comes with the outcome ``failed``.
        """
        ...

    def waiting_keys(self, keys: Sequence[tuple[str, str]]) -> list[tuple[Any, ...]]:
        """Return (scope, key, hash) of keys that wait in the intake."""
        ...

    def claim(self, most: int, but: Sequence[int]) -> list[int]:
        """Return lanes of the intake in which something waits, other than ``but``; what waits longest comes first.

        Where several processes may write, nobody else is given them before the transaction ends.
        """
        ...

    def waiting(self, lanes: Sequence[int], each: int) -> list[tuple[Any, ...]]:
        """Return (member, scope, key, hash, occurred, document) of what waits in lanes, so many of each.

        All of a member come before any later one of the same member.
        """
        ...

    def members(self, ids: Sequence[str], needs: Needs) -> list[tuple[Any, ...]]:
        """Return each member with its accounts, assignments, metrics, days and due lots, one row per member.

        The first three columns are the newest version of the program, the newest change of who is suspended, and the
        present instant by the database's clock, 0 where that is the machine's. Where none of the members is there, one
        row has these and no member.
        """
        ...

    def survivors(self, members: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """Return (merged member, of whom it is a part), along the way from each to the one that is not merged."""
        ...

    def known(self, known: Sequence[tuple[str, str]]) -> list[tuple[str, str, str]]:
        """Return those of (by what, value) by which somebody is known, with the member's id.

        ``group`` asks for the kind of a group, ``primary`` for its primary member.
        """
        ...

    def persons(self, members: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return what is known of each member as a person: (id, profile, external ids, consents, groups)."""
        ...

    def profile_changes(self, activities: Sequence[str]) -> list[tuple[str, Any]]:
        """Return what activities changed of profiles: by path, the values before and after."""
        ...

    def open_lots(self, accounts: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return the lots of accounts that have something left."""
        ...

    def originals(self, activities: Sequence[str]) -> list[tuple[Any, ...]]:
        """Return activities that are to be reversed, with their effects, and all follow-ons below them."""
        ...

    def involved_lots(
        self, accounts: Sequence[str], activities: Sequence[str], effects: Sequence[str]
    ) -> list[tuple[Any, ...]]:
        """Return the lots of accounts that undoing can touch, with what each funds and which holds it backs."""
        ...

    def holds(self, ids: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """Return (id, outcome) of those holds that were resolved."""
        ...

    def placed(self, activities: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """Return (activity, member, outcome) of the holds that activities placed and that were resolved, in order."""
        ...

    def words(self, members: Sequence[str]) -> Sequence[tuple[Any, ...]]:
        """Return (member, effect, account kind, state) of what was said of accounts and not taken back, in order."""
        ...

    def begin(self) -> None:
        """Begin a transaction that writes."""
        ...

    def lock(self, members: Sequence[str]) -> Lock:
        """Lock members until the end of the transaction; those that do not exist are left out."""
        ...

    def come_alone(self) -> None:
        """Let others who come alone wait until the end of the transaction: what is not there yet cannot be locked."""
        ...

    def write(self, rows: Rows) -> None:
        """Write the rows of a unit. Raises Conflict when a key or a member was taken meanwhile."""
        ...

    def write_alone(self, rows: Rows, seq: int) -> None:
        """Write the rows of a unit that changes one member, in a transaction of its own, and commit.

        Raises Conflict where the member no longer stands at sequence number ``seq``, or as :meth:`write` does.
        """
        ...

    def drop_failed(self, activities: Sequence[str]) -> None:
        """Remove failed activities that are about to be settled under the same id."""
        ...

    def commit(self, unit: str | None = None) -> None:
        """Make it last.

        Where it has an open ``unit`` (``core_open_unit``), UnitEnded says that it is not its transaction any more.
        """
        ...

    def rollback(self) -> None:
        """Undo everything since :meth:`begin`; harmless outside a transaction."""
        ...

    def translated(self) -> AbstractContextManager[None]:
        """Turn what the driver raises into what settlement understands: Conflict, Busy, Unavailable, Integrity."""
        ...


def by_what(known: Sequence[tuple[str, str]]) -> tuple[list[list[str]], list[tuple[str, str]]]:
    """Sort what somebody may be known by: values by column, and pairs of source and external id."""
    texts = {name: list[str]() for name in ("external_id", "number", "phone", "email", "group", "primary")}
    pairs: list[tuple[str, str]] = []
    for name, value in known:
        if name in texts:
            texts[name].append(value)
        else:
            pairs.append((name.removeprefix("id:"), value))
    return list(texts.values()), pairs
