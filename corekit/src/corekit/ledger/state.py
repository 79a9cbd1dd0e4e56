"""What a plan knows of members, accounts and lots: loaded once, changed in memory, written once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from corekit.ids import new_id
from corekit.ledger.journal import Journal

if TYPE_CHECKING:
    from corekit.activities.planned import Planned, PlannedEffect
    from corekit.ledger.segments import Told
    from corekit.ledger.voucher import Voucher
    from corekit.members.person import Person

NEVER = 1 << 62
"""Later than every instant: the order of a lot that does not lapse."""


class Account:
    """A member's account of one kind: what the database holds (``base``) and what the plan makes of it."""

    __slots__ = (
        "base",
        "credits",
        "debits",
        "id",
        "is_new",
        "kind",
        "lapses_at",
        "last_at",
        "lots",
        "lots_complete",
        "member_id",
        "overdraft_limit",
        "pending",
        "seq",
        "state",
        "state_loaded",
        "touched",
    )

    def __init__(self, member_id: str, kind: str, *, overdraft_limit: int | None = 0) -> None:
        self.id = new_id()
        self.member_id = member_id
        self.kind = kind
        self.state = self.state_loaded = "open"
        self.debits = self.credits = self.pending = self.seq = self.last_at = 0
        self.lapses_at: int | None = None
        self.overdraft_limit = overdraft_limit
        self.base = (0, 0, 0, 0)
        self.is_new = True
        self.touched: Voucher | None = None
        self.lots: list[Lot] = []
        self.lots_complete = True

    @classmethod
    def loaded(cls, member_id: str, row: Sequence[Any]) -> Account:
        """Make an account of the database's row; its lots are not loaded yet."""
        account = cls.__new__(cls)
        (
            account.id,
            account.kind,
            account.state,
            account.debits,
            account.credits,
            account.pending,
            account.overdraft_limit,
            account.seq,
            account.last_at,
            account.lapses_at,
        ) = row
        account.member_id = member_id
        account.state_loaded = account.state
        account.base = (account.debits, account.credits, account.pending, account.seq)
        account.is_new = False
        account.touched = None
        account.lots = []
        account.lots_complete = False
        return account

    @property
    def balance(self) -> int:
        """What the account holds, in minor units; negative is owed."""
        return self.credits - self.debits

    @property
    def available(self) -> int:
        """What may be spent, once the lots that are due have been expired."""
        return self.credits - self.debits - self.pending

    def awaited(self, at: int) -> int:
        """Return what cannot be spent yet at an instant, because its lots become available later."""
        return sum(lot.open for lot in self.lots if lot.is_awaited(at))

    def open_lots(self) -> list[Lot]:
        """Return the lots with something left, in the order in which they are spent."""
        return sorted((lot for lot in self.lots if lot.open > 0), key=_spending_order)

    def in_order(self) -> list[Lot]:
        """Return all lots in the order in which they are spent."""
        return sorted(self.lots, key=_spending_order)


class Lot:
    """A credit that keeps its own expiry, with the id of the posting that issued it.

    ``funds`` says how much of it each spend has (None: a paid debt), ``holds`` how much each hold has set aside.
    """

    __slots__ = (
        "account_id",
        "activity_id",
        "available_from",
        "base",
        "consumed",
        "effect_id",
        "expired",
        "expires_at",
        "funds",
        "funds_complete",
        "held",
        "holds",
        "id",
        "is_new",
        "issued",
        "issued_at",
        "issued_by",
        "repaid",
        "seq",
    )

    def __init__(
        self,
        posting: str,
        account_id: str,
        voucher: Voucher,
        effect_id: str,
        issued: int,
        expires_at: int | None,
        available_from: int | None = None,
    ) -> None:
        self.id = posting
        self.account_id = account_id
        self.issued_by: Voucher | None = voucher
        self.activity_id = voucher.activity_id
        self.effect_id = effect_id
        self.issued = issued
        self.consumed = self.held = self.expired = self.repaid = self.seq = 0
        self.expires_at = expires_at
        self.available_from = available_from
        self.issued_at = voucher.at
        self.base: tuple[Any, ...] = ()
        self.is_new = True
        self.funds: dict[str | None, int] = {}
        self.holds: dict[str | None, int] = {}
        self.funds_complete = True

    @classmethod
    def loaded(cls, row: Sequence[Any]) -> Lot:
        """Make a lot of the database's row; what it funds is not loaded yet."""
        lot = cls.__new__(cls)
        (
            lot.id,
            lot.account_id,
            lot.activity_id,
            lot.effect_id,
            lot.issued,
            lot.consumed,
            lot.held,
            lot.expired,
            lot.repaid,
            lot.expires_at,
            lot.issued_at,
            lot.seq,
            lot.available_from,
        ) = row
        lot.base = lot.parts
        lot.issued_by = None
        lot.is_new = False
        lot.funds = {}
        lot.holds = {}
        lot.funds_complete = False
        return lot

    @property
    def parts(self) -> tuple[Any, ...]:
        """Everything of a lot that can change."""
        return self.consumed, self.held, self.expired, self.repaid, self.expires_at, self.seq

    @property
    def open(self) -> int:
        """What is left of it, in minor units."""
        return self.issued - self.consumed - self.held - self.expired

    @property
    def due_at(self) -> int:
        """The instant from which nobody can spend it."""
        return NEVER if self.expires_at is None else self.expires_at

    def is_awaited(self, at: int) -> bool:
        """Say whether it cannot be spent yet at an instant."""
        return self.available_from is not None and self.available_from > at


def _spending_order(lot: Lot) -> tuple[int, int, str]:
    return lot.due_at, lot.issued_at, lot.id


