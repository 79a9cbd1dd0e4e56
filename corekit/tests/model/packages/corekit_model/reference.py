"""The rules of the books as the documentation states them, in plain Python: lists, dictionaries, whole numbers.

Nothing here knows how the kernel does it. Value that is due lapses the moment its time comes; the kernel books that
when it next touches the member, so the two are compared after that. Instants are microseconds.
"""

from __future__ import annotations

import pickle
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import define, field

from corekit_model.stays import LADDERS, Standing

DAY = 86_400_000_000
NEVER = 1 << 62


@define
class Kind:
    """How accounts of a kind are kept."""

    lots: bool = True
    policy: str = "debt"
    grace: int = 0


KINDS = {
    "model.coin": Kind(),
    "model.mile": Kind(grace=3 * DAY),
    "model.note": Kind(policy="write_off"),
    "model.seal": Kind(policy="refuse"),
    "model.chip": Kind(lots=False),
}


class Refused(Exception):
    """A business answer: its code."""


@define(eq=False)
class Lot:
    """A credit with its own expiry, and what became of each part of it."""

    issued: int
    lapses: int
    waits: int
    open: int = 0
    lapsed: int = 0
    spent: dict[Act | None, int] = field(factory=dict[Any, int])  # None: a debt was paid from it
    held: dict[Act, int] = field(factory=dict[Any, int])


@define(eq=False)
class Act:
    """One effect of a deed: it gives, takes, sends, holds or releases an amount of an account."""

    does: str
    account: str
    amount: int
    shares: Mapping[int, int] | None = None
    undone: int = 0
    lot: Lot | None = None
    until: int = NEVER
    ended: str = ""


@define(eq=False)
class Deed:
    """One activity: what it did, by which lines it can come back, and what came back of it."""

    member: int
    type: str
    amount: int = 0
    lines: dict[int, int] = field(factory=dict[int, int])
    day: int = 0
    acts: list[Act] = field(factory=list[Any])
    follows: list[Deed] = field(factory=list[Any])
    returned: dict[int, int] = field(factory=dict[int, int])
    is_reversal: bool = False
    is_back: bool = False
    cause: Deed | None = None
    ladder: str = ""

    @property
    def weights(self) -> dict[int, int]:
        """What can come back of each line; line 0 is the whole of a deed without lines that weigh anything."""
        weighing = {no: amount for no, amount in self.lines.items() if amount}
        return weighing or ({0: self.amount} if self.amount else {})


