"""The promises about what is settled: exact, once, alike in bulk and in a crowd, at any time, and set-based."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from corekit.activities.activity import Activity, Line
from corekit.activities.outcome import Outcome
from corekit.activities.read import lines as lines_of
from corekit.testing.contract.meeting import meeting
from corekit.testing.contract.moments import FAR_AWAY, MOMENTS, ZONES, elsewhere
from corekit.testing.contract.trial import LASTS, Trial, broken, difference, effects_of
from corekit.testing.house import House, again
from corekit.testing.recorder import recording

_SEEDS = range(3)
_HALF = 0.5
_CROWD, _EACH = 2, 6
"""Members of the crowd, and how often each does the same."""
_FEW, _MANY = 3, 12
"""Members of a small and a large batch."""


class Exact:
    """Every effect is undone, whole and in parts, in any order, and the books are clean."""

    def test_exact(self, contract: Trial) -> None:
        """Take everything back, in some order and in parts, and compare with how it began."""
        kept = contract.kept()
        for seed in _SEEDS:
            house = contract.house()
            began = house.rows(without=kept)
            history = contract.history(house)
            answers = house.settle(history)
            house.proved()
            _take_back(house, answers, random.Random(seed), parts=seed > 0)  # noqa: S311 - the same in every run
            house.proved()
            rows = house.rows(without=kept)
            if rows != began:
                broken(
                    f"{contract.plugin}: undo does the reverse of apply",
                    difference(began, rows),
                    "write what apply wrote back in undo; what must stay is named in kept, with the reason",
                )
            if any(house.worth().values()):
                seen = f"members still have, or owe, {house.worth()}"
                broken(
                    f"{contract.plugin}: where everything is taken back nothing is left", seen, "see why the books say"
                )


class Once:
    """The same key again changes nothing."""

    def test_once(self, contract: Trial) -> None:
        """Send the history once more."""
        house, history, first = contract.lived()
        before = (house.rows(), house.value())
        second = house.settle(history)
        for activity, one, two in zip(history, first, second, strict=True):
            if (one.outcome, one.code) != (two.outcome, two.code) or not two.replayed:
                seen = f"{activity.external_id!r} was {one.outcome} [{one.code}], and then {two.outcome} [{two.code}]"
                broken(f"{contract.plugin}: a key that comes again gets its first answer", seen, _ONCE)
        if (house.rows(), house.value()) != before:
            seen = f"{difference(before[0], house.rows())}; value {before[1]}, then {house.value()}"
            broken(f"{contract.plugin}: a key that comes again changes nothing", seen, _ONCE)


_ONCE = "write in apply and undo alone; they run once for an effect"


class Fold:
    """Many activities of a member at once do what they do one by one."""

    def test_fold(self, contract: Trial) -> None:
        """Settle the history one by one, and in one chunk, where only ``fold`` tells what the one before did."""
        single, history, one_by_one = contract.lived()
        bulk, _, at_once = contract.lived(at_once=True)
        for activity, one, other in zip(history, one_by_one, at_once, strict=True):
            if effects_of(one) != effects_of(other):
                broken(
                    f"{contract.plugin}: in a chunk an activity causes what it causes alone",
                    f"{activity.external_id!r}: alone {effects_of(one)}, in a chunk {effects_of(other)}",
                    "let fold and unfold do to the prepared value what apply and undo do to the tables, "
                    "or leave them out of the EffectKind",
                )
        if single.rows(alike=True) != bulk.rows(alike=True):
            seen = difference(single.rows(alike=True), bulk.rows(alike=True))
            broken(f"{contract.plugin}: a chunk leaves the rows that single activities leave", seen, "write by effect")


class Crowd:
    """Activities that settle at the same time lose nothing of each other."""

    def test_crowd(self, contract: Trial) -> None:
        """Let members do the same many times, one after the other, and all at once, meeting after each reading."""
        alone, together = contract.house(members=_CROWD), contract.house(members=_CROWD)
        one_by_one = [alone.settle(each) for each in _rounds(contract, alone)]
        with meeting(_CROWD), ThreadPoolExecutor(_CROWD * 2) as pool:
            at_once = [list(pool.map(together.kit.record, each)) for each in _rounds(contract, together)]
        together.proved()
        seen = [_sums(house, answers) for house, answers in ((alone, one_by_one), (together, at_once))]
        if seen[0] != seen[1]:
            broken(
                f"{contract.plugin}: what settles at the same time adds up",
                f"one after the other {seen[0]}; at once {seen[1]}",
                "change what members share by a statement that says the condition itself (UPDATE ... SET n = n - 1 "
                "WHERE n >= 1), or lock the row with SELECT ... FOR UPDATE; never write what was read before",
            )


class Time:
    """Leap days, the ends of years, changes of the clock and the zone of the machine do no harm."""

    def test_time(self, contract: Trial) -> None:
        """Settle a history that begins at each moment of a table, and again as on a machine elsewhere."""
        for zone in ZONES:
            here, there = (self._lived(contract, zone, place) for place in (None, FAR_AWAY))
            for (activity, one), (_, other) in zip(here, there, strict=True):
                if one != other:
                    broken(
                        f"{contract.plugin}: the zone of the machine decides nothing",
                        f"the {activity.external_id!r} of {activity.occurred_at}: {one}, on another machine {other}",
                        "ask facts.local(activity) for the time on the program's clock",
                    )

    def _lived(self, contract: Trial, zone: str, place: str | None) -> list[tuple[Activity, Any]]:
        """Return what a member lives that begins at each moment, with the effects, on a machine somewhere."""
        found: list[tuple[Activity, Any]] = []
        kit = contract.kit(time_zone=zone)
        with elsewhere(place):
            for moment in MOMENTS:
                began, name = moment - timedelta(days=1), f"{moment:%Y-%m-%d}"
                contract.clock.set(began + LASTS)
                house = House(kit, contract.plugin, contract.clock, began, members=1, name=name)
                history = contract.history(house)
                found += zip(history, map(effects_of, house.settle(history)), strict=True)
                house.proved()
        return found


class SetBased:
    """The statements of the plugin do not grow with the batch."""

    def test_set_based(self, contract: Trial) -> None:
        """Count the statements of a small and of a large chunk, and of taking each back."""
        counted = [self._count(contract, members) for members in (_FEW, _MANY)]
        if counted[1] > counted[0]:
            broken(
                f"{contract.plugin}: a fixed number of statements, whatever the batch",
                f"{counted[0]} statements for {_FEW} members, {counted[1]} for {_MANY}",
                "read and write all at once: any_of(column, ids), execute(insert(table), rows)",
            )

    def _count(self, contract: Trial, members: int) -> int:
        house = contract.house(members=members)
        history = contract.history(house)
        with recording(house.kit) as recorder:
            answers = house.settle(history, at_once=True)
            back = [_reversal(answer) for answer in answers if answer.settled]
            list(house.kit.record_many(back, chunk=len(back) or 1))
        return recorder.statements.get(contract.plugin, 0)


def _take_back(house: House, answers: Sequence[Outcome], chance: random.Random, *, parts: bool) -> None:
    """Reverse everything that settled, in some order; what is refused comes again after the others."""
    waiting = [answer for answer in answers if answer.settled and not answer.replayed]
    if parts:
        with house.kit.read() as read:
            found = lines_of(read, [answer.activity_id or "" for answer in waiting])
        for answer in waiting:
            _take_back_part(house, answer, found[answer.activity_id or ""], chance)
    chance.shuffle(waiting)
    while waiting:
        refused = [
            (answer, said) for answer in waiting if not (said := house.kit.reverse(answer.activity_id or "")).settled
        ]
        if len(refused) == len(waiting):
            answer, said = refused[0]
            broken(
                f"{house.plugin}: what was settled can be taken back",
                f"the {answer.type} {answer.external_id!r} is {said.outcome}: {said.message} [{said.code}]",
                "let undo take any effect back at any time, and raise nothing",
            )
        waiting = [answer for answer, _ in refused]


def _take_back_part(house: House, answer: Outcome, lines: Sequence[Line], chance: random.Random) -> None:
    """Reverse a part of some lines of an activity, where it has lines; what is refused is left to the whole."""
    some = {line.no: chance.randint(1, line.amount) for line in lines if line.amount and chance.random() < _HALF}
    if some:
        house.kit.reverse(answer.activity_id or "", lines=some)


def _reversal(answer: Outcome) -> Activity:
    return Activity(type="reversal", member=answer.member, reverses=answer.activity_id, payload={"reason": ""})


def _rounds(contract: Trial, house: House) -> Iterator[list[Activity]]:
    """Yield what the crowd does in each round: first they join, then all do the same, each many times."""
    history = contract.history(house)
    joining = [each for each in history if each.type == "member.registered"]
    yield joining
    first: dict[str, Activity] = {}
    for activity in history:
        if activity not in joining and not activity.members and not activity.reverses:
            first.setdefault(activity.type, activity)
    for activity in first.values():
        yield [
            again(activity, f"{activity.type} {member} {number}", member=member)
            for number in range(_EACH)
            for member in house.members
        ]


def _sums(house: House, rounds: Sequence[Sequence[Outcome]]) -> Any:
    """Return what a crowd did and left, whoever did it: verdicts, effects, rows, numbers in them, value."""
    answers = [answer for each in rounds for answer in each]
    rows = {name: [*rows.elements()] for name, rows in house.rows().items()}
    numbers = {
        name: [sum(value for value in column if isinstance(value, int)) for column in zip(*found, strict=True)]
        for name, found in rows.items()
    }
    worth: Counter[str] = Counter()
    for kinds in house.worth().values():
        worth.update(kinds)
    return (
        dict(Counter((answer.type, answer.outcome, answer.code) for answer in answers)),
        dict(Counter(effect for answer in answers for effect in effects_of(answer))),
        {name: (len(found), numbers[name]) for name, found in rows.items()},
        dict(worth),
    )
