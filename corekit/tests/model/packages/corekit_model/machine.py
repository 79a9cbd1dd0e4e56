"""A machine that does the same to a kit and to the reference, and compares answers and books after every step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from attrs import define, evolve
from corekit_model.reference import DAY, KINDS, NEVER, Refused, Reference
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from corekit import Activity, Invalid, Kit, Line, Outcome, balances
from corekit.clock import micros
from corekit.testing.clock import START, SettableClock
from corekit.tiers.read import standing

SECOND = 1_000_000
ACCOUNTS = st.sampled_from(["", "", "", "", *sorted(KINDS)])
"""Mostly the favourite of the example: what goes wrong takes several steps with the same account."""
AMOUNTS = st.sampled_from([10, 20, 30, 40, 50]) | st.integers(1, 60)
WHO = st.sampled_from([0, 0, 1])
WHICH = st.integers(0, 40)
"""Counted back from the last one."""

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
        self.thaws: dict[int, int] = {}

    @initialize(account=st.sampled_from(sorted(KINDS)))
    def begins(self, account: str) -> None:
        self.favourite = account

    @property
    def now(self) -> int:
        return micros(self.clock())

    def _joins(self) -> str:
        self.reference.join()
        return self.kit.record(Activity(type="member.registered")).member

    # ------------------------------------------------------------------------------------------------- value

    @rule(who=WHO, account=ACCOUNTS, amount=AMOUNTS)
    def gives(self, who: int, account: str, amount: int) -> None:
        self._gives(who, account, amount)

    @rule(who=WHO, account=ACCOUNTS, amount=AMOUNTS, days=st.integers(1, 12))
    def gives_for_days(self, who: int, account: str, amount: int, days: int) -> None:
        self._gives(who, account, amount, lapses_in=days)

    @rule(who=WHO, account=ACCOUNTS, amount=AMOUNTS, days=st.integers(1, 3), lapses=st.none() | st.integers(1, 6))
    def gives_for_later(self, who: int, account: str, amount: int, days: int, lapses: int | None) -> None:
        self._gives(who, account, amount, lapses_in=lapses, waits_for=days)

    def _gives(self, who: int, account: str, amount: int, **days: int | None) -> None:
        account = account or self.favourite
        told = {name: number for name, number in days.items() if number and KINDS[account].lots}
        self._does(
            who,
            "model.given",
            amount,
            {"account": account, **told},
            lambda it: it.given(who, account, amount, told.get("lapses_in"), told.get("waits_for")),
        )

    @rule(who=WHO, account=ACCOUNTS, amount=AMOUNTS)
    def takes(self, who: int, account: str, amount: int) -> None:
        account = account or self.favourite
        self._does(who, "model.taken", amount, {"account": account}, lambda it: it.taken(who, account, amount))

    @rule(who=WHO, account=ACCOUNTS, amount=AMOUNTS)
    def tips(self, who: int, account: str, amount: int) -> None:
        account = account or self.favourite
        self._does(who, "model.tipped", amount, {"account": account}, lambda it: it.tipped(who, account, amount))

    @rule(who=WHO, amount=st.integers(1, 30))
    def swaps(self, who: int, amount: int) -> None:
        self._does(who, "model.swapped", amount, {}, lambda it: it.swapped(who, amount))

    @rule(who=WHO, account=ACCOUNTS, amount=AMOUNTS)
    def sends(self, who: int, account: str, amount: int) -> None:
        account = account or self.favourite
        to = 1 - who
        self._does(
            who,
            "model.sent",
            amount,
            {"account": account},
            lambda it: it.sent(who, to, account, amount),
            members=(self.members[to],),
        )

    @rule(who=WHO, amounts=st.lists(st.integers(0, 3_500), min_size=1, max_size=3))
    def buys(self, who: int, amounts: list[int]) -> None:
        lines = dict(enumerate(amounts, 1))
        self._does(
            who,
            "purchase",
            sum(amounts),
            {},
            lambda it: it.bought(who, lines),
            lines=tuple(Line(no, amount) for no, amount in lines.items()),
        )

    # ------------------------------------------------------------------------------------------------- holds

    @rule(who=WHO, account=ACCOUNTS, amount=AMOUNTS, days=st.none() | st.integers(1, 4))
    def holds(self, who: int, account: str, amount: int, days: int | None) -> None:
        account = account or self.favourite
        seconds = days * 86_400 if days else None
        told = {"account": account} | ({"seconds": seconds} if seconds else {})
        self._does(who, "hold.placed", amount, told, lambda it: it.held(who, account, amount, seconds), unit="pieces")

    @precondition(lambda self: self._placed())
    @rule(which=WHICH, amount=st.integers(0, 60))
    def captures(self, which: int, amount: int) -> None:
        number = self._pick(self._placed(), which)
        who, hold = self._hold(number)
        unit = {"unit": "pieces"} if amount else {}
        self._does(who, "hold.captured", amount, {"hold": hold}, lambda it: it.captured(who, number, amount), **unit)

    @precondition(lambda self: self._placed())
    @rule(which=WHICH)
    def releases(self, which: int) -> None:
        number = self._pick(self._placed(), which)
        who, hold = self._hold(number)
        self._does(who, "hold.released", 0, {"hold": hold}, lambda it: it.released(who, number))

    def _placed(self) -> list[int]:
        """Mostly those that are open."""
        deeds = self.reference.deeds
        placed = [number for number, deed in enumerate(deeds) if deed.type == "hold.placed"]
        return [number for number in placed if not deeds[number].acts[0].ended] or placed

    def _hold(self, number: int) -> tuple[int, str]:
        answer = next(answer for _, answer in self.answers if answer.activity_id == self.ids[number])
        return self.reference.deeds[number].member, answer.effects[0].id

    # ------------------------------------------------------------------------------------------------ reversal

    @precondition(lambda self: self.ids)
    @rule(which=WHICH)
    def takes_back(self, which: int) -> None:
        self._takes_back(which, {}, 0)

    @precondition(lambda self: self.ids)
    @rule(which=WHICH, amount=st.integers(1, 4_000))
    def takes_back_an_amount(self, which: int, amount: int) -> None:
        is_purchase = self.reference.deeds[self._target(which)].type == "purchase"
        self._takes_back(which, {}, amount if is_purchase else amount % 61 or 1)

    @precondition(lambda self: self.ids)
    @rule(which=WHICH, no=st.integers(1, 3), part=st.integers(1, 3_500))
    def takes_back_of_a_line(self, which: int, no: int, part: int) -> None:
        self._takes_back(which, {no: part}, 0)

    def _target(self, which: int) -> int:
        """Mostly something of which there is something to take back."""
        deeds = self.reference.deeds
        left = [number for number, deed in enumerate(deeds) if not deed.is_back and not deed.is_reversal]
        return self._pick(left if left and which % 8 else range(len(deeds)), which)

    def _takes_back(self, which: int, lines: dict[int, int], amount: int) -> None:
        number = self._target(which)
        who = self.reference.deeds[number].member
        self._does(
            who,
            "reversal",
            amount or sum(lines.values()),
            {},
            lambda it: it.reversed(number, lines, amount),
            reverses=self.ids[number],
            lines=tuple(Line(no, part) for no, part in lines.items()),
        )

    # ------------------------------------------------------------------------------------- states, keys, time

    @rule(who=WHO, steps=st.integers(1, 6))
    def freezes(self, who: int, steps: int) -> None:
        """For some steps of the member."""
        self._does(who, "member.frozen", 0, {}, lambda it: it.step(who, "member.frozen"))
        self.thaws.setdefault(who, steps)

    @rule(who=WHO)
    def thaws_early(self, who: int) -> None:
        self._does(who, "member.unfrozen", 0, {}, lambda it: it.step(who, "member.unfrozen"))
        self.thaws.pop(who, None)

    @precondition(lambda self: self.answers)
    @rule(which=WHICH, changed=st.booleans())
    def sends_again(self, which: int, *, changed: bool) -> None:
        """The same key with the same body is answered as the first time, and with another body refused."""
        activity, first = self._pick(self.answers, which)
        self._passes(SECOND)
        if changed:
            with pytest.raises(Invalid, match="KEY_REUSED"):
                self.kit.record(evolve(activity, occurred_at=self.clock()))
        else:
            again = self.kit.record(activity)
            assert again.replayed
            assert (again.code, again.activity_id, again.seq) == (first.code, first.activity_id, first.seq)
        self._compare()

    @rule(hours=st.sampled_from([1, 20, 24, 24, 72, 24 * 11, 24 * 35]))
    def waits(self, hours: int) -> None:
        self._passes(hours * 3600 * SECOND + SECOND)
        self._compare()

    @rule(which=st.integers(0, 5), before=st.booleans())
    def waits_until_something_is_due(self, which: int, *, before: bool) -> None:
        """To the instant at which a lot or a hold lapses, a lot is waited for, or a stay ends; or just before it."""
        if ahead := sorted(self._ahead()):
            self._passes(ahead[min(which, len(ahead) - 1)] - before - self.now)
            self._compare()

    def _ahead(self) -> set[int]:
        purses = [purse for person in self.reference.people for purse in person.purses.values()]
        instants = {instant for purse in purses for lot in purse.lots for instant in (lot.lapses, lot.waits)}
        instants |= {hold.until for purse in purses for hold in purse.holds}
        for person in self.reference.people:
            instants |= {standing.now.until or 0 for standing in person.standings.values()}
        return {instant for instant in instants if self.now + 1 < instant < NEVER}

    @rule(name=st.sampled_from(["lapse", "lapse", "lapse", "expiry", "holds", "tiers"]))
    def sweeps(self, name: str) -> None:
        self._passes(SECOND)
        if name == "lapse":
            self.kit.lapse(self.members, self.clock())
        else:
            self.kit.sweep(name)
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
        if who in self.thaws:
            self.thaws[who] -= 1
            if self.thaws[who] < 0:
                del self.thaws[who]
                self.thaws_early(who)
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

    @staticmethod
    def _pick(things: Any, which: int) -> Any:
        return things[-1 - which % len(things)]

    def _compare(self) -> None:
        """Compare the books with the reference; what is due and not booked yet counts as lapsed."""
        ids = ", ".join(f"'{member}'" for member in self.members)
        with self.kit.read() as read:

            def found(text: str) -> list[Any]:
                rows = read._connection.exec_driver_sql(text.format(ids=ids, now=self.now)).all()
                return [tuple(row) for row in rows]

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
        # A grace begins within microseconds of the second: how many activities came before it is the kernel's business.
        return issued, open_, held, expired, lapses // SECOND

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


def playing(house: House) -> type[Machine]:
    """Return a machine that plays in a house."""
    return type("Play", (Machine,), {"house": house})


def _parts(lot: Any) -> tuple[int, ...]:
    return lot.issued, lot.open, sum(lot.held.values()), lot.lapsed, lot.lapses // SECOND


def _hex(value: Any) -> str:
    return str(value).replace("-", "")


assert DAY == 86_400 * SECOND
