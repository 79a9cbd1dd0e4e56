"""Who met the criteria before is found: the same members, levels and instants as those who were judged as they went."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import event, select

from corekit import (
    AccountKind,
    Activity,
    Batch,
    Credit,
    Declares,
    Effect,
    Facts,
    Kit,
    Line,
    Metric,
    Unit,
    hookimpl,
)
from corekit.program import apply_text
from corekit.tables import activity
from corekit.testing import MakeKit, SettableClock
from corekit_medals.backfill import Found, preview
from corekit_medals.reading import awards_of


def lives(kit: Kit, number: int, seed: int) -> list[Activity]:
    """Return what members do within eighty days, in the order in which it occurs."""
    chance = random.Random(seed)
    began = datetime(2026, 2, 1, tzinfo=UTC)
    found: list[Activity] = []
    for each in range(number):
        joined = Activity(type="member.registered", source="past", occurred_at=began, external_id=f"m{each}")
        member = kit.record(joined).member
        at = began
        for nth in range(chance.randrange(3, 26)):
            at += timedelta(hours=chance.choice([0, 1, 20, 30, 100]), microseconds=7)
            known: dict[str, Any] = {
                "member": member,
                "source": "past",
                "occurred_at": at,
                "external_id": f"{each}:{nth}",
            }
            if chance.random() < 0.6:
                lines = tuple(
                    Line(
                        no,
                        chance.choice([0, 9_99, 30_50]),
                        sku=chance.choice("abcd"),
                        category=chance.choice(["BREAD", "MILK"]),
                        quantity=1000 * chance.randrange(1, 4),
                        flags=tuple(chance.sample(["new", "hot", "newer"], 1)),
                    )
                    for no in range(1, chance.randrange(2, 4))
                )
                found.append(Activity(type="purchase", amount=sum(line.amount for line in lines), lines=lines, **known))
            else:
                payload = {
                    "store": chance.choice(["north", "west", 'the "east"']),
                    "number": chance.randrange(3),
                    "by_app": chance.random() < 0.3,
                }
                found.append(Activity(type="check_in", payload=payload, **known))
    return sorted(found, key=lambda each: str(each.occurred_at))


def awards(kit: Kit, members: list[str]) -> dict[tuple[str, str, int], datetime]:
    with kit.read() as read:
        found = awards_of(read, members)
    return {(member, each.medal, each.level): each.since for member, theirs in found.items() for each in theirs}


def backfilled(kit: Kit) -> int:
    """Award until nothing is found any more, and return how many times that took."""
    for times in range(5):
        expected = sum(each.members for each in previewed(kit)) if times == 0 else None
        run = kit.jobs.run("medals.backfill")
        assert expected in (None, run.found)
        kit.work()
        if not run.found:
            return times
    raise AssertionError("it does not end")


def previewed(kit: Kit) -> list[Found]:
    with kit.read() as read:
        return preview(kit, read)


@pytest.mark.row("G4", way="python")
@pytest.mark.parametrize(
    ("zone", "season"),
    [("UTC", ""), ("America/New_York", "season = {from = 2026-02-11, to = 2026-03-12}\n")],
    ids=["always", "season"],
)
def test_a_back_fill_awards_what_was_awarded_live(
    make_kit: MakeKit, clock: SettableClock, every_kind: Any, zone: str, season: str
) -> None:
    clock.set("2026-06-01")
    past = {"past": {"historical": True}}
    live = make_kit(["medals"], program=every_kind.program(more=season), sources=past, time_zone=zone)
    later = make_kit(["medals"], program=every_kind.head, sources=past, time_zone=zone)
    for kit, chunk in ((live, 40), (later, 500)):
        told = lives(kit, 20, seed=7)
        assert all(each.settled for each in kit.record_many(told, chunk=chunk))
    apply_text(later, every_kind.program(more=season))
    backfilled(later)
    found = [
        {
            (index, medal, level): since
            for (member, medal, level), since in awards(kit, members).items()
            for index in [members.index(member)]
        }
        for kit in (live, later)
        for members in [in_order(kit)]
    ]
    assert found[0] == found[1]
    assert {medal for _, medal, _ in found[0]} == set(every_kind.criteria)


CREDITED = """
[program]
name = "Shop"

