"""What is remembered of members changes nothing: medals are those that are judged by all that is written."""

from __future__ import annotations

import os
import random
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import select

from corekit import Activity, Kit, Line, Outcome, Reader, micros
from corekit.program import apply_text
from corekit.testing import MakeKit, SettableClock
from corekit_medals import judging, loading, remembered
from corekit_medals.tables import award

BEGAN = datetime(2026, 2, 1, tzinfo=UTC)
PAST = {"past": {"historical": True}}
SILVER = {"ladder": "status", "tier": "silver", "reason": "why not"}


FUZZ = os.environ.get("COREKIT_FUZZ")
SEEDS = [int(FUZZ) + more for more in range(30)] if FUZZ else []
ON_REVERSAL = 'on_reversal = "revoke"\n'


class Shop:
    """Lets members do all that can happen to them, the same for the same seed, by one kit after the other."""

    def __init__(self, kits: list[Kit], seed: int) -> None:
        self.kits = kits
        self.chance = random.Random(seed)
        self.number = 0
        self.at = BEGAN
        self.members: list[str] = []
        self.bought: list[str] = []
        self.places: dict[str, int] = {}

    @property
    def kit(self) -> Kit:
        return self.kits[self.chance.randrange(len(self.kits))]

    def told(self, type_: str, member: str, at: datetime | None = None, **values: Any) -> Activity:
        self.number += 1
        known: dict[str, Any] = {"source": "past", "external_id": str(self.number), "occurred_at": at or self.at}
        return Activity(type=type_, member=member, **known, **values)

    def join(self) -> None:
        member = self.kit.record(self.told("member.registered", "")).member
        self.places[member] = len(self.members)
        self.members.append(member)

    def does(self, member: str) -> Activity:
        pick = self.chance
        self.at += timedelta(hours=pick.choice([0, 1, 7, 20]), microseconds=11)
        late = self.at - timedelta(days=pick.choice([0, 0, 0, 0, 3, 40]))
        kind = pick.random()
        if kind < 0.1:
            return self.told("tier.set", member, payload=SILVER | {"tier": pick.choice(["ordinary", "silver"])})
        if kind < 0.4:
            payload = {"store": pick.choice("abcd"), "number": pick.randrange(4), "by_app": pick.random() < 0.3}
            return self.told("check_in", member, max(late, BEGAN), payload=payload)
        lines = tuple(
            Line(
                no,
                pick.choice([0, 9_99, 30_50]),
                pick.choice("abcd"),
                pick.choice(["BREAD", "MILK"]),
                1000,
                None,
                ("hot",),
            )
            for no in range(1, pick.randrange(2, 4))
        )
        return self.told("purchase", member, max(late, BEGAN), amount=sum(line.amount for line in lines), lines=lines)

    def lives(self, steps: int) -> None:
        """Let something happen, one by one or in chunks, with returns, and medals given and taken by hand."""
        for _ in range(steps):
            kind = self.chance.random()
            member = self.chance.choice(self.members)
            if kind < 0.5:
                told = [self.does(self.chance.choice(self.members)) for _ in range(self.chance.choice([1, 1, 2, 25]))]
                done = self.kit.record_many(told)
                self.bought += [each.activity_id or "" for each in done if each.type == "purchase" and each.settled]
            elif kind < 0.7:
                self.bought += [self.kit.record(self.does(member)).activity_id or ""]
            elif kind < 0.9 and self.bought:
                each = self.bought.pop(self.chance.randrange(len(self.bought)))
                self.number += 1
                self.kit.reverse(each, amount=self.chance.choice([0, 0, 1]), external_id=str(self.number))
            else:
                type_ = self.chance.choice(["medals.awarded", "medals.revoked"])
                told_ = {"medal": self.chance.choice(["often", "rolling"]), "reason": "why not"}
                self.kit.record(self.told(type_, member, payload=told_))

    def awards(self) -> list[tuple[Any, ...]]:
        names = ("member_id", "medal", "level", "reason", "since", "end_reason")
        with self.kits[0].read() as read:
            rows = read.all(select(*(award.c[name] for name in names)))
        return sorted((self.places[row[0]], *row[1:5], row[5] or "") for row in rows)


def shops(make_kit: MakeKit, program: str, seed: int) -> Iterator[Shop]:
    """Yield a shop that two processes serve, and one whose process remembers nothing."""
    first = make_kit(["medals"], program=program, sources=PAST)
    second = make_kit(["medals"], database=first.settings.database, sources=PAST)
    yield Shop([first, second], seed)
    alone = make_kit(["medals"], program=program, sources=PAST)
    yield Shop([alone, alone], seed)


@pytest.mark.parametrize("seed", [1, *SEEDS])
def test_what_is_remembered_changes_nothing(
    make_kit: MakeKit, clock: SettableClock, monkeypatch: pytest.MonkeyPatch, every_kind: Any, seed: int
) -> None:
    clock.set("2026-12-01")
    found: list[list[tuple[Any, ...]]] = []
    few = every_kind.program("often", "rolling", "skus", "days", more=ON_REVERSAL)
    for most, shop in zip((remembered.MOST, 0), shops(make_kit, few, seed), strict=True):
        monkeypatch.setattr(remembered, "MOST", most)
        for _ in range(5):
            shop.join()
        shop.lives(25)
        apply_text(shop.kits[0], every_kind.program(more=ON_REVERSAL))
        shop.lives(40)
        merged = shop.kit.merge(shop.members[0], shop.members[1], external_id="merge")
        assert merged.settled
        shop.lives(15)
        assert shop.kit.reverse(merged.activity_id or "", external_id="apart").settled
        shop.lives(25)
        found.append(shop.awards())
    assert found[0] == found[1]
    if seed == 1:
        assert {each[-1] for each in found[0]} >= {"", "returned", "taken"}


