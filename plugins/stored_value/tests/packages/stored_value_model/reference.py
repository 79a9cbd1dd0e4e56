"""What the documentation says of stored value, in plain Python: lists, dictionaries, whole numbers.

Nothing here knows how the plugin or the kernel does it. Lots, holds and debts of one account are those of the core's
own reference; what is here is what two accounts of a member have to do with each other.
"""

from __future__ import annotations

import pickle
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from attrs import define, field
from corekit_model.reference import NEVER, Act, Kind, Lot, Purse, Refused, portions

ACCOUNTS = ("principal", "bonus")
SECOND = 1_000_000
STEPS = ((500_00, 50_00, 0), (100_00, 0, 3))
"""The ladder, the highest step first: from which amount on which amount and how many percent come with it."""
APPROVED_ABOVE = 200_00
"""More than that is adjusted with approval alone."""
MOST_AT_ONCE, MOST_BALANCE = 900_00, 2_000_00


@define(eq=False)
class Asked:
    """A top-up that waits to be paid, or how that ended."""

    amount: int
    until: int
    state: str = "waiting"


@define(eq=False)
class Deed:
    """One activity: what it moved, in the order in which it did, and how much of it came back."""

    type: str
    amount: int = 0
    acts: list[Act] = field(factory=list[Act])
    across: bool = False
    back: int = 0
    is_back: bool = False
    is_reversal: bool = False
    state: dict[str, str] = field(factory=dict[str, str])
    """The accounts that it opened or closed, with what they became."""
    asked: Asked | None = None
    """The request that it made, or ended."""
    approved: tuple[str, int, int] | None = None
    """What it approved."""


