"""How a pull is decided, by itself: no kit, no database."""

from __future__ import annotations

import ast
from collections import Counter
from hashlib import sha256
from math import sqrt
from pathlib import Path
from typing import Any

import pytest

from corekit_points.draws.fairness import commitment, number_below, ticket_of, won
from corekit_points.draws.prizes import Draw, Guarantee, Prize
from corekit_points.rules import Terms
from docs.examples import verify_draw

PRIZES = (
    Prize(id="jackpot", name="Jackpot", weight=1, rank="big", stock=1),
    Prize(id="hundred", name="Hundred", weight=19, rank="big"),
    Prize(id="coffee", name="Coffee", weight=280, stock=100),
    Prize(id="nothing", name="Nothing", weight=700),
)
DRAW = Draw(
    id="wheel",
    name="Wheel",
    version=1,
    kind="points",
    price=10,
    prizes=PRIZES,
    guarantee=Guarantee(rank="big", by=40),
    terms=Terms(),
)
SEED = sha256(b"a seed that this test uses each time").digest()
PERIOD = "2026-01-15"
ROUNDS = 100_000
_SIGMAS = 4


@pytest.mark.row("P10", way="python")
def test_a_hundred_thousand_pulls_are_recomputed_as_likely_as_they_should_be_and_with_what_is_guaranteed() -> None:
    tickets = [ticket_of(DRAW.id, PERIOD, f"{member:032x}") for member in range(100)]
    dry, free, results = dict.fromkeys(tickets, 0), Counter[str](), list[dict[str, Any]]()
    for at in range(ROUNDS):
        ticket, number = tickets[at % 100], at // 100 + 1
        due = DRAW.is_due(dry[ticket])
        weights = DRAW.in_force((), dry[ticket])
        word = f"{at:x}" if at % 3 else ""
        prize = won(
            seed=SEED, draw=DRAW.id, period=PERIOD, ticket=ticket, number=number, client_seed=word, weights=weights
        )
        hit = prize in {"jackpot", "hundred"}
        assert hit or not due
        dry[ticket] = 0 if hit else dry[ticket] + 1
        if not due:
            free[prize] += 1
        result = {"ticket": ticket, "number": number, "client_seed": word, "weights": weights, "prize": prize}
        results.append(result)
    proof = {"draw": DRAW.id, "period": PERIOD, "commitment": commitment(SEED), "seed": SEED.hex()}
    told = sorted(results, key=lambda each: (each["ticket"], each["number"]))
    assert verify_draw.wrong({**proof, "results": told}) == []
    number = sum(free.values())
    expected = {prize.id: number * prize.weight / 1000 for prize in PRIZES}
    squares = sum((free[prize] - wanted) ** 2 / wanted for prize, wanted in expected.items())
    assert squares < 16.27  # the chi-square of three degrees of freedom that chance exceeds once in a thousand times
    assert max(dry.values()) < 40


def test_a_result_that_was_changed_hidden_or_drawn_by_another_seed_is_found() -> None:
    ticket = ticket_of(DRAW.id, PERIOD, "0" * 32)
    weights = DRAW.in_force((), 0)
    results = [
        {
            "ticket": ticket,
            "number": number,
            "client_seed": "",
            "weights": weights,
            "prize": won(
                seed=SEED, draw=DRAW.id, period=PERIOD, ticket=ticket, number=number, client_seed="", weights=weights
            ),
        }
        for number in range(1, 51)
    ]
    proof = {"draw": DRAW.id, "period": PERIOD, "commitment": commitment(SEED), "seed": SEED.hex(), "results": results}
    assert verify_draw.wrong(proof) == []
    assert len(verify_draw.wrong({**proof, "results": [{**results[0], "prize": "jackpot"}, *results[1:]]})) == 1
    assert verify_draw.wrong({**proof, "results": [*results[:20], *results[21:]]})
    assert "promised" in verify_draw.wrong({**proof, "seed": "00" * 32})[0]


def test_no_number_is_favoured_where_the_sum_of_weights_does_not_divide_all_numbers() -> None:
    most = 2**255 + 1  # nearly half of all numbers lie above the largest multiple, and have to be thrown away
    drawn = [number_below(most, SEED, str(name)) for name in range(2_000)]
    low = sum(number < most // 2 for number in drawn)
    assert abs(low - 1_000) < _SIGMAS * sqrt(500)
    assert [number_below(1, SEED, str(name)) for name in range(3)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("gone", "dry", "weights"),
    [
        ((), 0, [1, 19, 280, 700]),
        (("jackpot",), 0, [0, 20, 280, 700]),
        (("jackpot", "coffee"), 0, [0, 20, 0, 980]),
        ((), 38, [1, 19, 280, 700]),
        ((), 39, [1, 19, 0, 0]),
        (("jackpot",), 39, [0, 20, 0, 0]),
        ((), 400, [1, 19, 0, 0]),
    ],
)
def test_the_weight_of_what_is_gone_falls_to_the_next_and_a_guarantee_leaves_its_class_alone(
    gone: tuple[str, ...], dry: int, weights: list[int]
) -> None:
    assert DRAW.in_force(gone, dry) == [[prize.id, weight] for prize, weight in zip(PRIZES, weights, strict=True)]


def test_after_the_last_prize_comes_the_first() -> None:
    turned = Draw(
        id="turned", name="Turned", version=1, kind="points", price=0, prizes=PRIZES[1:] + PRIZES[:1], terms=Terms()
    )
    assert turned.in_force(("jackpot",), 0) == [["hundred", 20], ["coffee", 280], ["nothing", 700], ["jackpot", 0]]


def test_another_draw_period_member_number_or_word_of_the_member_is_another_pull() -> None:
    known = {"draw": "wheel", "period": PERIOD, "ticket": "1f", "client_seed": "ab"}
    flat = [[str(place), 1] for place in range(10**6)]

    def place(number: int = 1, **other: str) -> str:
        return won(seed=SEED, weights=flat, number=number, **(known | other))

    others = [place(2), place(draw="other"), place(period="2026-01-16"), place(ticket="2f"), place(client_seed="ac")]
    assert len({place(), *others}) == 6
    assert place() == place()


def test_whoever_recomputes_reads_twenty_lines_and_nothing_of_corekit() -> None:
    source = Path(verify_draw.__file__).read_text(encoding="utf-8")
    functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    lines = [line for node in functions for each in node.body[1:] for line in ast.unparse(each).splitlines()]
    assert len(lines) <= 20
    assert "corekit" not in "".join(line for line in source.splitlines() if "import" in line)
