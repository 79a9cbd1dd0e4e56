"""Prize draws in a kit: what a pull costs and brings, who may pull, and what becomes of what is taken back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from random import Random
from typing import Any

import pytest
from attrs import frozen

from corekit import Activity, Kit, Outcome, SettingsError, balances
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_points.draws import drawing
from corekit_points.draws.reading import Result, proof, results_of, seeds
from docs.examples import verify_draw

PROGRAM = """
[program]
name = "Corner shop"

[[activities]]
name = "coffee.won"
fields = [{name = "size", required = true}]

[[points.draws]]
id = "wheel"
price = 10
guarantee = {class = "big", by = 5}
limits = {day = 30}

[[points.draws.prizes]]
id = "jackpot"
weight = 1
points = 1000
stock = 1
class = "big"

[[points.draws.prizes]]
id = "hundred"
weight = 9
points = 100
class = "big"

[[points.draws.prizes]]
id = "coffee"
weight = 30
gives = {activity = "coffee.won", payload = {size = "small"}}

[[points.draws.prizes]]
id = "nothing"
weight = 60
"""


@frozen
class Fair:
    """A kit with a draw, at which members pull."""

    kit: Kit
    clock: SettableClock

    def join(self, points: int = 1000) -> str:
        member = self.kit.record(Activity(type="member.registered")).member
        if points:
            told = {"reason": "to begin with"}
            self.kit.record(
                Activity(type="points.adjustment", member=member, amount=points, unit="points", payload=told)
            )
        return member

    def asks(self, member: str, pulls: int = 1, draw: str = "wheel", **given: Any) -> Activity:
        payload = {"draw": draw, "pulls": pulls, "client_seed": given.pop("client_seed", "")}
        return Activity(type="points.drawn", member=member, payload=payload, **given)

    def pulls(self, member: str, pulls: int = 1, draw: str = "wheel", **given: Any) -> Outcome:
        self.clock.advance(seconds=1)
        return self.kit.record(self.asks(member, pulls, draw, **given))

    def has(self, member: str) -> int:
        with self.kit.read() as read:
            found = {each.kind: each for each in balances(read, [member], self.kit.now())[member]}
        return found["points"].available - found["points"].debt if "points" in found else 0

    def results(self, member: str) -> list[Result]:
        """Return what a member drew, the first pull first."""
        with self.kit.read() as read:
            return results_of(read, [member], 1_000).get(member, [])[::-1]

    def turn(self) -> Any:
        """Publish and reveal what is due."""
        return self.kit.jobs.run("points.draws").told


@pytest.fixture
def fair(make_kit: MakeKit, clock: SettableClock) -> Fair:
    made = make_kit(["points"], program=PROGRAM, entropy=Random(7).randbytes)
    fair = Fair(made, clock)
    fair.turn()
    return fair


@pytest.mark.row("P10", way="python")
def test_a_pull_costs_its_price_and_brings_what_it_wins(fair: Fair) -> None:
    member = fair.join()
    answer = fair.pulls(member, 20)
    assert answer.settled, answer
    won = [each.prize for each in fair.results(member)]
    assert [each.number for each in fair.results(member)] == list(range(1, 21))
    assert fair.has(member) == 1000 - 200 + 1000 * won.count("jackpot") + 100 * won.count("hundred")
    assert [each.type for each in answer.follow_ons] == ["coffee.won"] * won.count("coffee")
    assert fair.kit.verify().clean


@pytest.mark.row("P10", way="bad_input")
def test_what_cannot_be_drawn_is_refused_and_costs_nothing(fair: Fair, clock: SettableClock) -> None:
    member, poor = fair.join(), fair.join(9)
    assert fair.pulls(member, draw="whale").code == "POINTS_DRAW_UNKNOWN"
    assert fair.pulls(poor).code == "INSUFFICIENT"
    assert fair.pulls(member, 20).settled
    refused = fair.pulls(member, 11)
    assert (refused.code, refused.parameters) == ("POINTS_DRAW_LIMIT", {"limit": "day", "most": 30, "left": 10})
    assert fair.kit.simulate(fair.asks(member)).code == "NOT_SIMULATED"
    clock.advance(days=2)
    assert fair.pulls(member).code == "POINTS_DRAW_UNSEEDED"
    late = fair.asks(member, occurred_at=datetime.fromisoformat("2026-01-15T13:00+00:00"))
    assert fair.turn() == {"promised": 2, "revealed": 2}
    assert fair.kit.record(late).code == "POINTS_DRAW_OVER"
    assert fair.pulls(member).settled
    assert (len(fair.results(member)), fair.results(poor)) == (21, [])


def test_a_seed_is_promised_before_its_period_and_revealed_after_it_and_never_before(
    fair: Fair, clock: SettableClock
) -> None:
    def promised() -> list[tuple[str, str | None]]:
        with fair.kit.read() as read:
            return [(each.period, each.seed) for each in reversed(seeds(read, ["wheel"], 10)["wheel"])]

    assert promised() == [("2026-01-15", None), ("2026-01-16", None)]
    assert fair.turn() == {"promised": 0, "revealed": 0}
    fair.kit.jobs.run("points.draws", datetime.fromisoformat("2026-02-01T00:00+00:00"))
    assert promised() == [("2026-01-15", None), ("2026-01-16", None)]
    clock.set("2026-01-16T00:00")
    assert fair.turn() == {"promised": 1, "revealed": 1}
    (first, seed), *others = promised()
    assert (first, len(seed or "")) == ("2026-01-15", 64)
    assert [seed for _, seed in others] == [None, None]


def test_a_pull_by_a_seed_that_is_revealed_before_it_is_written_is_not_written(
    fair: Fair, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = fair.join()
    pull = fair.asks(member, occurred_at=clock())
    with fair.kit.read() as read:
        before = drawing.read_seeds(read, ["wheel"], ["2026-01-15"])
    clock.advance(days=1)
    fair.turn()
    looked: list[object] = []
    read_seeds = drawing.read_seeds

    def too_early(*asked: Any) -> Any:
        looked.append(asked)
        return before if len(looked) == 1 else read_seeds(*asked)

    monkeypatch.setattr(drawing, "read_seeds", too_early)
    assert fair.kit.record(pull).code == "POINTS_DRAW_OVER"
    assert (len(looked), fair.results(member), fair.has(member)) == (2, [], 1000)


@pytest.mark.row("P10", way="python")
def test_what_was_drawn_is_recomputed_by_the_published_script(fair: Fair, clock: SettableClock) -> None:
    """A thousand pulls at once on SQLite and PostgreSQL: the jackpot and guarantees among them."""
    members = [fair.join() for _ in range(40)]
    asked = [
        fair.asks(member, 5, client_seed=f"{at:x}", external_id=f"{round_} {at}")
        for round_ in range(5)
        for at, member in enumerate(members)
    ]
    assert all(each.settled for each in fair.kit.record_many(asked))
    clock.advance(days=1)
    fair.turn()
    with fair.kit.read() as read:
        told = proof(read, "wheel", "2026-01-15") or {}
    assert (len(told["results"]), verify_draw.wrong(told)) == (1_000, [])
    won = [each["prize"] for each in told["results"]]
    assert won.count("jackpot") == 1
    for member in members:
        dry = 0
        for result in fair.results(member):
            dry = 0 if result.prize in {"jackpot", "hundred"} else dry + 1
            assert dry < 5
    assert any(each["guaranteed"] for each in told["results"])
    assert fair.kit.verify().clean


SCARCE = """
[program]
name = "Corner shop"

