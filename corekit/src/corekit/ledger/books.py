"""The rules of the ledger over one member's accounts, in memory: credit, debit, expire, claw back, restore."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from zoneinfo import ZoneInfo

from corekit.errors import Integrity, Refusal
from corekit.ledger.chart import Book, Chart
from corekit.ledger.state import Account, Lot, Member
from corekit.ledger.voucher import Voucher

Unfund = Callable[[str, int], None]
"""Notes that a part of a spend (the id of its effect) is funded by nothing any more, or less so (negative)."""


class Books:
    """Applies value to accounts. All amounts are positive minor units; every change goes into the voucher.

    What the methods rely on: the member's lots that are due have been expired before (:meth:`expire`), and the lots
    they need are loaded (``debit``: all open ones; ``claw_back`` and ``restore``: the ones they touch as well).
    """

    def __init__(self, chart: Chart, zone: ZoneInfo) -> None:
        self.chart = chart
        self.zone = zone

    def account(self, member: Member, kind: str, *, overdraft_limit: int | None = 0) -> Account:
        """Return the member's account of a kind, opened if need be."""
        account = member.accounts.get(kind)
        if account is None:
            account = Account(member.id, kind, overdraft_limit=overdraft_limit)
            member.journal.put(member.accounts, kind, account)
        return account

    def credit(self, member: Member, voucher: Voucher, effect: str, book: Book, amount: int, *, earned: int,
               expires_at: int | None = None, source: str = "issued") -> None:
        """Give value: a new lot where the kind has lots. What the member owes is paid first."""
        account = self.account(member, book.code)
        voucher.post(member.journal, effect, book.unit.code, book.house[source], account, amount)
        if book.lots:
            if expires_at is None and book.expiry is not None:
                expires_at = book.expiry.instant(earned, self.zone)
            lot = Lot(account.id, voucher, effect, amount, expires_at)
            member.journal.push(account.lots, lot)
            voucher.move(member.journal, effect, lot, "issue", amount)
            self._pay_debt(member, voucher, effect, book, account, [lot])
        else:
            self._pay_debt(member, voucher, effect, book, account, [])

    def debit(self, member: Member, voucher: Voucher, effect: str, book: Book, amount: int, *,
              sink: str = "redeemed") -> None:
        """Take value, earliest expiry first; refused when less is available."""
        account = self.account(member, book.code)
        if account.state != "open":
            raise Refusal("ACCOUNT_CLOSED_TO_DEBITS", account=book.code, state=account.state)
        if account.available < amount:
            raise Refusal("INSUFFICIENT", account=book.code, available=str(account.available), needed=str(amount))
        voucher.post(member.journal, effect, book.unit.code, account, book.house[sink], amount)
        if book.lots:
            for lot, part in _take(account.open_lots(), amount):
                voucher.move(member.journal, effect, lot, "consume", part, effect)

    def due(self, member: Member, at: int) -> dict[str, list[Lot]]:
        """Return the open lots, per kind, that nobody can spend at an instant."""
        found: dict[str, list[Lot]] = {}
        for kind, account in member.accounts.items():
            if account.lots and (due := [lot for lot in account.lots if lot.due_at <= at and lot.open > 0]):
                found[kind] = sorted(due, key=lambda lot: (lot.due_at, lot.issued_at, lot.id))
        return found

    def expire(self, member: Member, voucher: Voucher, effect: str, book: Book, lots: list[Lot]) -> None:
        """Let what is left of due lots lapse into breakage."""
        account = member.accounts[book.code]
        for lot in lots:
            amount = lot.open
            voucher.post(member.journal, effect, book.unit.code, account, book.house["breakage"], amount)
            voucher.move(member.journal, effect, lot, "expire", amount)

    def claw_back(self, member: Member, voucher: Voucher, effect: str, book: Book, amount: int, credit: str,
                  unfund: Unfund) -> None:
        """Take back what an earlier effect ``credit`` gave: from its own lot first, whatever became of it.

        What is open, then what lapsed (back from breakage), then what was spent: those spends are funded anew from
        the member's other lots, and what nothing funds goes by the kind's policy.
        """
        account = self.account(member, book.code)
        if not book.lots:
            part = min(amount, max(account.available, 0))
            if part:
                voucher.post(member.journal, effect, book.unit.code, account, book.house["issued"], part)
            self._shortfall(member, voucher, effect, book, amount - part)
            return
        own = [lot for lot in account.lots if lot.effect_id == credit]
        for lot, part in _take(own, amount):
            voucher.post(member.journal, effect, book.unit.code, account, book.house["issued"], part)
            voucher.move(member.journal, effect, lot, "clawback", part)
            amount -= part
        for lot in own:
            if part := min(amount, lot.expired):
                voucher.post(member.journal, effect, book.unit.code, book.house["breakage"], book.house["issued"], part)
                voucher.move(member.journal, effect, lot, "unexpire", part)
                voucher.move(member.journal, effect, lot, "clawback", part)
                amount -= part
        for lot in own:
            for spend, funded in reversed(list(lot.funds.items())):
                if part := min(amount, funded):
                    amount -= part
                    voucher.move(member.journal, effect, lot, _back(spend), part, spend)
                    voucher.move(member.journal, effect, lot, "clawback", part)
                    rest = self._fund_anew(member, voucher, effect, book, account, own, part, spend)
                    if rest and spend is not None:
                        unfund(spend, rest)
                    self._shortfall(member, voucher, effect, book, rest)
        if amount:
            message = f"the lot of effect {credit} holds {amount} less than is taken back"
            raise Integrity(message, effect=credit, missing=amount)

    def restore(self, member: Member, voucher: Voucher, effect: str, book: Book, amount: int, spend: str,
                unfund: Unfund) -> None:
        """Give back what an earlier effect ``spend`` took: to the lots that fund it now, with their own expiry.

        The part that nothing funds any more pays what the member owes, and then returns to the lots that had paid.
        """
        account = self.account(member, book.code)
        redeemed = book.house["redeemed"]
        if not book.lots:
            voucher.post(member.journal, effect, book.unit.code, redeemed, account, amount)
            self._pay_debt(member, voucher, effect, book, account, [])
            return
        for lot in sorted(account.lots, key=lambda lot: (-lot.due_at, -lot.issued_at, lot.id)):
            if part := min(amount, lot.funds.get(spend, 0)):
                amount -= part
                voucher.post(member.journal, effect, book.unit.code, redeemed, account, part)
                voucher.move(member.journal, effect, lot, "restore", part, spend)
                self._grace(member, voucher, book, lot)
                self._pay_debt(member, voucher, effect, book, account, [lot])
        if not amount:
            return
        unfund(spend, -amount)
        debt = member.accounts.get(book.debt)
        if debt is not None and (part := min(amount, -debt.balance)) > 0:
            voucher.post(member.journal, effect, book.unit.code, redeemed, debt, part)
            amount -= part
        for lot in reversed(account.lots):
            if part := min(amount, lot.funds.get(None, 0)):
                amount -= part
                voucher.post(member.journal, effect, book.unit.code, redeemed, account, part)
                voucher.move(member.journal, effect, lot, "unrepay", part)
                self._grace(member, voucher, book, lot)
        if amount and book.clawback == "write_off":  # the house had borne it
            voucher.post(member.journal, effect, book.unit.code, redeemed, book.house["adjust"], amount)
        elif amount:
            message = f"spend {spend} cannot be given back: {amount} of it is funded by nothing"
            raise Integrity(message, effect=spend, missing=amount)

    def _fund_anew(self, member: Member, voucher: Voucher, effect: str, book: Book, account: Account, own: list[Lot],
                   amount: int, spend: str | None) -> int:
        others = [lot for lot in account.open_lots() if lot not in own]
        for lot, part in _take(others, amount):
            voucher.post(member.journal, effect, book.unit.code, account, book.house["issued"], part)
            voucher.move(member.journal, effect, lot, "repay" if spend is None else "consume", part, spend)
            amount -= part
        return amount

    def _shortfall(self, member: Member, voucher: Voucher, effect: str, book: Book, amount: int) -> None:
        if not amount:
            return
        if book.clawback == "refuse":
            raise Refusal("CLAWBACK_SHORTFALL", account=book.code, missing=str(amount))
        if book.clawback == "write_off":
            voucher.post(member.journal, effect, book.unit.code, book.house["adjust"], book.house["issued"], amount)
            return
        debt = self.account(member, book.debt, overdraft_limit=None)
        voucher.post(member.journal, effect, book.unit.code, debt, book.house["issued"], amount)

    def _pay_debt(self, member: Member, voucher: Voucher, effect: str, book: Book, account: Account,
                  lots: list[Lot]) -> None:
        debt = member.accounts.get(book.debt)
        if debt is None or debt.balance >= 0:
            return
        if not book.lots:
            if (part := min(-debt.balance, account.available)) > 0:
                voucher.post(member.journal, effect, book.unit.code, account, debt, part)
            return
        for lot, part in _take(lots, -debt.balance):
            voucher.post(member.journal, effect, book.unit.code, account, debt, part)
            voucher.move(member.journal, effect, lot, "repay", part)

    def _grace(self, member: Member, voucher: Voucher, book: Book, lot: Lot) -> None:
        if book.grace and lot.expires_at is not None and lot.expires_at <= voucher.at:
            member.journal.set(lot, "expires_at", voucher.at + book.grace)


def _take(lots: list[Lot], amount: int) -> Iterator[tuple[Lot, int]]:
    """Yield how much to take of each lot, in their order, until the amount is reached."""
    for lot in lots:
        if amount <= 0:
            return
        if part := min(amount, lot.open):
            amount -= part
            yield lot, part


def _back(spend: str | None) -> str:
    return "unrepay" if spend is None else "restore"