class HeldValue:
    """A hold on a member's account: what is set aside, until when, and how it ended."""

    __slots__ = (
        "_expires_at",
        "_seconds",
        "account",
        "activity",
        "amount",
        "captured",
        "dimensions",
        "id",
        "outcome",
        "placed_by",
        "resolved_by",
    )

    def __init__(
        self,
        hold: str,
        activity: str,
        account: Account,
        amount: int,
        expires_at: int | None = None,
        dimensions: Told | None = None,
    ) -> None:
        self.id = hold
        self.activity = activity
        self.account = account
        self.amount = amount
        self._expires_at = expires_at
        self._seconds: int | None = None
        # What was said of the dimensions of its kind when it was placed; None where it has none.
        self.dimensions = dimensions
        # None where the database has it.
        self.placed_by: Voucher | None = None
        self.outcome: str | None = None
        self.captured = 0
        self.resolved_by: Voucher | None = None

    @classmethod
    def placed(cls, hold: str, account: Account, amount: int, seconds: int | None, by: Voucher) -> HeldValue:
        """Make a hold that lapses so many seconds after it settles."""
        made = cls(hold, by.activity_id, account, amount)
        made.placed_by = by
        made._seconds = seconds
        return made

    @property
    def expires_at(self) -> int | None:
        """The instant from which it cannot be captured, if there is one."""
        if self.placed_by is None or self._seconds is None:
            return self._expires_at
        return self.placed_by.at + self._seconds * 1_000_000

    @property
    def due_at(self) -> int:
        """The instant from which it cannot be captured."""
        return NEVER if self.expires_at is None else self.expires_at


class Assignment:
    """A member's stay in a tier of a ladder, from an instant until the next one begins."""

    __slots__ = (
        "activity_id",
        "begun_by",
        "ended_by",
        "expires_at",
        "id",
        "is_new",
        "ladder",
        "locked_by",
        "locked_until",
        "measured",
        "program",
        "reason",
        "tier",
        "undone_by",
        "undone_loaded",
        "valid_from",
        "valid_to",
    )

    def __init__(  # noqa: PLR0913 - the columns of a row
        self,
        ladder: str,
        tier: str,
        voucher: Voucher,
        *,
        reason: str,
        program: int,
        measured: Mapping[str, int],
        expires_at: int | None = None,
        locked_until: int | None = None,
        locked_by: str | None = None,
    ) -> None:
        self.id = new_id()
        self.ladder = ladder
        self.tier = tier
        self.valid_from = voucher.at
        self.valid_to: int | None = None
        self.begun_by: Voucher | None = voucher
        self.ended_by: Voucher | None = None
        self.reason = reason
        self.activity_id = voucher.activity_id
        self.program = program
        self.measured = measured
        self.expires_at = expires_at
        self.locked_until = locked_until
        self.locked_by = locked_by
        self.undone_by: str | None = None
        self.undone_loaded: str | None = None
        self.is_new = True

    @classmethod
    def loaded(cls, row: Sequence[Any]) -> Assignment:
        """Make an assignment of the database's row."""
        assignment = cls.__new__(cls)
        (
            assignment.id,
            assignment.ladder,
            assignment.tier,
            assignment.valid_from,
            assignment.valid_to,
            assignment.activity_id,
            assignment.reason,
            assignment.expires_at,
            assignment.locked_until,
            assignment.locked_by,
            assignment.undone_by,
        ) = row
        assignment.undone_loaded = assignment.undone_by
        assignment.begun_by = assignment.ended_by = None
        assignment.is_new = False
        return assignment


class Member:
    """A member as the plan finds and leaves it. ``seq`` counts its settled activities."""

    __slots__ = (
        "accounts",
        "assignments",
        "attributes",
        "birthday",
        "days",
        "effect_changes",
        "holds",
        "id",
        "is_new",
        "joined_at",
        "journal",
        "kind",
        "last_at",
        "merge",
        "merged_into",
        "metrics",
        "person",
        "planned",
        "prepared",
        "seq",
        "seq_loaded",
        "spends",
        "stale",
        "state",
        "state_loaded",
        "tags",
        "tags_loaded",
    )

    def __init__(self, member_id: str, *, state: str = "", seq: int = 0, last_at: int = 0, joined_at: int = 0) -> None:
        self.id = member_id
        self.state = self.state_loaded = state
        self.seq = self.seq_loaded = seq
        self.last_at = last_at
        self.joined_at = joined_at
        # Of whom it is a part, once it is merged.
        self.merged_into: str | None = None
        # The activity by which it became that, and how deep that one follows from another.
        self.merge: tuple[str, int] | None = None
        self.is_new = not state
        self.attributes: Mapping[str, Any] = {}
        self.kind = ""
        self.birthday: str | None = None
        self.tags: frozenset[str] = frozenset()
        self.tags_loaded: frozenset[str] = self.tags
        # Who it is: read only where something of it changes.
        self.person: Person | None = None
        self.accounts: dict[str, Account] = {}
        # Holds that are not resolved, and those that this plan resolved.
        self.holds: dict[str, HeldValue] = {}
        # Per ladder, oldest first: the tier at an instant is the last one that began before it.
        self.assignments: dict[str, list[Assignment]] = {}
        self.metrics: dict[str, int] = {}
        self.days: dict[str, dict[int, int]] = {}
        self.prepared: dict[str, Any] = {}
        self.planned: list[Planned] = []
        # Spends made by this plan, and how effects that are in the database change: (undone, unfunded).
        self.spends: dict[str, PlannedEffect] = {}
        self.effect_changes: dict[str, tuple[int, int]] = {}
        # A plugin's own effect changed what it prepared, and it brings no fold: what comes next has to wait.
        self.stale = False
        self.journal = Journal()

    @property
    def exists(self) -> bool:
        """Whether there is such a member, in the database or by this plan."""
        return bool(self.state)
