"""The rules of the ledger over one member's accounts, in memory: credit, debit, expire, claw back, restore."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from zoneinfo import ZoneInfo

from corekit.errors import Integrity, Refusal
from corekit.ledger.chart import Book
from corekit.ledger.state import Account, Lot, Member
from corekit.ledger.voucher import Voucher

Unfund = Callable[[str, int], None]
"""Notes that a part of a spend (the id of its effect) is funded by nothing any more, or less so (negative)."""


def due_lots(member: Member, at: int) -> dict[str, list[Lot]]:
    """Return the open lots, per account kind, that nobody can spend at an instant, in the order of their expiry."""
    found: dict[str, list[Lot]] = {}
    for kind, account in member.accounts.items():
        idle = account.lapses_at is not None and account.lapses_at <= at
        if account.lots and (due := [lot for lot in account.open_lots() if idle or lot.due_at <= at]):
            found[kind] = due
    return found


class Teller:
    """Does the work of one effect on a member's account of one kind.

    All amounts are positive minor units; every change goes into the voucher. What the methods rely on: the member's
    lots that are due have been expired before, and the lots they need are loaded (``debit``: all open ones;
    ``claw_back`` and ``restore``: the ones they touch as well).
    """

    def __init__(self, member: Member, voucher: Voucher, effect: str, book: Book, zone: ZoneInfo) -> None:
        self._member = member
        self._journal = member.journal
        self._voucher = voucher
        self._effect = effect
        self._book = book
        self._zone = zone
        self._account = self._open(book.code)

    def credit(
        self, amount: int, *, earned: int, expires_at: int | None = None, available_from: int | None = None
    ) -> None:
        """Give value: a new lot where the kind has lots. What the member owes is paid first.

        ``earned`` is the instant from which the kind's expiry counts, unless ``expires_at`` says when it lapses. Until
        ``available_from`` the lot is spent by nobody.
        """
        posting = self._post("issued", self._account, amount)
        if not self._book.lots:
            self._pay_debt([])
            return
        expiry = self._book.expiry
        if expires_at is None and expiry is not None and expiry.after == "earning":
            expires_at = expiry.instant(earned, self._zone)
        lot = Lot(posting, self._account.id, self._voucher, self._effect, amount, expires_at, available_from)
        self._journal.push(self._account.lots, lot)
        self._move(lot, "issue", amount)
        self._pay_debt([lot])

    def debit(self, amount: int) -> None:
        """Take value, earliest expiry first; refused when less is available."""
        account, code = self._account, self._book.code
        if account.state != "open":
            raise Refusal("ACCOUNT_CLOSED_TO_DEBITS", account=code, state=account.state)
        at = self._voucher.at
        available = account.available - account.awaited(at)
        if available < amount:
            raise Refusal("INSUFFICIENT", account=code, available=str(available), needed=str(amount))
        self._post(account, "redeemed", amount)
        if self._book.lots:
            for lot, part in _take([lot for lot in account.open_lots() if not lot.is_awaited(at)], amount):
                self._move(lot, "consume", part, self._effect)

    def expire(self, lots: Iterable[Lot]) -> None:
        """Let what is left of due lots lapse into breakage."""
        for lot in lots:
            amount = lot.open
            self._post(self._account, "breakage", amount)
            self._move(lot, "expire", amount)

    def claw_back(self, amount: int, credit: str, unfund: Unfund) -> None:
        """Take back what an earlier effect ``credit`` gave: from its own lot first, whatever became of it.

        What is open, then what lapsed (back from breakage), then what was spent: those spends are funded anew from
        the member's other lots, and what nothing funds goes by the kind's policy.
        """
        if not self._book.lots:
            part = min(amount, max(self._account.available, 0))
            if part:
                self._post(self._account, "issued", part)
            self._fall_short(amount - part)
            return
        own = [lot for lot in self._account.lots if lot.effect_id == credit]
        amount = self._claw_back_spent(own, self._claw_back_expired(own, self._claw_back_open(own, amount)), unfund)
        if amount:
            message = f"the lot of effect {credit} holds {amount} less than is taken back"
            raise Integrity(message, effect=credit, missing=amount)

    def restore(self, amount: int, spend: str, unfund: Unfund) -> None:
        """Give back what an earlier effect ``spend`` took: to the lots that fund it now, with their own expiry.

        The part that nothing funds any more pays what the member owes, and then returns to the lots that had paid.
        """
        if not self._book.lots:
            self._post("redeemed", self._account, amount)
            self._pay_debt([])
            return
        for lot in sorted(self._account.lots, key=lambda lot: (-lot.due_at, -lot.issued_at, lot.id)):
            if part := min(amount, lot.funds.get(spend, 0)):
                amount -= part
                self._give_back(lot, "restore", part, spend)
                self._pay_debt([lot])
        if amount:
            unfund(spend, -amount)
            self._restore_unfunded(amount, spend)

    # --------------------------------------------------------------------------------------------------- clawback

    def _claw_back_open(self, own: list[Lot], amount: int) -> int:
        for lot, part in _take(own, amount):
            self._post(self._account, "issued", part)
            self._move(lot, "clawback", part)
            amount -= part
        return amount

    def _claw_back_expired(self, own: list[Lot], amount: int) -> int:
        for lot in own:
            if part := min(amount, lot.expired):
                self._post("breakage", "issued", part)
                self._move(lot, "unexpire", part)
                self._move(lot, "clawback", part)
                amount -= part
        return amount

    def _claw_back_spent(self, own: list[Lot], amount: int, unfund: Unfund) -> int:
        for lot in own:
            for spend, funded in reversed(list(lot.funds.items())):
                if part := min(amount, funded):
                    amount -= part
                    self._move(lot, "unrepay" if spend is None else "restore", part, spend)
                    self._move(lot, "clawback", part)
                    missing = self._fund_anew(own, part, spend)
                    if missing and spend is not None:
                        unfund(spend, missing)
                    self._fall_short(missing)
        return amount

    def _fund_anew(self, own: list[Lot], amount: int, spend: str | None) -> int:
        """Fund a spend (None: a debt that was paid) from the member's other lots; return what they do not cover."""
        for lot, part in _take([lot for lot in self._account.open_lots() if lot not in own], amount):
            self._post(self._account, "issued", part)
            self._move(lot, "repay" if spend is None else "consume", part, spend)
            amount -= part
        return amount

    def _fall_short(self, amount: int) -> None:
        """Let the kind's policy say who bears what cannot be taken back."""
        if not amount:
            return
        if self._book.clawback == "refuse":
            raise Refusal("CLAWBACK_SHORTFALL", account=self._book.code, missing=str(amount))
        if self._book.clawback == "write_off":
            self._post("adjust", "issued", amount)
        else:
            self._post(self._open(self._book.debt, overdraft_limit=None), "issued", amount)

    # --------------------------------------------------------------------------------------------------- restoring

    def _restore_unfunded(self, amount: int, spend: str) -> None:
        debt = self._member.accounts.get(self._book.debt)
        if debt is not None and (part := min(amount, -debt.balance)) > 0:
            self._post("redeemed", debt, part)
            amount -= part
        for lot in reversed(self._account.lots):
            if part := min(amount, lot.funds.get(None, 0)):
                amount -= part
                self._give_back(lot, "unrepay", part, None)
        if amount and self._book.clawback == "write_off":  # the house had borne it
            self._post("redeemed", "adjust", amount)
        elif amount:
            message = f"spend {spend} cannot be given back: {amount} of it is funded by nothing"
            raise Integrity(message, effect=spend, missing=amount)

    def _give_back(self, lot: Lot, kind: str, amount: int, spend: str | None) -> None:
        """Return value to a lot; one that lapsed meanwhile gets the kind's grace."""
        self._post("redeemed", self._account, amount)
        self._move(lot, kind, amount, spend)
        if self._book.grace and lot.expires_at is not None and lot.expires_at <= self._voucher.at:
            self._journal.set(lot, "expires_at", self._voucher.at + self._book.grace)

    def _pay_debt(self, lots: list[Lot]) -> None:
        """Pay what the member owes from what just came in."""
        debt = self._member.accounts.get(self._book.debt)
        if debt is None or debt.balance >= 0:
            return
        if not self._book.lots:
            if (part := min(-debt.balance, self._account.available)) > 0:
                self._post(self._account, debt, part)
            return
        for lot, part in _take(lots, -debt.balance):
            self._post(self._account, debt, part)
            self._move(lot, "repay", part)

    # ------------------------------------------------------------------------------------------------------ rows

    def _open(self, kind: str, *, overdraft_limit: int | None = 0) -> Account:
        account = self._member.accounts.get(kind)
        if account is None:
            account = Account(self._member.id, kind, overdraft_limit=overdraft_limit)
            self._journal.put(self._member.accounts, kind, account)
        return account

    def _post(self, debit: Account | str, credit: Account | str, amount: int) -> str:
        """Post between accounts; a text names one of the house's accounts of this kind."""
        house = self._book.house
        debit = house[debit] if isinstance(debit, str) else debit
        credit = house[credit] if isinstance(credit, str) else credit
        if self._book.is_idle:
            self._journal.set(self._account, "lapses_at", self._book.lapses(self._voucher.at, self._zone))
        return self._voucher.post(self._journal, self._effect, self._book.unit.code, debit, credit, amount)

    def _move(self, lot: Lot, kind: str, amount: int, spend: str | None = None) -> None:
        self._voucher.move(self._journal, self._effect, lot, kind, amount, spend)


def _take(lots: list[Lot], amount: int) -> Iterator[tuple[Lot, int]]:
    """Yield how much to take of each lot, in their order, until the amount is reached."""
    for lot in lots:
        if amount <= 0:
            return
        if part := min(amount, lot.open):
            amount -= part
            yield lot, part
