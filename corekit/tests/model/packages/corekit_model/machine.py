"""A machine that does the same to a kit and to the reference, and compares answers and books after every step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from attrs import define, evolve, frozen
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from corekit import Activity, Invalid, Kit, Line, Outcome, balances
from corekit.clock import micros
from corekit.testing.clock import START, SettableClock
from corekit.tiers.read import standing
from corekit_model.reference import DAY, KINDS, NEVER, Reference, Refused

SECOND = 1_000_000
MILLISECOND = 1_000


@frozen
class Dice:
    """What chance says of a step; each uses what it needs.

    ``account`` is mostly left out, which stands for the favourite of the example: what goes wrong takes several steps
    with the same account. ``which`` is counted back from the last one, where there are several.
    """

    who: int
    account: str
    amount: int
    which: int
    flag: bool

    @property
    def small(self) -> int:
        """An amount of pieces."""
        return self.amount if self.amount <= 60 else self.amount % 60 + 1

    @property
    def tenths(self) -> int:
        """Of what is available: mostly all of it, so that something is missing later."""
        return (3, 7, 10, 10, 10, 10, 10, 11)[self.which % 8]

    def one_of(self, things: Sequence[Any]) -> Any:
        """Return one of several things, or None where there are none."""
        return things[-1 - self.which % len(things)] if things else None


DICE = st.builds(
    Dice,
    who=st.sampled_from([0, 0, 0, 0, 0, 1]),
    account=st.sampled_from([*[""] * 10, *sorted(KINDS)]),
    amount=st.sampled_from([10, 20, 30, 40, 50]) | st.integers(1, 4_000),
    which=st.integers(0, 47),
    flag=st.booleans(),
)

MOVES = {
    "gives": 6,
    "gives_for_days": 5,
    "gives_for_later": 1,
    "takes": 5,
    "tips": 1,
    "swaps": 1,
    "sends": 3,
    "buys": 5,
    "holds": 6,
    "captures": 3,
    "releases": 4,
    "takes_back": 9,
    "takes_back_an_amount": 3,
    "takes_back_of_a_line": 2,
    "freezes": 2,
    "thaws": 1,
    "sends_again": 1,
    "waits": 3,
    "waits_until_something_is_due": 4,
    "sweeps": 4,
}
"""What can happen, and how often in proportion."""


def _weighed(moves: Iterable[str]) -> st.SearchStrategy[str]:
    return st.sampled_from([move for move in moves for _ in range(MOVES[move])])


_BOOKS = """
SELECT a.member_id, a.kind, a.credits_posted - a.debits_posted, a.debits_pending
FROM core_account a WHERE a.member_id IN ({ids})"""
_LOTS = """
SELECT a.member_id, a.kind, l.issued, l.issued - l.consumed - l.held - l.expired, l.held, l.expired, l.expires_at
FROM core_lot l JOIN core_account a ON a.id = l.account_id WHERE a.member_id IN ({ids})"""
_STAYS = """
SELECT s.member_id, s.ladder, s.tier, s.reason, s.expires_at
FROM core_tier_assignment s WHERE s.valid_to IS NULL AND s.member_id IN ({ids})"""
_OVERDUE = """
SELECT count(*) FROM core_hold h JOIN core_account a ON a.id = h.account_id
WHERE h.outcome IS NULL AND h.expires_at <= {now} AND a.member_id IN ({ids})"""


@define
class House:
    """A kit that many examples share, each with members of its own, and its clock."""

    kit: Kit
    clock: SettableClock


class Machine(RuleBasedStateMachine):
    """Two members, and everything that can happen to them."""

    house: ClassVar[House]

    def __init__(self) -> None:
        super().__init__()
        self.kit, self.clock = self.house.kit, self.house.clock
        self.clock.set(START)  # for its own members, so that an example is the same whenever it is played
        self.reference = Reference(self.now)
        self.members = [self._joins() for _ in range(2)]
        self.ids: list[str] = []
        self.answers: list[tuple[Activity, Outcome]] = []
        self.favourite = ""
        self.thaws_in: dict[int, int] = {}

    @property
    def now(self) -> int:
        return micros(self.clock())

    def _joins(self) -> str:
        self.reference.join()
        return self.kit.record(Activity(type="member.registered")).member

    @initialize(account=st.sampled_from(sorted(KINDS)))
    def begins(self, account: str) -> None:
        self.favourite = account
        for amount, told in ((30, {"lapses_in": 5}), (40, {})):
            self._gives(0, account, amount, told)

    def _step(self, move: str, dice: Dice) -> None:
        dice = evolve(dice, account=dice.account or self.favourite)
        getattr(self, move)(dice)
        for who, steps in list(self.thaws_in.items()):
            self.thaws_in[who] = steps - 1
            if not steps:
                self.thaws(evolve(dice, who=who))

    # ------------------------------------------------------------------------------------------------- value

    def gives(self, dice: Dice) -> None:
        self._gives(dice.who, dice.account, dice.small, {})

    def gives_for_days(self, dice: Dice) -> None:
        self._gives(dice.who, dice.account, dice.small, {"lapses_in": dice.which % 12 + 1})

    def gives_for_later(self, dice: Dice) -> None:
        told = {"waits_for": dice.which % 3 + 1} | ({"lapses_in": dice.which % 5 + 1} if dice.flag else {})
        self._gives(dice.who, dice.account, dice.small, told)

    def _gives(self, who: int, account: str, amount: int, told: dict[str, int]) -> None:
        told = told if KINDS[account].lots else {}
        self._does(
            who,
            "model.given",
            amount,
            {"account": account, **told},
            lambda it: it.given(who, account, amount, told.get("lapses_in"), told.get("waits_for")),
        )

    def takes(self, dice: Dice) -> None:
        who, account, amount = dice.who, dice.account, self._part(dice)
        self._does(who, "model.taken", amount, {"account": account}, lambda it: it.taken(who, account, amount))

    def tips(self, dice: Dice) -> None:
        who, account, amount = dice.who, dice.account, self._part(dice)
        self._does(who, "model.tipped", amount, {"account": account}, lambda it: it.tipped(who, account, amount))

    def swaps(self, dice: Dice) -> None:
        who, amount = dice.who, self._part(evolve(dice, account="model.coin"))
        self._does(who, "model.swapped", amount, {}, lambda it: it.swapped(who, amount))

    def sends(self, dice: Dice) -> None:
        who, to, account, amount = dice.who, 1 - dice.who, dice.account, self._part(dice)
        told, members = {"account": account}, (self.members[to],)
        self._does(who, "model.sent", amount, told, lambda it: it.sent(who, to, account, amount), members=members)

    def buys(self, dice: Dice) -> None:
        who, amount = dice.who, dice.amount
        amounts = [amount, 0, amount * dice.which // 40] if dice.flag else [amount]
        lines = dict(enumerate(amounts, 1))
        told = tuple(Line(no, part) for no, part in lines.items())
        self._does(who, "purchase", sum(amounts), {}, lambda it: it.bought(who, lines), lines=told)

    def _part(self, dice: Dice) -> int:
        """So much of what the member has available a second from now, when it is asked for."""
        available = self.reference.people[dice.who].purses[dice.account].available(self.now + SECOND)
        return max(1, available * dice.tenths // 10)

    # ------------------------------------------------------------------------------------------------- holds

    def holds(self, dice: Dice) -> None:
        who, account, amount = dice.who, dice.account, self._part(dice)
        seconds = (dice.which % 4 + 1) * 86_400 if dice.flag else None
        told = {"account": account} | ({"seconds": seconds} if seconds else {})
        self._does(who, "hold.placed", amount, told, lambda it: it.held(who, account, amount, seconds), unit="pieces")

    def captures(self, dice: Dice) -> None:
        number, amount = self._placed(dice), dice.small if dice.flag else 0
        if number is not None:
            who, hold = self._hold(number)
            told, unit = {"hold": hold}, {"unit": "pieces"} if amount else {}
            self._does(who, "hold.captured", amount, told, lambda it: it.captured(who, number, amount), **unit)

    def releases(self, dice: Dice) -> None:
        number = self._placed(dice)
        if number is not None:
            who, hold = self._hold(number)
            self._does(who, "hold.released", 0, {"hold": hold}, lambda it: it.released(who, number))

    def _placed(self, dice: Dice) -> int | None:
        """One hold, mostly of those that are open."""
        deeds = self.reference.deeds
        placed = [number for number, deed in enumerate(deeds) if deed.type == "hold.placed"]
        found: int | None = dice.one_of([number for number in placed if not deeds[number].acts[0].ended] or placed)
        return found

    def _hold(self, number: int) -> tuple[int, str]:
        answer = next(answer for _, answer in self.answers if answer.activity_id == self.ids[number])
        return self.reference.deeds[number].member, answer.effects[0].id

    # ------------------------------------------------------------------------------------------------ reversal

    def takes_back(self, dice: Dice) -> None:
        number = self._target(dice)
        if number is not None:
            self._takes_back(number, {}, 0)

    def takes_back_an_amount(self, dice: Dice) -> None:
        number = self._target(dice)
        if number is not None:
            is_purchase = self.reference.deeds[number].type == "purchase"
            self._takes_back(number, {}, dice.amount if is_purchase else dice.small)

    def takes_back_of_a_line(self, dice: Dice) -> None:
        deeds, no = self.reference.deeds, dice.amount % 3 + 1
        number: int | None = dice.one_of(
            [at for at, deed in enumerate(deeds) if deed.type == "purchase" and not deed.is_back]
        )
        if number is not None:
            left = deeds[number].lines.get(no, 0) - deeds[number].returned.get(no, 0)
            self._takes_back(number, {no: left if dice.flag and left else dice.amount}, 0)

    def _target(self, dice: Dice) -> int | None:
        """One deed, mostly of those of which there is something to take back."""
        deeds = self.reference.deeds
        left = [number for number, deed in enumerate(deeds) if not deed.is_back and not deed.is_reversal]
        found: int | None = dice.one_of(left if left and dice.which % 8 else range(len(deeds)))
        return found

    def _takes_back(self, number: int, lines: dict[int, int], amount: int) -> None:
        self._does(
            self.reference.deeds[number].member,
            "reversal",
            amount or sum(lines.values()),
            {},
            lambda it: it.reversed(number, lines, amount),
            reverses=self.ids[number],
            lines=tuple(Line(no, part) for no, part in lines.items()),
        )

    # ------------------------------------------------------------------------------------- states, keys, time

    def freezes(self, dice: Dice) -> None:
        """For some steps of the member."""
        who = dice.who
        self._does(who, "member.frozen", 0, {}, lambda it: it.step(who, "member.frozen"))
        self.thaws_in.setdefault(who, dice.which % 6)

    def thaws(self, dice: Dice) -> None:
        who = dice.who
        self.thaws_in.pop(who, None)
        self._does(who, "member.unfrozen", 0, {}, lambda it: it.step(who, "member.unfrozen"))

    def sends_again(self, dice: Dice) -> None:
        """The same key with the same body is answered as the first time, and with another body refused."""
        if not self.answers:
            return
        activity, first = dice.one_of(self.answers)
        self._passes(SECOND)
        if dice.flag:
            with pytest.raises(Invalid, match="KEY_REUSED"):
                self.kit.record(evolve(activity, occurred_at=self.clock()))
        else:
            again = self.kit.record(activity)
            assert again.replayed
            assert (again.code, again.activity_id, again.seq) == (first.code, first.activity_id, first.seq)
        self._compare()

    def waits(self, dice: Dice) -> None:
        hours = (1, 20, 24, 72, 24 * 11, 24 * 35, 24 * 35)[dice.which % 7]
        self._passes(hours * 3600 * SECOND + SECOND)
        self._compare()

    def waits_until_something_is_due(self, dice: Dice) -> None:
        """To the instant at which a lot or a hold lapses, a lot is waited for, or a stay ends; or just before it."""
        for instant in sorted(self._ahead())[dice.which % 6 :][:1]:
            self._passes(instant - dice.flag - self.now)
            self._compare()

    def _ahead(self) -> set[int]:
        purses = [purse for person in self.reference.people for purse in person.purses.values()]
        instants = {instant for purse in purses for lot in purse.lots for instant in (lot.lapses, lot.waits)}
        # A hold runs from the microsecond at which its activity settles: what lapsed before it came first.
        ends = {hold.until for purse in purses for hold in purse.holds if hold.until < NEVER}
        instants |= {end + each for end in ends for each in (-1, MILLISECOND)}
        for person in self.reference.people:
            instants |= {standing.now.until or 0 for standing in person.standings.values()}
        return {instant for instant in instants if self.now + 1 < instant < NEVER}

    def sweeps(self, dice: Dice) -> None:
        self._passes(SECOND)
        name = ("", "", "expiry", "holds", "tiers", "tiers")[dice.which % 6]
        if name:
            self.kit.sweep(name)
        else:
            self.kit.lapse(self.members, self.clock())
        if name == "tiers":
            self.reference.rate()
        self._compare()

    # ------------------------------------------------------------------------------------------------- both

    def _does(
        self,
        who: int,
        kind: str,
        amount: int,
        told: dict[str, Any],
        play: Callable[[Reference], None],
        **values: Any,
    ) -> None:
        self._passes(SECOND)
        activity = Activity(
            type=kind, member=self.members[who], amount=amount, occurred_at=self.clock(), payload=told, **values
        )
        answer = self.kit.record(activity)
        try:
            play(self.reference)
        except Refused as refused:
            expected = str(refused)
        else:
            expected = "settled"
        assert (answer.code or answer.outcome) == expected, answer
        self.answers.append((activity, answer))
        if len(self.reference.deeds) > len(self.ids):
            assert answer.activity_id is not None
            self.ids.append(answer.activity_id)
        self._compare()

    def _passes(self, microseconds: int) -> None:
        self.clock.advance(timedelta(microseconds=microseconds))
        self.reference.goes_on(self.now)

    def _compare(self) -> None:
        """Compare the books with the reference; what is due and not booked yet counts as lapsed."""
        ids = ", ".join(f"'{member}'" for member in self.members)
        with self.kit.read() as read:
            cursor = read.source.connection.connection.cursor()  # the driver's: it is asked after each step

            def found(text: str) -> Sequence[Any]:
                cursor.execute(text.format(ids=ids, now=self.now))
                return cursor.fetchall()

            overdue, books, lots, stays = map(found, (_OVERDUE, _BOOKS, _LOTS, _STAYS))
        for who, member in enumerate(self.members):
            person = self.reference.people[who]
            tiers = {row[1]: row[2:] for row in stays if _hex(row[0]) == member}
            for code, stands in person.standings.items():
                stay = stands.now
                at = tiers.get(code, (stands.ladder.tiers[0][0], "joined", None))
                assert at == (stands.tier, stay.reason, stay.until), (code, at, stay)
            if overdue[0][0]:
                continue  # a hold that is over is let go when the member is touched next
            kept = {row[1]: row[2:] for row in books if _hex(row[0]) == member}
            for name, purse in person.purses.items():
                own = [row[2:] for row in lots if _hex(row[0]) == member and row[1] == name]
                assert sorted(map(self._as_due, own)) == sorted(map(_parts, purse.lots)), name
                due = sum(open_ for _, open_, _, _, lapses in own if lapses is not None and lapses <= self.now)
                balance, pending = kept.get(name, (0, 0))
                assert (balance - due, pending) == (purse.balance, purse.pending), name
                assert -kept.get(f"{name}.debt", (0, 0))[0] == purse.debt, name

    def _as_due(self, row: Any) -> tuple[int, ...]:
        issued, open_, held, expired, lapses = row
        lapses = NEVER if lapses is None else lapses
        open_, expired = (0, expired + open_) if lapses <= self.now else (open_, expired)
        return issued, open_, held, expired, _second(lapses)

    def teardown(self) -> None:
        """Book what is due, ask by the public reads, and prove the books; then nobody is left for later sweeps."""
        self._passes(SECOND)
        self.kit.lapse(self.members, self.clock())
        self._compare()
        with self.kit.read() as read:
            told = balances(read, self.members, self.clock())
            stand = standing(read, self.members)
        for who, member in enumerate(self.members):
            person = self.reference.people[who]
            for each in told[member]:
                purse = person.purses[each.kind]
                assert (each.balance, each.pending, each.due, each.debt) == (
                    purse.balance,
                    purse.pending,
                    0,
                    purse.debt,
                )
                assert each.available == purse.available(self.now)
            assert {each.ladder: each.tier for each in stand[member]} == {
                code: stands.tier for code, stands in person.standings.items() if len(stands.stays) > 1
            }
        report = self.kit.verify()
        assert report.clean, report.violations
        for member in self.members:
            assert self.kit.record(Activity(type="member.cancelled", member=member)).settled


def playing(house: House, moves: Iterable[str] = MOVES) -> type[Machine]:
    """Return a machine that plays in a house, with some of the moves."""

    class Play(Machine):
        @rule(move=_weighed(moves), dice=DICE)
        def step(self, move: str, dice: Dice) -> None:
            """One rule, so that chance alone says how often which move comes; what cannot be made is passed over."""
            self._step(move, dice)

    Play.house = house
    return Play


def _parts(lot: Any) -> tuple[int, ...]:
    return lot.issued, lot.open, sum(lot.held.values()), lot.lapsed, _second(lot.lapses)


def _second(instant: int) -> int:
    """Return the nearest second: how many activities settled within microseconds before is the kernel's business."""
    return (instant + SECOND // 2) // SECOND


def _hex(value: Any) -> str:
    return value if isinstance(value, str) else str(value.hex)


assert DAY == 86_400 * SECOND