[[ladders]]
code = "earned"
name = "Earned"

[[ladders.tiers]]
code = "little"
name = "Little"

[[ladders.tiers]]
code = "much"
name = "Much"
criteria = [{metric = "toy.earned", window = "month", at_least = 30}]
"""


@pytest.mark.row("G4", way="python")
def test_a_medal_for_what_is_credited_is_one_for_the_tier_of_a_ladder(make_kit: MakeKit, clock: SettableClock) -> None:
    def react(batch: Batch, facts: Facts) -> Iterator[Effect]:
        for bought in batch.of("purchase"):
            yield Credit(bought, rule="tokens@1", account="toy", amount=bought.amount // 100)

    toy = ModuleType("toy")
    declared = Declares(
        accounts=[AccountKind(code="toy", unit=Unit("tokens"))],
        metrics=[Metric(name="toy.earned", credits="toy", windows=("month",))],
    )
    react.__name__ = "corekit_react"
    vars(toy).update(corekit_declare=hookimpl(lambda: declared), corekit_react=hookimpl(react))
    clock.set("2027-06-01")
    medal = '[[medals.definitions]]\nid = "much"\ntexts.en = {name = "Much"}\nwhen = {kind = "tier", tier = "much"}\n'
    for begins, then in ((CREDITED + medal, None), (CREDITED, CREDITED + medal)):
        kit = make_kit(["medals"], modules={"toy": toy}, program=begins, sources={"past": {"historical": True}})
        members = [kit.record(_past("member.registered", "2020-01-01", str(number))).member for number in range(2)]
        bought = [("2026-01-30", 20_00), ("2026-02-01", 20_00), ("2026-02-28", 10_00), ("2026-03-01", 90_00)]
        for member, number in zip(members, (4, 2), strict=True):
            for day, amount in bought[:number]:
                told = _past("purchase", day, f"{member}:{day}", member=member, amount=amount)
                assert kit.record(told).settled
        if then is not None:
            apply_text(kit, then)
            backfilled(kit)
        assert awards(kit, members) == {(members[0], "much", 1): datetime(2026, 2, 28, 12, tzinfo=UTC)}


WINDOWS: tuple[str, ...] = ("week", "month", "quarter", "year", "rolling 1 month", "rolling 3 months", "rolling 1 year")


@pytest.mark.row("G4", way="python")
def test_live_and_by_back_fill_these_two_days_are_within_these_windows(make_kit: MakeKit, clock: SettableClock) -> None:
    pairs: dict[tuple[str, str], set[str]] = {
        ("2025-12-31", "2026-01-01"): {"week", "rolling 1 month", "rolling 3 months", "rolling 1 year"},
        ("2026-01-04", "2026-01-05"): set(WINDOWS) - {"week"},  # a Sunday and a Monday
        ("2026-03-30", "2026-04-05"): {"week", "year", "rolling 1 month", "rolling 3 months", "rolling 1 year"},
        ("2026-11-30", "2026-12-31"): {"quarter", "year", "rolling 3 months", "rolling 1 year"},
        ("2026-12-01", "2026-12-31"): set(WINDOWS) - {"week"},
        # A month up to the last of a month: it begins after the same day of the one before, or after its last day.
        ("2026-01-28", "2026-02-28"): {"quarter", "year", "rolling 3 months", "rolling 1 year"},
        ("2026-01-29", "2026-02-28"): {"quarter", "year", "rolling 1 month", "rolling 3 months", "rolling 1 year"},
        ("2026-02-28", "2026-03-28"): {"quarter", "year", "rolling 3 months", "rolling 1 year"},
        ("2026-02-28", "2026-03-31"): {"quarter", "year", "rolling 3 months", "rolling 1 year"},
        ("2026-03-01", "2026-03-31"): set(WINDOWS) - {"week"},
        ("2024-08-30", "2024-11-30"): {"year", "rolling 1 year"},
        ("2024-08-31", "2024-11-30"): {"year", "rolling 3 months", "rolling 1 year"},
        ("2024-02-29", "2025-02-28"): {"rolling 1 year"},
        ("2023-02-28", "2024-02-29"): set(),
        ("2023-03-01", "2024-02-29"): {"rolling 1 year"},
    }
    clock.set("2027-06-01")
    texts = 'texts.en = {name = "Twice"}'
    medals = "".join(
        f'\n[[medals.definitions]]\nid = "{window.replace(" ", "_")}"\n{texts}\n'
        f'when = {{kind = "count", activity = "purchase", least = 2, window = "{window}"}}\n'
        for window in WINDOWS
    )
    head = '[program]\nname = "Shop"\n'
    for begins, then in ((head + medals, None), (head, head + medals)):
        kit = make_kit(["medals"], program=begins, sources={"past": {"historical": True}})
        members = {pair: kit.record(_past("member.registered", "2020-01-01", str(pair))).member for pair in pairs}
        bought = [
            _past("purchase", day, f"{number}:{day}", member=member, amount=1_00)
            for number, (pair, member) in enumerate(members.items())
            for day in pair
        ]
        ordered = sorted(bought, key=lambda each: str(each.occurred_at))
        assert all(each.settled for each in kit.record_many(ordered))
        if then is not None:
            apply_text(kit, then)
            backfilled(kit)
        found: dict[tuple[str, str], set[str]] = {pair: set() for pair in pairs}
        by_member = {member: pair for pair, member in members.items()}
        for member, medal, _ in awards(kit, list(by_member)):
            found[by_member[member]].add(medal.replace("_", " "))
        assert found == pairs


def _past(type_: str, day: str, key: str, **more: Any) -> Activity:
    occurred = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC)
    return Activity(type=type_, source="past", occurred_at=occurred, external_id=f"{type_}:{key}", **more)


def in_order(kit: Kit) -> list[str]:
    with kit.read() as read:
        rows = read.all(
            select(activity.c.member_id, activity.c.external_id).where(activity.c.type == "member.registered")
        )
    return [row.member_id for row in sorted(rows, key=lambda row: int(row.external_id[1:]))]


def found_together(make_kit: MakeKit, clock: SettableClock, every_kind: Any) -> tuple[Kit, str]:
    """Return a kit in which three medals that a member met before are found, and left to workers."""
    clock.set("2026-06-01")
    kit = make_kit(["medals"], program=every_kind.head)
    member = kit.record(Activity(type="member.registered")).member
    for number in range(9):
        kit.record(Activity(type="purchase", member=member, amount=50_00, external_id=f"p{number}"))
    apply_text(kit, every_kind.program("often", "both", "money"))
    kit.jobs.ask("medals.backfill")
    (run,) = kit.jobs.tick()
    assert run.waiting == 3
    return kit, member


def test_what_a_member_met_before_is_awarded_together(make_kit: MakeKit, clock: SettableClock, every_kind: Any) -> None:
    kit, member = found_together(make_kit, clock, every_kind)
    sent: list[str] = []
    for engine in kit.database.engines:
        event.listen(engine, "before_cursor_execute", lambda *args: sent.append(args[2]))
    kit.work()
    assert {medal for _, medal, _ in awards(kit, [member])} == {"often", "both", "money"}
    assert sum(text.startswith("INSERT INTO medals_award") for text in sent) == 1


def test_what_is_found_can_be_taken_in_the_same_chunk_and_taken_back_later(
    make_kit: MakeKit, clock: SettableClock, every_kind: Any
) -> None:
    kit, member = found_together(make_kit, clock, every_kind)
    clock.advance(seconds=1)
    payload = {"medal": "often", "reason": "a mistake"}
    kit.enqueue([Activity(type="medals.revoked", member=member, payload=payload, external_id="r")])
    kit.work()
    assert {medal for _, medal, _ in awards(kit, [member])} == {"both", "money"}
    with kit.read() as read:
        told = read.all(select(activity.c.id, activity.c.payload).where(activity.c.type == "medals.qualified"))
    both = next(row.id for row in told if row.payload["medal"] == "both")
    assert kit.reverse(both).settled
    assert {medal for _, medal, _ in awards(kit, [member])} == {"money"}
