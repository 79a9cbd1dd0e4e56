"""The same done to a kit and to the reference, by chance; answers and books are compared after every step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from corekit_model.reference import NEVER, Lot, Refused
from sqlalchemy import select

from corekit import Activity, Kit, Outcome, any_of, balances, micros
from corekit.tables import account, lot
from corekit.testing.clock import START, SettableClock
from corekit_stored_value.approvals import hash_of
from corekit_stored_value.groups import groups
from corekit_stored_value.quotes import Quote, quotes
from stored_value_model.reference import (
    ACCOUNTS,
    APPROVED_ABOVE,
    MOST_AT_ONCE,
    MOST_BALANCE,
    SECOND,
    Reference,
)

REQUEST_HOURS, APPROVAL_HOURS = 30, 30
PROGRAM = f"""
[program]
name = "Corner shop"

[stored_value]
spend = "{{policy}}"
withdrawal = "{{formula}}"
request_hours = {REQUEST_HOURS}
approval_hours = {APPROVAL_HOURS}
bonus_expiry = {{{{months = 1}}}}

[stored_value.approval]
adjustment = "{APPROVED_ABOVE // 100}"

[[stored_value.limits]]
top_up = "{MOST_AT_ONCE // 100}"
balance = "{MOST_BALANCE // 100}"

[[stored_value.bonus]]
id = "small"
from = "100"
rate = "0.03"