def _buys(member: str, clock: SettableClock, *, late: bool = False) -> Activity:
    clock.advance(hours=1)
    at = clock.now - timedelta(minutes=90 if late else 0)
    return Activity(type="purchase", member=member, amount=100, occurred_at=at)


@pytest.mark.parametrize("alone", [False, True])
def test_who_waits_for_a_tier_hears_of_it(
    make_kit: MakeKit, clock: SettableClock, every_kind: Any, *, alone: bool
) -> None:
    """From whatever process: and what is told afterwards, and happened before, is no reason to wait on."""
    ours = make_kit(["medals"], program=every_kind.program("loyal"))
    theirs = ours if alone else make_kit(["medals"], database=ours.settings.database)
    member = ours.record(Activity(type="member.registered")).member
    assert ours.record(_buys(member, clock)).settled
    assert ours.record(_buys(member, clock)).settled
    assert theirs.record(Activity(type="tier.set", member=member, payload=SILVER)).settled
    assert ours.record(_buys(member, clock, late=True)).settled
    assert not _held(ours)
    assert ours.record(_buys(member, clock)).settled
    assert _held(ours) == {"loyal"}


def test_who_waits_for_a_tier_hears_of_it_within_a_chunk_of_the_past(
    make_kit: MakeKit, clock: SettableClock, every_kind: Any
) -> None:
    kit = make_kit(["medals"], program=every_kind.program("loyal"), sources=PAST)
    clock.set("2026-12-01")
    member = kit.record(Activity(type="member.registered", source="past", occurred_at=BEGAN)).member

    def told(day: int, type_: str = "purchase", **more: Any) -> Activity:
        at = BEGAN + timedelta(days=day)
        return Activity(type=type_, member=member, source="past", external_id=str(day), occurred_at=at, **more)

    rises = told(2, "tier.set", payload=SILVER)
    buys = [told(day, amount=100) for day in (1, 3, 4, 5, 6)]
    assert all(each.settled for each in kit.record_many([buys[0], rises, *buys[1:]]))
    with kit.read() as read:
        (row,) = read.all(select(award.c.activity_id, award.c.since))
    assert (row.activity_id, row.since) == (buys[3].id, micros(BEGAN + timedelta(days=5)))


def test_nobody_looks_at_a_medal_that_an_activity_cannot_bring_further(
    make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch, every_kind: Any
) -> None:
    """Neither for what was bought of something else, nor for a medal for which it does not ask."""
    kit = make_kit(["medals"], program=every_kind.program("milk", "often", "after", "loyal", "seldom", "silver"))
    member = kit.record(Activity(type="member.registered")).member
    seen: list[str] = []
    reached = judging._reached

    def noted(group: Any, now: Any) -> Any:
        seen.extend(medal.id for medal, _ in group.entries)
        return reached(group, now)

    monkeypatch.setattr(judging, "_reached", noted)

    def buys() -> list[str]:
        seen.clear()
        lines = Line(1, 18_00, category="BREAD"), Line(2, 2_00, category="MILK")
        assert kit.record(Activity(type="purchase", member=member, amount=20_00, lines=lines)).settled
        return sorted(seen)

    assert buys() == ["loyal", "milk", "often", "seldom"]
    assert [buys() for _ in range(3)] == [[], [], []]
    assert buys() == ["after", "often"]
    assert [buys() for _ in range(2)] == [[], []]


def test_a_medal_waits_for_its_season(make_kit: MakeKit, clock: SettableClock, every_kind: Any) -> None:
    season = "season = { from = 2026-03-02, to = 2026-03-02 }\n"
    kit = make_kit(["medals"], program=every_kind.program("month", more=season))
    clock.set("2026-03-01T12:00:00")
    member = kit.record(Activity(type="member.registered")).member

    def buys() -> set[str]:
        assert kit.record(_buys(member, clock)).settled
        return _held(kit)

    assert [buys() for _ in range(4)] == [set(), set(), set(), set()]
    clock.advance(days=1)
    assert [buys() for _ in range(3)] == [set(), set(), {"month"}]


def _held(kit: Kit) -> set[str]:
    with kit.read() as read:
        return {row.medal for row in read.all(select(award.c.medal))}


def test_who_finds_how_far_another_one_went_finds_what_was_awarded_by_then(
    make_kit: MakeKit, monkeypatch: pytest.MonkeyPatch, every_kind: Any
) -> None:
    ours = make_kit(["medals"], program=every_kind.program("often"))
    theirs = make_kit(["medals"], database=ours.settings.database)
    member = ours.record(Activity(type="member.registered")).member
    for kit in (ours, ours, ours, theirs, theirs):  # the fifth wins a medal, of which this process knows nothing
        assert kit.record(Activity(type="purchase", member=member, amount=100)).settled
    asked, meanwhile = loading.awards, list[Outcome]()

    def buys() -> None:
        meanwhile.append(ours.record(Activity(type="purchase", member=member, amount=100)))

    def slowly(read: Reader, members: Collection[str]) -> Any:
        monkeypatch.setattr(loading, "awards", asked)
        other = Thread(target=buys)
        other.start()
        other.join()
        return asked(read, members)

    monkeypatch.setattr(loading, "awards", slowly)
    buys()
    assert [each.outcome for each in meanwhile] == ["settled", "settled"]