[[points.draws]]
id = "wheel"

[[points.draws.prizes]]
id = "first"
weight = 1000000
points = 1
stock = 3

[[points.draws.prizes]]
id = "second"
weight = 1
points = 1
stock = 2

[[points.draws.prizes]]
id = "nothing"
weight = 1
"""


@pytest.mark.parametrize("at_once", ["chunk", "threads"])
def test_who_comes_too_late_for_a_prize_gets_the_next_one_and_none_is_given_twice(
    make_kit: MakeKit, clock: SettableClock, at_once: str
) -> None:
    fair = Fair(make_kit(["points"], program=SCARCE, entropy=Random(7).randbytes), clock)
    fair.turn()
    asked = [fair.asks(fair.join(0)) for _ in range(8)]
    if at_once == "chunk":
        answers = list(fair.kit.record_many(asked))
    else:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(fair.kit.record, asked))
    assert all(each.settled for each in answers), answers
    won = [fair.results(each.member)[0].prize for each in answers]
    assert [won.count(prize) for prize in ("first", "second", "nothing")] == [3, 2, 3]
    assert fair.kit.reverse(answers[won.index("first")].activity_id or "").settled
    fair.pulls(answers[0].member)
    assert fair.results(answers[0].member)[-1].prize == "first"
    assert fair.kit.verify().clean


@pytest.mark.row("P10", way="reversal")
def test_pulls_that_are_taken_back_give_back_the_price_take_back_the_prizes_and_stay_numbered(fair: Fair) -> None:
    member, other = fair.join(), fair.join()
    first = fair.pulls(member, 4)
    pulled = fair.pulls(member, 26)
    assert any(each.guaranteed for each in fair.results(member))
    for answer in (pulled, first):
        assert fair.kit.reverse(answer.activity_id or "").settled
    assert fair.has(member) == 1000
    assert all(each.taken_back for each in fair.results(member))
    assert fair.pulls(member, 5).settled
    again = fair.results(member)[30:]
    assert [each.number for each in again] == [31, 32, 33, 34, 35]
    assert [each.guaranteed for each in again[:4]] == [False] * 4  # what came back counts for no guarantee
    assert fair.pulls(other, 30).settled
    assert fair.kit.verify().clean


def test_results_go_where_their_members_go_and_a_forgotten_member_leaves_its_tickets(fair: Fair) -> None:
    ada, bob = fair.join(), fair.join()
    for member in (ada, bob):
        assert fair.pulls(member, 4).settled
    before = [(each.ticket, each.number) for each in fair.results(bob)]
    merged = fair.kit.merge(ada, bob)
    assert [len(fair.results(member)) for member in (ada, bob)] == [8, 0]
    refused = fair.pulls(ada, 23)
    assert (refused.code, refused.parameters["left"]) == ("POINTS_DRAW_LIMIT", 22)
    fair.kit.reverse(merged.activity_id or "")
    assert [(each.ticket, each.number) for each in fair.results(bob)] == before
    assert len(fair.kit.export(bob)["plugins"]["points"]["draws"]) == 4
    fair.kit.erase(bob)
    assert fair.results(bob) == []
    with fair.kit.read() as read:
        assert len((proof(read, "wheel", "2026-01-15") or {})["results"]) == 8


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        (('id = "nothing"', 'id = "nothing"\nstock = 5'), "points.draws.0.prizes"),
        (("weight = 9\n", "weight = 9\nstock = 5\n"), "points.draws.0.guarantee"),
        (('class = "big", by', 'class = "bug", by'), "points.draws.0.guarantee.class"),
        (('id = "coffee"', 'id = "hundred"'), "points.draws.0.prizes.2.id"),
        (('{size = "small"}', '{sise = "small"}'), "points.draws.0.prizes.2.gives.payload"),
        (('"coffee.won", payload', '"coffee.one", payload'), "points.draws.0.prizes.2.gives.activity"),
        (('"coffee.won", payload', '"points.drawn", payload'), "points.draws.0.prizes.2.gives.activity"),
        (("price = 10", 'price = "0.5"'), "points.draws.0.price"),
        (("price = 10", 'min_tier = "gold"'), "points.draws.0.min_tier"),
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_a_draw_that_promises_what_it_cannot_keep_is_refused_with_its_place(
    make_kit: MakeKit, changed: tuple[str, str], path: str
) -> None:
    program = SCARCE if path.endswith("prizes") else PROGRAM
    assert changed[0] in program
    with pytest.raises(SettingsError, match=path.replace(".", r"\.")):
        make_kit(["points"], program=program.replace(*changed))