[[stored_value.bonus]]
id = "big"
from = "500"
give = "50"
"""
MOVES = {
    "tops_up": 9,
    "asks": 2,
    "pays": 2,
    "cancels": 1,
    "spends": 8,
    "authorises": 4,
    "captures": 5,
    "releases": 1,
    "adjusts": 2,
    "approves": 1,
    "asks_for_a_quote": 3,
    "withdraws": 1,
    "charges_back": 1,
    "takes_back": 5,
    "takes_back_a_part": 7,
    "freezes": 1,
    "thaws": 4,
    "waits": 4,
}
"""What can happen, and how often in proportion."""


class Machine:
    """One member, and everything that can happen to it; ``seed`` says what does."""

    def __init__(self, kit: Kit, clock: SettableClock, policy: str, formula: str, seed: int) -> None:
        self.kit, self.clock = kit, clock
        self.chance = Random(seed)
        self.clock.set(START)
        self.reference = Reference(micros(clock()), policy, formula)
        self.member = kit.record(Activity(type="member.registered")).member
        self.ids: list[str] = []
        self.requests: list[str] = []
        self.quoted: tuple[Quote, tuple[int, int, int, int]] | None = None
        self.steps: list[str] = []

    def plays(self, steps: int) -> None:
        """Let so many things happen; an AssertionError says which steps led to it."""
        moves = [move for move, weight in MOVES.items() for _ in range(weight)]
        for _ in range(steps):
            move = self.chance.choice(moves)
            try:
                getattr(self, move)()
                self._compare()
            except AssertionError as error:
                told = "\n".join(self.steps[-steps:])
                raise AssertionError(f"after {move}: {error}\n{told}") from error

    # -------------------------------------------------------------------------------------------------------- moves

    def tops_up(self) -> None:
        amount = self.chance.choice((3, 99_99, 100_00, 333_33, 500_00, 900_00, 900_01))
        self._does("topped_up", lambda it: it.topped_up(amount), amount, payload={"channel": "cash"})

    def asks(self) -> None:
        amount = self.chance.choice((50_00, 500_00))
        before = len(self.reference.asked)
        self._does("requested", lambda it: it.requested(amount, REQUEST_HOURS), amount, payload={"channel": "wechat"})
        if len(self.reference.asked) > before:
            self.requests.append(self.ids[-1])

    def pays(self) -> None:
        if not self.reference.asked:
            return
        number = self.chance.randrange(len(self.reference.asked))
        told = {"channel": "wechat", "request": self.requests[number]}
        self._does("paid", lambda it: it.paid(number), self.reference.asked[number].amount, payload=told)

    def cancels(self) -> None:
        if self.reference.asked:
            number = self.chance.randrange(len(self.reference.asked))
            told = {"request": self.requests[number]}
            self._does("cancelled", lambda it: it.cancelled(number), payload=told)

    def spends(self) -> None:
        amount = self._part()
        self._does("spent", lambda it: it.spent(amount), amount)

    def authorises(self) -> None:
        amount, seconds = self._part(), self.chance.choice((3600, 50 * 3600))
        told = {"seconds": seconds}
        self._does("authorised", lambda it: it.authorised(amount, seconds), amount, payload=told)

    def captures(self) -> None:
        number = self._one("authorised")
        if number is not None:
            amount = self.chance.randint(1, self.reference.deeds[number].amount + 1)
            told = {"activity": self.ids[number]}
            self._does("hold.captured", lambda it: it.captured(number, amount), amount, payload=told)

    def releases(self) -> None:
        number = self._one("authorised")
        if number is not None:
            told = {"activity": self.ids[number]}
            self._does("hold.released", lambda it: it.released(number), payload=told)

    def adjusts(self) -> None:
        where, amount = self._adjustment()
        self._does("adjusted", lambda it: it.adjusted(where, amount), amount, **self._told(where))

    def approves(self) -> None:
        where, amount = self._adjustment()
        about = Activity(
            type="stored_value.adjusted", member=self.member, amount=amount, unit="USD", **self._told(where)
        )
        told: dict[str, Any] = {"payload": {"hash": hash_of(about)}, "actor": "bob"}
        self._does("approved", lambda it: it.approves(where, amount, APPROVAL_HOURS), **told)

    def _adjustment(self) -> tuple[str, int]:
        return self.chance.choice(ACCOUNTS), self.chance.choice((7, 200_00, 200_01, -5, -200_01))

    @staticmethod
    def _told(where: str) -> dict[str, Any]:
        return {"payload": {"account": where, "reason": "by hand"}, "actor": "ada"}

    def asks_for_a_quote(self) -> None:
        book = self.kit.program.sections["stored_value"]
        with self.kit.read() as read:
            found = quotes(read, book, book.currencies["USD"], [self.member], self.clock())[self.member]
        expected = self.reference.quote()
        assert (found.principal, found.bonus, found.held, found.payable) == expected
        self.quoted = found, expected

    def withdraws(self) -> None:
        if self.quoted is None or self.chance.random() < 0.5:
            self.asks_for_a_quote()
        assert self.quoted is not None
        quote, known = self.quoted
        amount = max(0, quote.payable + self.chance.choice((0, 0, 0, 0, 1, -1)))
        told = {"channel": "cash", "quote": quote.hash}
        self._does("withdrawn", lambda it: it.withdrawn(known, amount), amount, payload=told)

    def charges_back(self) -> None:
        number = self._one("topped_up", "paid", "spent")
        if number is not None:
            target = self.ids[number]
            self._does("charged_back", lambda it: it.reversed(number, charged_back=True), reverses=target)

    def takes_back(self) -> None:
        number = self._any()
        if number is not None:
            self._does("reversal", lambda it: it.reversed(number), reverses=self.ids[number])

    def takes_back_a_part(self) -> None:
        number = self._one("spent", "captured", "topped_up", "withdrawn")
        if number is not None:
            left = self.reference.deeds[number].amount - self.reference.deeds[number].back
            part = self.chance.randint(1, left + 1)
            told: dict[str, Any] = {"amount": part, "reverses": self.ids[number]}
            self._does("reversal", lambda it: it.reversed(number, part), **told)

    def freezes(self) -> None:
        where, only = self.chance.choice(ACCOUNTS), self.chance.random() < 0.5
        told = {"account": f"stored_value.{where}", "debits_only": only}
        state = "no_debit" if only else "frozen"
        self._does("account.frozen", lambda it: it.account(where, state), payload=told)

    def thaws(self) -> None:
        where = next((each for each in ACCOUNTS if self.reference.state(each) != "open"), self.chance.choice(ACCOUNTS))
        told = {"account": f"stored_value.{where}"}
        self._does("account.unfrozen", lambda it: it.account(where, "open"), payload=told)

    def waits(self) -> None:
        self._passes(self.chance.choice((3600, 20 * 3600, 40 * 3600, 16 * 86_400)) * SECOND)
        self.kit.lapse([self.member], self.clock())

    # ------------------------------------------------------------------------------------------------------- chance

    def _part(self) -> int:
        """A part of what there is, mostly; sometimes all of it, or more."""
        there = sum(self.reference.available(each) for each in ACCOUNTS)
        return max(1, self.chance.choice((there // 3, there // 7, there - 1, there, there + 1, 11_11)))

    def _one(self, *types: str) -> int | None:
        """One deed of some types, mostly one of which something is left."""
        deeds = self.reference.deeds
        found = [at for at, deed in enumerate(deeds) if deed.type in types]
        open_ = [at for at in found if not deeds[at].is_back and not any(act.ended for act in deeds[at].acts)]
        return self.chance.choice((self.chance.random() < 0.9 and open_) or found or [None])

    def _any(self) -> int | None:
        deeds = self.reference.deeds
        found = [at for at, deed in enumerate(deeds) if not deed.is_reversal or self.chance.random() < 0.1]
        return self.chance.choice(found or [None])

    # --------------------------------------------------------------------------------------------------------- both

    def _does(self, what: str, play: Callable[[Reference], None], amount: int | None = None, **given: Any) -> None:
        self._passes(SECOND)
        known: dict[str, Any] = {"member": self.member, "occurred_at": self.clock(), **given}
        if amount is not None:
            known |= {"amount": amount} if what == "reversal" else {"amount": amount, "unit": "USD"}
        kind = what if "." in what or what == "reversal" else f"stored_value.{what}"
        answer = self.kit.record(Activity(type=kind, **known))
        try:
            play(self.reference)
        except Refused as refused:
            expected = str(refused)
        else:
            expected = "settled"
        self.steps.append(f"{kind} {amount or given.get('amount', '')} {given.get('payload', '')}: {expected}")
        assert (answer.code or answer.outcome) == expected, answer
        self._keep(answer)

    def _keep(self, answer: Outcome) -> None:
        if len(self.reference.deeds) > len(self.ids):
            assert answer.activity_id is not None
            self.ids.append(answer.activity_id)

    def _passes(self, microseconds: int) -> None:
        self.clock.advance(timedelta(microseconds=microseconds))
        self.reference.goes_on(micros(self.clock()))

    def _compare(self) -> None:
        """Compare the books with the reference; what is due and not booked yet counts as lapsed."""
        now = self.clock()
        kinds = {f"stored_value.{name}": name for name in ACCOUNTS}
        parts = (lot.c.issued, lot.c.consumed, lot.c.held, lot.c.expired, lot.c.expires_at)
        theirs = select(account.c.kind, account.c.state, *parts).join(lot, lot.c.account_id == account.c.id)
        book = self.kit.program.sections["stored_value"]
        with self.kit.read() as read:
            rows = read.all(theirs.where(any_of(account.c.member_id, [self.member])))
            found = {each.kind: each for each in balances(read, [self.member], now)[self.member]}
            left = groups(read, [self.member], book.currencies["USD"], now).get(self.member, [])
        at = {each: number for number, each in enumerate(self.ids)}
        assert {at[each.activity]: (each.principal, each.bonus) for each in left} == self.reference.left()
        for kind, name in kinds.items():
            purse = self.reference.purses[name]
            own = sorted(self._as_due(row) for row in rows if row.kind == kind)
            assert own == sorted(map(_parts, purse.lots)), name
            has = found.get(kind)
            told = (has.available, has.pending, has.debt, has.state) if has else (0, 0, 0, "open")
            there = (self.reference.available(name), purse.pending, purse.debt, self.reference.state(name))
            assert told == there, (name, told, there)

    def _as_due(self, row: Any) -> tuple[int, ...]:
        lapses = NEVER if row.expires_at is None else row.expires_at
        open_, expired = row.issued - row.consumed - row.held - row.expired, row.expired
        if lapses <= self.reference.now:
            open_, expired = 0, expired + open_
        return row.issued, open_, row.held, expired, _second(lapses)


def _parts(each: Lot) -> tuple[int, ...]:
    return each.issued, each.open, sum(each.held.values()), each.lapsed, _second(each.lapses)


def _second(instant: int) -> int:
    """Return the nearest second: how many activities settled within microseconds before is the kernel's business."""
    return (instant + SECOND // 2) // SECOND