class Purse:
    """What a member has of one kind."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.lots: list[Lot] = []
        self.plain = 0  # the balance of a kind without lots
        self.debt = 0
        self.holds: list[Act] = []

    @property
    def balance(self) -> int:
        return sum(lot.open + sum(lot.held.values()) for lot in self.lots) if self.kind.lots else self.plain

    @property
    def pending(self) -> int:
        return sum(hold.amount for hold in self.holds)

    def available(self, now: int) -> int:
        return sum(lot.open for lot in self.spendable(now)) if self.kind.lots else self.plain - self.pending

    def ordered(self) -> list[Lot]:
        """Earliest expiry first, then the oldest: lots are kept in the order in which they were issued."""
        return sorted(self.lots, key=lambda lot: lot.lapses)

    def spendable(self, now: int) -> list[Lot]:
        return [lot for lot in self.ordered() if lot.waits <= now]

    # ------------------------------------------------------------------------------------------- in and out

    def give(self, act: Act, lapses: int = NEVER, waits: int = 0) -> None:
        """A lot of its own; what the member owes is paid first, also from what has to wait."""
        if not self.kind.lots:
            self.plain += act.amount
            self.pay_debt([], 0)
            return
        act.lot = Lot(act.amount, lapses, waits, open=act.amount)
        self.lots.append(act.lot)
        self.pay_debt([act.lot], 0)

    def pay_debt(self, lots: Iterable[Lot], now: int) -> None:
        """Every increase of what is available pays debt first."""
        if not self.kind.lots:
            part = max(0, min(self.debt, self.available(now)))
            self.plain -= part
            self.debt -= part
        for lot, part in portions(lots, self.debt):
            lot.open -= part
            lot.spent[None] = lot.spent.get(None, 0) + part
            self.debt -= part

    def need(self, amount: int, now: int) -> None:
        if self.available(now) < amount:
            raise Refused("INSUFFICIENT")

    def take(self, act: Act, now: int) -> None:
        self.need(act.amount, now)
        self.plain -= 0 if self.kind.lots else act.amount
        self._spend(self.spendable(now), act, act.amount)

    def _spend(self, lots: Iterable[Lot], act: Act | None, amount: int) -> int:
        """Take an amount out of lots; return what they do not cover."""
        for lot, part in portions(lots, amount):
            lot.open -= part
            lot.spent[act] = lot.spent.get(act, 0) + part
            amount -= part
        return amount

    # -------------------------------------------------------------------------------------------------- holds

    def hold(self, act: Act, now: int) -> None:
        self.need(act.amount, now)
        self.holds.append(act)
        for lot, part in portions(self.spendable(now), act.amount):
            lot.open -= part
            lot.held[act] = part

    def release(self, hold: Act, ended: str, now: int) -> None:
        """What is set aside is available again, and so pays debt first."""
        self.pay_debt(self._let_go(hold, ended), now)

    def capture(self, hold: Act, act: Act, now: int) -> None:
        """Spend from what was set aside; the rest is available again."""
        lots = self._let_go(hold, "captured")
        self.plain -= 0 if self.kind.lots else act.amount
        self._spend(lots, act, act.amount)
        self.pay_debt(lots, now)

    def _let_go(self, hold: Act, ended: str) -> list[Lot]:
        hold.ended = ended
        self.holds.remove(hold)
        lots = [lot for lot in self.ordered() if lot.held.get(hold)]
        for lot in lots:
            lot.open += lot.held.pop(hold)
        return lots

    # ------------------------------------------------------------------------------------------------- expiry

    def lapse(self, now: int) -> None:
        """Holds that are over let go, the earliest first; then lots that are due lapse. What is held does not."""
        for hold in sorted(self.holds, key=lambda hold: hold.until):
            if hold.until <= now:
                self.release(hold, "expired", now)
        for lot in self.lots:
            if lot.lapses <= now:
                lot.lapsed, lot.open = lot.lapsed + lot.open, 0

    # -------------------------------------------------------------------------------------------- taking back

    def take_back(self, gift: Act, amount: int, now: int) -> None:
        """Take back a part of what was given, out of its own lot: open, lapsed, spent (the latest first), held."""
        if gift.lot is None:
            part = max(0, min(amount, self.available(now)))
            self.plain -= part
            self._fall_short(amount - part)
            return
        lot = gift.lot
        part = min(amount, lot.open)
        lot.open, amount = lot.open - part, amount - part
        part = min(amount, lot.lapsed)
        lot.lapsed, amount = lot.lapsed - part, amount - part
        for spend in reversed(list(lot.spent)):
            part = min(amount, lot.spent[spend])
            lot.spent[spend], amount = lot.spent[spend] - part, amount - part
            self._fall_short(self._spend(self._others(lot), spend, part))
        for hold in list(lot.held):
            part = min(amount, lot.held[hold])
            lot.held[hold], amount = lot.held[hold] - part, amount - part
            for other, taken in portions([each for each in self._others(lot) if each.waits <= now], part):
                other.open -= taken
                other.held[hold] = other.held.get(hold, 0) + taken
                part -= taken
            if part:
                raise Refused("VALUE_HELD")
        assert amount == 0

    def _others(self, own: Lot) -> list[Lot]:
        """The member's other lots, also those that have to wait: who owes has nothing, not even pending."""
        return [lot for lot in self.ordered() if lot is not own]

    def _fall_short(self, amount: int) -> None:
        if amount and self.kind.policy == "refuse":
            raise Refused("CLAWBACK_SHORTFALL")
        self.debt += amount if self.kind.policy == "debt" else 0

    def give_back(self, spend: Act, amount: int, now: int) -> None:
        """Give back to the lots that fund a spend now, the last in order first; its unfunded part pays the debt."""
        if not self.kind.lots:
            self.plain += amount
            self.pay_debt([], now)
            return
        last_first = self.ordered()[::-1]
        for lot in last_first:
            part = min(amount, lot.spent.get(spend, 0))
            if part:
                amount -= self._return(lot, spend, part, now)
                self.pay_debt([lot], now)
        part = min(amount, self.debt)
        self.debt, amount = self.debt - part, amount - part
        for lot in last_first:
            part = min(amount, lot.spent.get(None, 0))
            if part:
                amount -= self._return(lot, None, part, now)
        assert amount == 0 or self.kind.policy == "write_off", "the house had borne it"

    def _return(self, lot: Lot, spend: Act | None, part: int, now: int) -> int:
        """Return a part to a lot; one that lapsed meanwhile gets the kind's grace."""
        lot.spent[spend] -= part
        lot.open += part
        if lot.lapses <= now and self.kind.grace:
            lot.lapses = now + self.kind.grace
        return part