class Reference:
    """A member and all that happened to it. Deeds are known by number."""

    def __init__(self, now: int, policy: str, formula: str) -> None:
        self.now = now
        self.policy = policy
        self.formula = formula
        self.purses = {name: Purse(Kind()) for name in ACCOUNTS}
        self.deeds: list[Deed] = []
        self.groups: dict[Lot, int] = {}
        self.asked: list[Asked] = []
        self.approved: list[tuple[str, int, int]] = []
        """What somebody approved and nobody did: an amount of an account, and until when."""

    # ----------------------------------------------------------------------------------------------- what is asked

    def available(self, account: str) -> int:
        return self.purses[account].available(self.now)

    def state(self, account: str) -> str:
        """What the last word on an account says that was not taken back."""
        words = [deed.state[account] for deed in self.deeds if account in deed.state and not deed.is_back]
        return words[-1] if words else "open"

    def left(self) -> dict[int, tuple[int, int]]:
        """What can be spent of each group, principal and bonus, by the number of the deed that brought it."""
        found: dict[int, list[int]] = {}
        for at, account in enumerate(ACCOUNTS):
            for lot in self.purses[account].spendable(self.now):
                if lot.open:
                    found.setdefault(self.groups[lot], [0, 0])[at] += lot.open
        return {number: (principal, bonus) for number, (principal, bonus) in found.items()}

    def quote(self) -> tuple[int, int, int, int]:
        """Principal, bonus, what is held, and what would be paid out now."""
        principal, bonus = (self.available(account) for account in ACCOUNTS)
        held = sum(purse.pending for purse in self.purses.values())
        pays = principal
        if self.formula == "paid_less_face_value":
            since = max(
                (at for at, deed in enumerate(self.deeds) if deed.type == "withdrawn" and not deed.back), default=-1
            )
            acts = [act for deed in self.deeds[since + 1 :] if not deed.is_reversal for act in deed.acts]
            paid = sum(act.amount - act.undone for act in acts if act.does == "give" and act.account == "principal")
            spent = sum(act.amount - act.undone for act in acts if act.does == "take")
            pays = max(0, min(principal, paid - spent))
        return principal, bonus, held, pays

    # ------------------------------------------------------------------------------------------------ what happens

    def goes_on(self, now: int) -> None:
        """Time passes, and what is due lapses."""
        self.now = now
        self._lapse()

    def _lapse(self) -> None:
        for purse in self.purses.values():
            purse.lapse(self.now)

    @contextmanager
    def _whole(self) -> Generator[None]:
        """A refusal leaves nothing behind."""
        before = pickle.dumps(self.__dict__)
        try:
            yield
        except Refused:
            self.__dict__.update(pickle.loads(before))
            raise
        self._lapse()

    def topped_up(self, amount: int, type_: str = "topped_up") -> None:
        with self._whole():
            self._check_limits(amount)
            self._give(Deed(type_, amount), amount)

    def _check_limits(self, amount: int) -> None:
        has = sum(self.available(account) + self.purses[account].pending for account in ACCOUNTS)
        if amount > MOST_AT_ONCE or has + amount + bonus_of(amount) > MOST_BALANCE:
            raise Refused("STORED_VALUE_LIMIT")

    def _give(self, deed: Deed, amount: int) -> None:
        for account, part in (("principal", amount), ("bonus", bonus_of(amount))):
            if part:
                self._credit(deed, account, part)
        self.deeds.append(deed)

    def _credit(self, deed: Deed, account: str, amount: int) -> None:
        if self.state(account) == "frozen":
            raise Refused("ACCOUNT_FROZEN")
        act = Act("give", account, amount)
        self.purses[account].give(act, a_month_later(self.now) if account == "bonus" else NEVER)
        assert act.lot is not None
        self.groups[act.lot] = len(self.deeds)
        deed.acts.append(act)

    def requested(self, amount: int, hours: int) -> None:
        with self._whole():
            self._check_limits(amount)
            self.asked.append(Asked(amount, self.now + hours * 3600 * SECOND))
            self.deeds.append(Deed("requested", amount, asked=self.asked[-1]))

    def paid(self, number: int) -> None:
        with self._whole():
            asked = self._waiting(number)
            if self.now >= asked.until:
                raise Refused("STORED_VALUE_REQUEST_LAPSED")
            self._check_limits(asked.amount)
            self._give(Deed("paid", asked.amount, asked=asked), asked.amount)
            asked.state = "paid"

    def cancelled(self, number: int) -> None:
        with self._whole():
            asked = self._waiting(number)
            asked.state = "cancelled"
            self.deeds.append(Deed("cancelled", asked=asked))

    def _waiting(self, number: int) -> Asked:
        if self.asked[number].state == "gone":
            raise Refused("STORED_VALUE_REQUEST_UNKNOWN")
        if self.asked[number].state != "waiting":
            raise Refused("STORED_VALUE_REQUEST_RESOLVED")
        return self.asked[number]

    def spent(self, amount: int) -> None:
        with self._whole():
            deed = Deed("spent", amount, across=True)
            for account, lots in self._shared_out(amount).items():
                act = Act("take", account, sum(part for _, part in lots))
                for lot, part in lots:
                    lot.open -= part
                    lot.spent[act] = lot.spent.get(act, 0) + part
                deed.acts.append(act)
            self.deeds.append(deed)

    def authorised(self, amount: int, seconds: int) -> None:
        with self._whole():
            deed = Deed("authorised", amount, across=True)
            for account, lots in self._shared_out(amount).items():
                act = Act("hold", account, sum(part for _, part in lots), until=self.now + seconds * SECOND)
                self.purses[account].holds.append(act)
                for lot, part in lots:
                    lot.open -= part
                    lot.held[act] = lot.held.get(act, 0) + part
                deed.acts.append(act)
            self.deeds.append(deed)

    def _shared_out(self, amount: int) -> dict[str, list[tuple[Lot, int]]]:
        """How much of which lot of each account an amount takes, in the order in which the accounts give."""
        order = ACCOUNTS if self.policy != "bonus_first" else ACCOUNTS[::-1]
        if any(self.state(account) != "open" for account in order):
            raise Refused("ACCOUNT_CLOSED_TO_DEBITS")
        if sum(self.available(account) for account in order) < amount:
            raise Refused("INSUFFICIENT")
        taken: dict[str, list[tuple[Lot, int]]] = {account: [] for account in order}
        for group in self._in_turn(order):
            part = min(amount, sum(lot.open for lots in group.values() for lot in lots))
            amount -= part
            left = {account: sum(lot.open for lot in lots) for account, lots in group.items()}
            for (account, lots), share in zip(group.items(), nested(part, list(left.values())), strict=True):
                taken[account] += portions(lots, share)
        return {account: lots for account, lots in taken.items() if lots}

    def _in_turn(self, order: Sequence[str]) -> Iterable[dict[str, list[Lot]]]:
        """The lots as they are spent: account by account, or group by group, what lapses first and then the oldest."""
        if self.policy != "pro_rata":
            return [{account: self.purses[account].spendable(self.now)} for account in order]
        groups: dict[int, dict[str, list[Lot]]] = {}
        for account in order:
            for lot in self.purses[account].spendable(self.now):
                if lot.open:
                    groups.setdefault(self.groups[lot], {each: [] for each in order})[account].append(lot)

        def lapses(number: int) -> tuple[int, int]:
            return min(lot.lapses for lots in groups[number].values() for lot in lots), number

        return [groups[number] for number in sorted(groups, key=lapses)]

    def captured(self, number: int, amount: int) -> None:
        """Of what a deed set aside each hold gives in proportion; the rest is there again."""
        with self._whole():
            holds = self._open_holds(number)
            whole = sum(hold.amount for hold in holds)
            if amount > whole:
                raise Refused("OVER_CAPTURE")
            deed = Deed("captured", amount or whole, across=True)
            for hold, part in zip(holds, nested(amount or whole, [hold.amount for hold in holds]), strict=True):
                if not part:
                    self.purses[hold.account].release(hold, "released", self.now)
                    continue
                act = Act("take", hold.account, part)
                self.purses[hold.account].capture(hold, act, self.now)
                deed.acts.append(act)
            self.deeds.append(deed)

    def released(self, number: int) -> None:
        with self._whole():
            for hold in self._open_holds(number):
                self.purses[hold.account].release(hold, "released", self.now)
            self.deeds.append(Deed("released"))

    def _open_holds(self, number: int) -> list[Act]:
        holds = self.deeds[number].acts
        open_ = [hold for hold in holds if not hold.ended]
        if not open_:
            raise Refused("HOLD_EXPIRED" if holds[0].ended == "expired" else "HOLD_RESOLVED")
        return open_

    def adjusted(self, account: str, amount: int) -> None:
        with self._whole():
            if abs(amount) > APPROVED_ABOVE:
                good = [each for each in self.approved if each[:2] == (account, amount) and self.now < each[2]]
                if not good:
                    raise Refused("STORED_VALUE_APPROVAL_MISSING")
                self.approved.remove(good[0])
            deed = Deed("adjusted", amount)
            if amount > 0:
                self._credit(deed, account, amount)
            else:
                self._debit(deed, account, -amount)
            self.deeds.append(deed)

    def approves(self, account: str, amount: int, hours: int) -> None:
        """Somebody approves an adjustment, of just that amount."""
        what = account, amount, self.now + hours * 3600 * SECOND
        self.approved.append(what)
        self.deeds.append(Deed("approved", approved=what))

    def _debit(self, deed: Deed, account: str, amount: int) -> None:
        if self.state(account) != "open":
            raise Refused("ACCOUNT_CLOSED_TO_DEBITS")
        deed.acts.append(Act("take", account, amount))
        self.purses[account].take(deed.acts[-1], self.now)

    def withdrawn(self, told: tuple[int, int, int, int], amount: int) -> None:
        with self._whole():
            principal, bonus, held, pays = self.quote()
            if told != (principal, bonus, held, pays):
                raise Refused("STORED_VALUE_QUOTE_CHANGED")
            if held:
                raise Refused("STORED_VALUE_HELD")
            if not principal + bonus:
                raise Refused("STORED_VALUE_NOTHING_LEFT")
            if amount != pays:
                raise Refused("STORED_VALUE_BONUS_NOT_CASH" if amount > pays else "STORED_VALUE_NOT_IN_PART")
            deed = Deed("withdrawn", amount)
            for account, part in (("principal", pays), ("principal", principal - pays), ("bonus", bonus)):
                if part:
                    self._debit(deed, account, part)
            self.deeds.append(deed)

    def account(self, account: str, state: str) -> None:
        """An account is frozen, for debits alone or altogether, or opened."""
        with self._whole():
            if self.state(account) == state:
                raise Refused("ACCOUNT_STATE")
            self.deeds.append(Deed("account", state={account: state}))

    # -------------------------------------------------------------------------------------------------- coming back

    def reversed(self, number: int, amount: int = 0, *, charged_back: bool = False) -> None:
        """What is left of a deed comes back, or a part of it; a charge-back stops what is spent as well."""
        with self._whole():
            deed = self.deeds[number]
            if charged_back and deed.type not in ("topped_up", "paid"):
                raise Refused("STORED_VALUE_NO_TOP_UP")
            if deed.is_reversal:
                raise Refused("REVERSAL_OF_REVERSAL")
            if deed.is_back:
                raise Refused("ALREADY_REVERSED")
            weight = abs(deed.amount)
            if amount > weight - deed.back:
                raise Refused("OVER_RETURN")
            before, deed.back = deed.back, deed.back + (amount or weight - deed.back)
            deed.is_back = deed.back == weight
            for act, part in zip(deed.acts, self._coming_back(deed, before), strict=True):
                self._undo(act, part)
            stop = {each: "no_debit" for each in ACCOUNTS if self.state(each) == "open"} if charged_back else {}
            if deed.asked is not None and deed.is_back:
                self._ask_again(deed.asked, deed)
            if deed.approved in self.approved:  # what was done by it stays
                self.approved.remove(deed.approved)
            self.deeds.append(Deed("reversal", is_reversal=True, state=stop))

    @staticmethod
    def _ask_again(asked: Asked, deed: Deed) -> None:
        """Who takes back how a request ended lets it wait again; a request that waits can be taken back itself."""
        if deed.type != "requested":
            asked.state = "waiting"
        elif asked.state == "waiting":
            asked.state = "gone"
        else:
            raise Refused("STORED_VALUE_REQUEST_OVER")

    def _coming_back(self, deed: Deed, before: int) -> list[int]:
        """How much of each act a part undoes: rounded down as it goes along; those of two accounts together."""
        if deed.is_back:
            return [act.amount - act.undone for act in deed.acts]
        if any(act.does == "hold" for act in deed.acts):
            return [0 for _ in deed.acts]
        weight = abs(deed.amount)
        if deed.across:
            whole = sum(act.amount for act in deed.acts)
            upto = nested(deed.back * whole // weight, [act.amount for act in deed.acts])
            return [each - act.undone for each, act in zip(upto, deed.acts, strict=True)]
        return [deed.back * act.amount // weight - before * act.amount // weight for act in deed.acts]

    def _undo(self, act: Act, part: int) -> None:
        if not part:
            return
        purse = self.purses[act.account]
        if act.does == "hold":
            if not act.ended:
                act.undone += part
                purse.release(act, "released", self.now)
            return
        act.undone += part
        if act.does == "give":
            purse.take_back(act, part, self.now)
        else:
            purse.give_back(act, part, self.now)


def bonus_of(amount: int) -> int:
    """What comes with a top-up."""
    return next((give + amount * percent // 100 for least, give, percent in STEPS if amount >= least), 0)


def nested(amount: int, weights: Sequence[int]) -> list[int]:
    """The first gets its share rounded down, the rest is shared among the others in the same way."""
    parts: list[int] = []
    for at, weight in enumerate(weights):
        rest = sum(weights[at:])
        parts.append(amount * weight // rest if rest else 0)
        amount -= parts[-1]
    return parts


def a_month_later(instant: int) -> int:
    """The same time on the same day of the next month, or on its last day."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)
    year, month = (at.year + 1, 1) if at.month == 12 else (at.year, at.month + 1)
    day = at.day
    while True:
        try:
            later = at.replace(year=year, month=month, day=day)
        except ValueError:
            day -= 1
        else:
            return (later - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
