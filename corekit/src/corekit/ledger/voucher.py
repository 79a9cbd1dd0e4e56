"""What one settled activity writes into the books."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from corekit.errors import Integrity
from corekit.ids import new_id
from corekit.ledger.journal import Journal
from corekit.ledger.segments import NOTHING, Segment, Told, segment, told
from corekit.ledger.state import Account, Lot

LARGEST_AMOUNT = 10**15
"""The largest amount of one posting, in minor units."""

# How each kind of movement changes the parts of a lot.
_CONSUMES = {"consume": 1, "repay": 1, "clawback": 1, "restore": -1, "unrepay": -1}
_EXPIRES = {"expire": 1, "unexpire": -1}
_REPAYS = {"repay": 1, "unrepay": -1}
_HOLDS = {"hold": 1, "release": -1}


class Voucher:
    """The postings, entries and lot movements of one activity, all at one instant.

    Rows are tuples in the order of their tables' columns without the instant, which is settled last: it is the
    time at which the members are locked.
    """

    __slots__ = (
        "activity_id",
        "at",
        "entries",
        "inherits",
        "movements",
        "of_hold",
        "payload",
        "postings",
        "segments",
        "type",
        "undone",
    )

    def __init__(
        self, activity_id: str, at: int, type_: str, payload: Mapping[str, Any] | None, inherits: Told = NOTHING
    ) -> None:
        self.activity_id = activity_id
        self.at = at
        self.type = type_
        self.payload = payload
        # What counts where the payload says nothing: of what came before, and of a hold that it resolves.
        self.inherits = inherits
        self.of_hold = NOTHING
        # The type of what it takes back.
        self.undone: str | None = None
        self.segments: dict[str, Segment] = {}
        self.postings: list[tuple[Any, ...]] = []
        self.entries: list[tuple[Any, ...]] = []
        self.movements: list[tuple[Any, ...]] = []

    def told(self, dimensions: Iterable[str], of_hold: Told = NOTHING) -> dict[str, str]:
        """Return what it says of dimensions; what was said of a hold counts last."""
        return told(dimensions, self.payload, self.inherits, of_hold)

    def segment(self, dimensions: Iterable[str], of_hold: Told) -> str:
        """Return the id of the segment under which postings of a kind with dimensions stand."""
        found = segment(self.type, self.undone, tuple(self.told(dimensions, of_hold).items()))
        self.segments[found[0]] = found
        return found[0]

    def post(
        self,
        journal: Journal,
        effect: str,
        unit: str,
        debit: Account | str,
        credit: Account | str,
        amount: int,
        segment_id: str | None,
    ) -> str:
        """Move an amount from one account to another; a text is the id of one of the house's accounts.

        Returns the id of the posting.
        """
        if not 1 <= amount <= LARGEST_AMOUNT:
            message = f"a posting of {amount} is outside 1..{LARGEST_AMOUNT}"
            raise Integrity(message, amount=amount)
        posting = new_id()
        debit_id = debit if isinstance(debit, str) else debit.id
        credit_id = credit if isinstance(credit, str) else credit.id
        self.postings.append((self.activity_id, posting, effect, unit, debit_id, credit_id, amount, segment_id))
        if not isinstance(debit, str):
            journal.set(debit, "debits", debit.debits + amount)
            self._enter(journal, debit, posting, "debit", amount)
        if not isinstance(credit, str):
            journal.set(credit, "credits", credit.credits + amount)
            self._enter(journal, credit, posting, "credit", amount)
        return posting

    def mark(self) -> tuple[int, int, int]:
        """Return how much is written on it, for :meth:`cut`."""
        return len(self.postings), len(self.entries), len(self.movements)

    def cut(self, mark: tuple[int, int, int]) -> None:
        """Take off what was written since a mark."""
        for rows, length in zip((self.postings, self.entries, self.movements), mark, strict=True):
            del rows[length:]

    def _enter(self, journal: Journal, account: Account, posting: str, side: str, amount: int) -> None:
        journal.set(account, "seq", account.seq + 1)
        journal.set(account, "touched", self)
        balance = account.credits - account.debits
        self.entries.append(
            (account.id, account.seq, posting, self.activity_id, side, amount, balance, balance - account.pending)
        )

    def move(
        self,
        journal: Journal,
        effect: str,
        lot: Lot,
        kind: str,
        amount: int,
        spend: str | None = None,
        expires_at: int | None = None,
    ) -> None:
        """Move a part of a lot: into a spend, into breakage, or back; ``expires_at`` is its new expiry, if any."""
        if sign := _CONSUMES.get(kind):
            journal.set(lot, "consumed", lot.consumed + sign * amount)
        elif sign := _EXPIRES.get(kind):
            journal.set(lot, "expired", lot.expired + sign * amount)
        if sign := _HOLDS.get(kind):
            journal.set(lot, "held", lot.held + sign * amount)
            journal.put(lot.holds, spend, lot.holds.get(spend, 0) + sign * amount)
        if sign := _REPAYS.get(kind):
            journal.set(lot, "repaid", lot.repaid + sign * amount)
        if kind in {"consume", "restore", "repay", "unrepay"}:
            sign = _CONSUMES[kind]
            journal.put(lot.funds, spend, lot.funds.get(spend, 0) + sign * amount)
        journal.set(lot, "seq", lot.seq + 1)
        before = None
        if expires_at is not None:
            before = lot.expires_at
            journal.set(lot, "expires_at", expires_at)
        self.movements.append((lot.id, lot.seq, self.activity_id, effect, kind, amount, spend, before))