def portions(lots: Iterable[Lot], amount: int) -> Iterator[tuple[Lot, int]]:
    """Yield how much of an amount each lot has open, in their order."""
    for lot in lots:
        part = min(amount, lot.open)
        if part > 0:
            amount -= part
            yield lot, part


class Person:
    """A member: its state, its purses, and where it stands."""

    def __init__(self, joined: int) -> None:
        self.state = "active"
        self.purses = {name: Purse(kind) for name, kind in KINDS.items()}
        self.standings = {ladder.code: Standing(ladder, joined) for ladder in LADDERS}


class Reference:
    """The members, all that happened to them, and what time it is. Deeds and members are known by number."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.people: list[Person] = []
        self.deeds: list[Deed] = []

    @property
    def today(self) -> int:
        return self.now // DAY

    def join(self) -> None:
        self.people.append(Person(self.now))

    def goes_on(self, now: int) -> None:
        """Time passes, and what is due lapses."""
        self.now = now
        self._lapse()

    def _lapse(self) -> None:
        for person in self.people:
            for purse in person.purses.values():
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

    def _active(self, member: int) -> Person:
        person = self.people[member]
        if person.state != "active":
            raise Refused(f"MEMBER_{person.state.upper()}")
        return person

    # -------------------------------------------------------------------------------------------- what happens

    def step(self, member: int, activity: str) -> None:
        """A step between states; only freezing and unfreezing are played."""
        sources = {"member.frozen": "active", "member.unfrozen": "frozen"}
        if self.people[member].state != sources[activity]:
            raise Refused("MEMBER_STATE")
        self.people[member].state = "frozen" if activity == "member.frozen" else "active"

    def given(self, member: int, account: str, amount: int, lapses_in: int | None, waits_for: int | None) -> None:
        purse = self._active(member).purses[account]
        act = Act("give", account, amount)
        lapses = self.now + lapses_in * DAY if lapses_in else NEVER
        purse.give(act, lapses, self.now + waits_for * DAY if waits_for else 0)
        self._did(Deed(member, "model.given", amount, acts=[act]))

    def taken(self, member: int, account: str, amount: int) -> None:
        act = Act("take", account, amount)
        self._active(member).purses[account].take(act, self.now)
        self._did(Deed(member, "model.taken", amount, acts=[act]))

    def tipped(self, member: int, account: str, amount: int) -> None:
        """A fact: what cannot be taken is not, and it has happened all the same."""
        purse, act = self._active(member).purses[account], Act("take", account, amount)
        if covered := purse.available(self.now) >= amount:
            purse.take(act, self.now)
        self._did(Deed(member, "model.tipped", amount, acts=[act] if covered else []))

    def swapped(self, member: int, amount: int) -> None:
        person = self._active(member)
        paid, got = Act("take", "model.coin", amount), Act("give", "model.mile", amount)
        person.purses["model.coin"].take(paid, self.now)
        person.purses["model.mile"].give(got, self.now + 20 * DAY)
        self._did(Deed(member, "model.swapped", amount, acts=[paid, got]))

    def sent(self, member: int, to: int, account: str, amount: int) -> None:
        """The other member gets it with the expiry it had, as a lot for each expiry."""
        purse = self._active(member).purses[account]
        if self.people[to].state != "active":
            raise Refused("TRANSFER_NOT_POSSIBLE")
        if purse.kind.policy == "refuse":
            raise Refused("TRANSFER_NOT_ALLOWED")
        act = Act("send", account, amount)
        purse.take(act, self.now)
        parts: dict[int, int] = {}
        for lot in purse.ordered():
            if act in lot.spent:
                parts[lot.lapses] = parts.get(lot.lapses, 0) + lot.spent[act]
        arrived = Deed(to, "transfer.received", amount)
        for lapses, part in parts.items() or [(NEVER, amount)]:
            arrived.acts.append(Act("give", account, part))
            self.people[to].purses[account].give(arrived.acts[-1], lapses)
        self._did(Deed(member, "model.sent", amount, acts=[act], follows=[arrived]))

    def bought(self, member: int, lines: dict[int, int]) -> None:
        """A coin for each hundred of a line, a chip for each thousand of the whole; the ladders look at it."""
        person, amount = self._active(member), sum(lines.values())
        deed = Deed(member, "purchase", amount, lines)
        shares = {no: part // 100 for no, part in lines.items() if part >= 100}
        if shares:
            deed.acts.append(Act("give", "model.coin", sum(shares.values()), shares))
            person.purses["model.coin"].give(deed.acts[-1], self.now + 60 * DAY)
        if amount >= 1000:
            deed.acts.append(Act("give", "model.chip", amount // 1000))
            person.purses["model.chip"].give(deed.acts[-1])
        self._did(deed)
        self._measure(deed, amount, 1, deed.day)

    def held(self, member: int, account: str, amount: int, seconds: int | None) -> None:
        act = Act("hold", account, amount, until=self.now + seconds * 1_000_000 if seconds else NEVER)
        self._active(member).purses[account].hold(act, self.now)
        self._did(Deed(member, "hold.placed", amount, acts=[act]))

    def captured(self, member: int, placed: int, amount: int) -> None:
        """All of it where no amount is said."""
        purse, hold = self._open_hold(member, placed)
        if amount > hold.amount:
            raise Refused("OVER_CAPTURE")
        act = Act("take", hold.account, amount or hold.amount)
        purse.capture(hold, act, self.now)
        self._did(Deed(member, "hold.captured", amount, acts=[act]))

    def released(self, member: int, placed: int) -> None:
        purse, hold = self._open_hold(member, placed)
        purse.release(hold, "released", self.now)
        self._did(Deed(member, "hold.released"))

    def _open_hold(self, member: int, placed: int) -> tuple[Purse, Act]:
        person, (hold,) = self._active(member), self.deeds[placed].acts
        if hold.ended:
            raise Refused("HOLD_EXPIRED" if hold.ended == "expired" else "HOLD_RESOLVED")
        return person.purses[hold.account], hold

    def _did(self, deed: Deed) -> None:
        deed.day = self.today
        for follow in deed.follows:
            follow.day, follow.cause = deed.day, deed
        self.deeds.append(deed)
        self._lapse()

    # ------------------------------------------------------------------------------------------------ reversal

    def reversed(self, target: int, lines: Mapping[int, int], amount: int) -> None:
        """Take back what is left of a deed, or a part; whatever followed comes back with the part that completes it."""
        with self._whole():
            deed = self.deeds[target]  # looked up within, for a refusal puts other deeds in its place
            if deed.is_reversal:
                raise Refused("REVERSAL_OF_REVERSAL")
            if deed.is_back:
                raise Refused("ALREADY_REVERSED")
            self._take_back(deed, coming_back(deed, lines, amount))
            self.deeds.append(Deed(deed.member, "reversal", is_reversal=True))

    def _take_back(self, deed: Deed, now: Mapping[int, int]) -> None:
        weights, before = deed.weights, dict(deed.returned)
        deed.returned = {no: before.get(no, 0) + now.get(no, 0) for no in weights}
        deed.is_back = deed.returned == weights
        for act in deed.acts:
            part = act.amount - act.undone if deed.is_back else undone(act, weights, before, deed.returned)
            act.undone += part
            self._undo(self.people[deed.member].purses[act.account], act, part)
        if deed.type == "purchase":
            all_before, all_now = sum(before.values()), sum(deed.returned.values())
            visits = 1 if deed.is_back else 0
            self._measure(deed, all_before - all_now, -visits, deed.day, is_reversal=True)
        if deed.is_back:
            for follow in reversed(deed.follows):
                if not follow.is_back:
                    self._take_back(follow, follow.weights)
        if deed.ladder:
            self.people[deed.member].standings[deed.ladder].withdraw(deed, self.now)

    def _undo(self, purse: Purse, act: Act, part: int) -> None:
        if act.does == "hold":
            if part and not act.ended:  # a resolved hold has nothing to undo: its capture can be taken back
                purse.release(act, "released", self.now)
        elif act.does == "give":
            purse.take_back(act, part, self.now)
        else:
            purse.give_back(act, part, self.now)

    # ------------------------------------------------------------------------------------------------- ladders

    def _measure(self, deed: Deed, spend: int, visits: int, day: int, *, is_reversal: bool = False) -> None:
        for standing in self.people[deed.member].standings.values():
            standing.measure(day, spend, visits)
            if standing.looks(deed, self.now, is_reversal=is_reversal):
                change = Deed(deed.member, "tier.changed", cause=deed, ladder=standing.ladder.code)
                standing.stays[-1].cause = change
                if not is_reversal:
                    deed.follows.append(change)

    def rate(self) -> None:
        """The sweep of the ladders: time runs for who is frozen, too."""
        for person in self.people:
            for standing in person.standings.values():
                standing.rate(self.now)


def coming_back(deed: Deed, lines: Mapping[int, int], amount: int) -> dict[int, int]:
    """What comes back of each line: the lines named, an amount spread over what is left, or all that is left."""
    left = {no: weight - deed.returned.get(no, 0) for no, weight in deed.weights.items()}
    if set(lines) - set(deed.lines):
        raise Refused("RETURN_LINE_UNKNOWN")
    if any(part > left.get(no, 0) for no, part in lines.items()) or amount > sum(left.values()):
        raise Refused("OVER_RETURN")
    if lines:
        return dict(lines)
    if not amount:
        return left
    parts: dict[int, int] = {}
    passed, total = 0, sum(left.values())
    for no in sorted(left):  # in proportion: each line up to its own part of the amount, rounded down as one goes along
        parts[no] = (passed + left[no]) * amount // total - passed * amount // total
        passed += left[no]
    return parts


def undone(act: Act, weights: Mapping[int, int], before: Mapping[int, int], after: Mapping[int, int]) -> int:
    """How much of an effect a part undoes: floor((c + v) E / A) - floor(c E / A), by line, or by the whole."""
    if act.does in {"hold", "send"}:
        return 0  # indivisible: it comes back with the part that completes the whole
    if act.shares is None:
        whole = sum(weights.values())
        return sum(after.values()) * act.amount // whole - sum(before.values()) * act.amount // whole
    return sum(
        after[no] * share // weights[no] - before.get(no, 0) * share // weights[no] for no, share in act.shares.items()
    )
