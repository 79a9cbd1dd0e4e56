"""The rules of the ledger over one member's accounts, in memory: credit, debit, hold, expire, claw back, restore."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from zoneinfo import ZoneInfo

from corekit.errors import Integrity, Refusal
from corekit.ledger.chart import Book
from corekit.ledger.segments import NOTHING, Told
from corekit.ledger.state import Account, HeldValue, Lot, Member
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

    def __init__(
        self,
        member: Member,
        voucher: Voucher,
        effect: str,
        book: Book,
        zone: ZoneInfo,
        *,
        source: str = "issued",
        sink: str = "redeemed",
    ) -> None:
        """Work with the house's accounts ``source``, from which value comes, and ``sink``, to which it goes."""
        self._member = member
        self._journal = member.journal
        self._voucher = voucher
        self._effect = effect
        self._book = book
        self._source = source
        self._sink = sink
        self._zone = zone
        self._of_hold: Told = NOTHING
        self._account = self._open(book.code)

    def credit(
        self,
        amount: int,
        *,
        earned: int,
        expires_at: int | None = None,
        available_from: int | None = None,
        by_rule: bool = True,
    ) -> None:
        """Give value: a new lot where the kind has lots. What the member owes is paid first.

        ``earned`` is the instant from which the kind's expiry counts, unless ``expires_at`` says when it lapses, or not
        ``by_rule`` that it does not. Until ``available_from`` the lot is spent by nobody.
        """
        if self._account.state == "frozen":
            raise Refusal("ACCOUNT_FROZEN", account=self._book.code)
        posting = self._post(self._source, self._account, amount)
        if not self._book.lots:
            self._pay_debt([])
            return
        expiry = self._book.expiry
        if expires_at is None and by_rule and expiry is not None and expiry.after == "earning":
            expires_at = expiry.instant(earned, self._zone)
        lot = Lot(posting, self._account.id, self._voucher, self._effect, amount, expires_at, available_from)
        self._journal.push(self._account.lots, lot)
        self._move(lot, "issue", amount)
        self._pay_debt([lot])

    def debit(self, amount: int, parts: Iterable[tuple[Lot, int]] | None = None) -> None:
        """Take value, as ``parts`` of lots say or else earliest expiry first; refused when less is available."""
        self._need(amount)
        self._post(self._account, self._sink, amount)
        if self._book.lots:
            for lot, part in _take(self.spendable_lots(), amount) if parts is None else parts:
                self._move(lot, "consume", part, self._effect)

    def give_away(self, amount: int) -> list[tuple[int, int | None]]:
        """Take value for somebody else, earliest expiry first; return the parts, each with its expiry."""
        self.debit(amount)
        parts: dict[int | None, int] = {}
        for lot in self._account.in_order():
            if part := lot.funds.get(self._effect, 0):
                parts[lot.expires_at] = parts.get(lot.expires_at, 0) + part
        return [(part, expires_at) for expires_at, part in parts.items()] or [(amount, None)]

    def give_all(self) -> list[tuple[int | None, ...]]:
        """Take everything, what cannot be spent yet as well; return the parts, with expiry and when they can be."""
        self.need_open()
        account = self._account
        amount = account.available
        self._post(account, self._sink, amount)
        parts: dict[tuple[int | None, int | None], int] = {}
        for lot in account.open_lots():
            what = lot.expires_at, lot.available_from if lot.is_awaited(self._voucher.at) else None
            parts[what] = parts.get(what, 0) + lot.open
            self._move(lot, "consume", lot.open, self._effect)
        return [(part, *what) for what, part in parts.items()] or [(amount, None, None)]

    @property
    def spendable(self) -> int:
        """What can be spent now."""
        account = self._account
        return max(0, account.available - account.awaited(self._voucher.at)) if account.state == "open" else 0

    @property
    def held(self) -> int:
        """What is set aside."""
        return self._account.pending

    def owe(self, amount: int) -> None:
        """Take value that the member has not: it owes it."""
        self._post(self._open(self._book.debt, overdraft_limit=None), self._sink, amount)

    def hold(self, amount: int, seconds: int | None, parts: Iterable[tuple[Lot, int]] | None = None) -> None:
        """Set value aside, as ``parts`` of lots say or else earliest expiry first; refused when less is available."""
        self._need(amount)
        hold = HeldValue.placed(self._effect, self._account, amount, seconds, self._voucher)
        if self._book.dimensions:
            hold.dimensions = self._voucher.told(self._book.dimensions)
        self._journal.put(self._member.holds, hold.id, hold)
        self._journal.set(self._account, "pending", self._account.pending + amount)
        if self._book.lots:
            for lot, part in _take(self.spendable_lots(), amount) if parts is None else parts:
                self._move(lot, "hold", part, hold.id)

    def release(self, hold: HeldValue, outcome: str = "released") -> None:
        """Let what is set aside be available again; what the member owes is paid from it first."""
        self._pay_debt(self._let_go(hold, outcome))

    def capture(self, hold: HeldValue, amount: int) -> None:
        """Spend of what is set aside, from the lots that were set aside; the rest is available again."""
        lots = self._let_go(hold, "captured")
        self._journal.set(hold, "captured", amount)
        self._post(self._account, self._sink, amount)
        for lot, part in _take(lots, amount):
            self._move(lot, "consume", part, self._effect)
        self._pay_debt(lots)

    def _let_go(self, hold: HeldValue, outcome: str) -> list[Lot]:
        """Resolve a hold; return the lots that it had set aside value of, in the order in which they are spent."""
        self._of_hold = self._voucher.of_hold = hold.dimensions or NOTHING
        self._journal.set(hold, "outcome", outcome)
        self._journal.set(hold, "resolved_by", self._voucher)
        self._journal.set(self._account, "pending", self._account.pending - hold.amount)
        lots = [lot for lot in self._account.in_order() if lot.holds.get(hold.id)]
        for lot in lots:
            self._move(lot, "release", lot.holds[hold.id], hold.id)
        return lots

    def _need(self, amount: int) -> None:
        self.need_open()
        account = self._account
        available = account.available - account.awaited(self._voucher.at)
        if available < amount:
            raise insufficient(self._book.code, available, account.pending, amount)

    def need_open(self) -> None:
        """Refuse where nothing may be taken from the account."""
        if self._account.state != "open":
            raise Refusal("ACCOUNT_CLOSED_TO_DEBITS", account=self._book.code, state=self._account.state)

    def spendable_lots(self) -> list[Lot]:
        """Return the lots with something that can be spent now, in the order in which they are spent."""
        return [lot for lot in self._account.open_lots() if not lot.is_awaited(self._voucher.at)]

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
                self._post(self._account, self._source, part)
            self._fall_short(amount - part)
            return
        own = [lot for lot in self._account.lots if lot.effect_id == credit]
        amount = self._claw_back_spent(own, self._claw_back_expired(own, self._claw_back_open(own, amount)), unfund)
        amount = self._claw_back_held(own, amount)
        if amount:
            message = f"the lot of effect {credit} holds {amount} less than is taken back"
            raise Integrity(message, effect=credit, missing=amount)

    def restore(self, amount: int, spend: str, unfund: Unfund) -> None:
        """Give back what an earlier effect ``spend`` took: to the lots that fund it now, the last one first.

        The part that nothing funds any more pays what the member owes, and then returns to the lots that had paid.
        """
        if not self._book.lots:
            self._post(self._sink, self._account, amount)
            self._pay_debt([])
            return
        for lot in reversed(self._account.in_order()):
            if part := min(amount, lot.funds.get(spend, 0)):
                amount -= part
                self._give_back(lot, "restore", part, spend)
                self._pay_debt([lot])
        if amount:
            unfund(spend, -amount)
            self._restore_unfunded(amount)

    # --------------------------------------------------------------------------------------------------- clawback

    def _claw_back_open(self, own: list[Lot], amount: int) -> int:
        for lot, part in _take(own, amount):
            self._post(self._account, self._source, part)
            self._move(lot, "clawback", part)
            amount -= part
        return amount

    def _claw_back_expired(self, own: list[Lot], amount: int) -> int:
        for lot in own:
            if part := min(amount, lot.expired):
                self._post("breakage", self._source, part)
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

    def _claw_back_held(self, own: list[Lot], amount: int) -> int:
        """Back holds by the member's other lots; what is set aside must be there when it is captured."""
        for lot in own:
            for hold, held in list(lot.holds.items()):
                if part := min(amount, held):
                    amount -= part
                    self._move(lot, "release", part, hold)
                    self._move(lot, "clawback", part)
                    self._post(self._account, self._source, part)
                    for other, taken in _take([lot for lot in self.spendable_lots() if lot not in own], part):
                        self._move(other, "hold", taken, hold)
                        part -= taken
                    if part:
                        raise Refusal("VALUE_HELD", account=self._book.code, missing=str(part), hold=hold)
        return amount

    def _fund_anew(self, own: list[Lot], amount: int, spend: str | None) -> int:
        """Fund a spend (None: a debt that was paid) from the member's other lots; return what they do not cover.

        Also from lots that are available later: who owes has nothing, not even pending.
        """
        for lot, part in _take([lot for lot in self._account.open_lots() if lot not in own], amount):
            self._post(self._account, self._source, part)
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
            self._post("adjust", self._source, amount)
        else:
            self._post(self._open(self._book.debt, overdraft_limit=None), self._source, amount)

    # --------------------------------------------------------------------------------------------------- restoring

    def _restore_unfunded(self, amount: int) -> None:
        debt = self._member.accounts.get(self._book.debt)
        if debt is not None and (part := min(amount, -debt.balance)) > 0:
            self._post(self._sink, debt, part)
            amount -= part
        for lot in reversed(self._account.in_order()):
            if part := min(amount, lot.funds.get(None, 0)):
                amount -= part
                self._give_back(lot, "unrepay", part, None)
        if amount:  # the house had borne it, whatever the policy says by now
            self._post(self._sink, "adjust", amount)

    def _give_back(self, lot: Lot, kind: str, amount: int, spend: str | None) -> None:
        """Return value to a lot; one that lapsed meanwhile gets the kind's grace."""
        self._post(self._sink, self._account, amount)
        lapsed = lot.expires_at is not None and lot.expires_at <= self._voucher.at
        lives_until = self._voucher.at + self._book.grace if self._book.grace and lapsed else None
        self._voucher.move(self._journal, self._effect, lot, kind, amount, spend, lives_until)

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
        if self._book.is_idle or self._account.lapses_at is not None:
            self._journal.set(self._account, "lapses_at", self._book.lapses(self._voucher.at, self._zone))
        dimensions = self._book.dimensions
        segment = self._voucher.segment(dimensions, self._of_hold) if dimensions else None
        return self._voucher.post(self._journal, self._effect, self._book.unit.code, debit, credit, amount, segment)

    def _move(self, lot: Lot, kind: str, amount: int, spend: str | None = None) -> None:
        self._voucher.move(self._journal, self._effect, lot, kind, amount, spend)


def insufficient(account: str, available: int, held: int, needed: int) -> Refusal:
    """Return what says that there is not enough of an account, or of several."""
    return Refusal("INSUFFICIENT", account=account, available=str(available), held=str(held), needed=str(needed))


def _take(lots: list[Lot], amount: int) -> Iterator[tuple[Lot, int]]:
    """Yield how much to take of each lot, in their order, until the amount is reached."""
    for lot in lots:
        if amount <= 0:
            return
        if part := min(amount, lot.open):
            amount -= part
            yield lot, part
