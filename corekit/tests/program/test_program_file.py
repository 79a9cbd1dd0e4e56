"""What a program file says, and what it is told where it cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import Program
from corekit.metrics import LIFETIME, Window
from corekit.tiers.ladder import Criterion

Reads = Callable[..., Program]
Problems = Callable[..., dict[str, Any]]

LADDER = """
[[ladders]]
code = "status"
name = "Status"
on_reversal = "keep"
close_at = 90

[[ladders.tiers]]
code = "ordinary"
name = "Ordinary"

[[ladders.tiers]]
code = "silver"
name = "Silver"
match = "any"
criteria = [
  {metric = "spend", window = "rolling 12 months", at_least = "499.50"},
  {metric = "visits", at_least = 10},
  {metric = "count:member.restored", window = "year", at_least = 1},
  {metric = "stamps.collected", at_least = "2.5"},
]
benefits = {discount = "0.05", lounge = true}
"""


def two_tiers(**lines: str) -> str:
    """A ladder with the given lines in its tiers ``silver`` and ``gold``."""
    tiers = "".join(
        f'[[ladders.tiers]]\ncode = "{code}"\nname = "{code}"\n{lines.get(code, "")}\n'
        for code in ("ordinary", "silver", "gold")
    )
    return f'[[ladders]]\ncode = "status"\nname = "Status"\n{tiers}'


def spend(*thresholds: int) -> str:
    """Criteria over what was spent, over windows of one, two, ... years."""
    criteria = (
        f'{{metric = "spend", window = "rolling {n} years", at_least = {t}}}' for n, t in enumerate(thresholds, 1)
    )
    return f"criteria = [{', '.join(criteria)}]"


@pytest.mark.row("T1", way="python")
def test_a_ladder_is_read_as_it_stands(reads: Reads) -> None:
    (ladder,) = reads(LADDER).ladders
    assert (ladder.code, ladder.name, ladder.on_reversal, ladder.close_at) == ("status", "Status", "keep", 90)
    assert [(tier.code, tier.rank, tier.match) for tier in ladder.tiers] == [
        ("ordinary", 0, "all"),
        ("silver", 1, "any"),
    ]
    assert ladder.tiers[1].benefits == {"discount": "0.05", "lounge": True}


@pytest.mark.row("T2", way="python")
def test_thresholds_become_minor_units_of_what_their_metric_counts(reads: Reads) -> None:
    assert reads(LADDER).ladders[0].tiers[1].criteria == (
        Criterion("spend", Window("month", 12), 499_50),
        Criterion("visits", LIFETIME, 10),
        Criterion("count:member.restored", Window("year"), 1),
        Criterion("stamps.collected", LIFETIME, 25),
    )


def test_several_ladders_stand_side_by_side(reads: Reads) -> None:
    other = LADDER.replace('"status"', '"service"')
    assert [ladder.code for ladder in reads(LADDER + other).ladders] == ["status", "service"]


def test_a_plugin_reads_its_own_section_and_an_absent_one_as_empty(reads: Reads) -> None:
    assert reads("[stamps]\nsize = 7").sections["stamps"]["size"] == 7
    assert reads().sections["stamps"]["size"] == 10


def test_what_is_no_toml_is_refused_with_the_place(problems: Problems) -> None:
    assert problems("[[ladders]\n")[""][0] == "NOT_TOML"


@pytest.mark.parametrize(
    ("text", "path", "written"),
    [
        ("[stamps]\nworth = 0.1", "stamps.worth", "0.1"),
        (
            two_tiers(silver='criteria = [{metric = "spend", at_least = 500.00}]'),
            "ladders.0.tiers.1.criteria.0.at_least",
            "500.00",
        ),
        ("[stamps]\nworth = 1e3", "stamps.worth", "1e3"),
        ("[stamps]\nworth = nan", "stamps.worth", "nan"),
        ("[stamps]\nworth = [[1, 0.5]]", "stamps.worth.0.1", "0.5"),
    ],
)
def test_a_binary_fraction_is_refused_and_shown_in_quotes(
    problems: Problems, text: str, path: str, written: str
) -> None:
    assert problems(text) == {
        path: ("NOT_EXACT", f'{written} is a binary fraction, which is not exact; write it in quotes: "{written}"')
    }


@pytest.mark.parametrize(
    ("number", "code"), [("9223372036854775808", "RANGE"), (f"0x{'f' * 5_000}", "RANGE"), ("9" * 5_000, "NOT_TOML")]
)
def test_a_number_that_nothing_keeps_is_refused_wherever_it_stands(problems: Problems, number: str, code: str) -> None:
    tiers = f'{{code = "base", name = "Base", benefits = {{lounge = {number}}}}}'
    found = problems(f'[[ladders]]\ncode = "status"\nname = "Status"\ntiers = [{tiers}]')
    assert [said for said, _ in found.values()] == [code]


@pytest.mark.parametrize("number", ["true", '"half"', '"1,5"', '"1.1234567890123"', '"1e3"', '" 1"', "[]", '"NaN"'])
def test_what_is_no_exact_number_is_refused(problems: Problems, number: str) -> None:
    assert problems(f"[stamps]\nworth = {number}")["stamps.worth"][0] == "NOT_EXACT"


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        ("[stampes]\nsize = 1", "stampes", "No enabled plugin reads the section [stampes] (did you mean 'stamps'?)."),
        ("[stamps]\nsice = 1", "stamps.sice", "There is no such field: did you mean 'size'?"),
        ("title = 1", "program.title", "There is no such field."),
        (
            LADDER.replace("on_reversal", "on_reverse"),
            "ladders.0.on_reverse",
            "There is no such field: did you mean 'on_reversal'?",
        ),
        (
            LADDER.replace("window", "windows"),
            "ladders.0.tiers.1.criteria.0.windows",
            "There is no such field: did you mean 'window'?",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_its_path_and_the_nearest(
    problems: Problems, text: str, path: str, said: str
) -> None:
    assert problems(text)[path][1] == said


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        (LADDER.replace('code = "silver"', 'code = "Silver Member"'), "ladders.0.tiers.1.code", "PATTERN"),
        (LADDER.replace('name = "Silver"\n', ""), "ladders.0.tiers.1.name", "REQUIRED"),
        (LADDER.replace('"any"', '"some"'), "ladders.0.tiers.1.match", "NOT_ONE_OF"),
        (LADDER.replace("rolling 12 months", "12 months"), "ladders.0.tiers.1.criteria.0.window", "WINDOW"),
        (LADDER.replace('"499.50"', '"499.505"'), "ladders.0.tiers.1.criteria.0.at_least", "TOO_FINE"),
        (LADDER.replace("at_least = 10", 'at_least = "10.5"'), "ladders.0.tiers.1.criteria.1.at_least", "TOO_FINE"),
        (LADDER.replace('"499.50"', "-1"), "ladders.0.tiers.1.criteria.0.at_least", "RANGE"),
        (LADDER.replace("close_at = 90", "close_at = 101"), "ladders.0.close_at", "RANGE"),
        (LADDER.replace('"visits"', '"visit"'), "ladders.0.tiers.1.criteria.1.metric", "UNKNOWN_METRIC"),
        (
            LADDER.replace("count:member.restored", "count:member.restore"),
            "ladders.0.tiers.1.criteria.2.metric",
            "UNKNOWN_METRIC",
        ),
        ('[[ladders]]\ncode = "x"\nname = "X"\ntiers = []', "ladders.0.tiers", "LENGTH"),
    ],
)
@pytest.mark.row("T1", way="bad_input")
@pytest.mark.row("T2", way="bad_input")
def test_what_cannot_be_is_refused_with_path_and_code(problems: Problems, text: str, path: str, code: str) -> None:
    assert problems(text)[path][0] == code


def test_an_unknown_metric_is_refused_with_the_nearest(problems: Problems) -> None:
    said = problems(LADDER.replace('"visits"', '"visit"'))["ladders.0.tiers.1.criteria.1.metric"][1]
    assert said == "No enabled plugin declares the metric 'visit' (did you mean 'visits'?)."


def test_a_program_needs_a_name(problems: Problems) -> None:
    assert problems("", head="")["program"][0] == "REQUIRED"
    assert problems("", head="[program]\n")["program.name"][0] == "REQUIRED"


def test_all_problems_are_named_at_once(problems: Problems) -> None:
    assert set(problems("[stamps]\nsize = 'many'\nsice = 1")) == {"stamps.size", "stamps.sice"}


@pytest.mark.row("T1", way="bad_input")
@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        (LADDER + LADDER, "ladders.1.code", "Two ladders have the code 'status': number 1 and number 2."),
        (
            LADDER.replace('code = "silver"', 'code = "ordinary"'),
            "ladders.0.tiers.1",
            "Tiers 1 and 2 of 'status' are called 'ordinary'.",
        ),
        (
            two_tiers(ordinary=spend(1), silver=spend(2), gold=spend(3)),
            "ladders.0.tiers.0",
            "Everybody starts in the first tier, so 'ordinary' of 'status' cannot have criteria.",
        ),
        (
            two_tiers(silver=spend(500), gold=""),
            "ladders.0.tiers.2",
            "'gold' has no criteria, so nobody stands in 'silver'.",
        ),
        (
            two_tiers(silver=spend(500), gold=spend(500)),
            "ladders.0.tiers.2",
            "'gold' asks no more than 'silver', so nobody could stand in 'silver'.",
        ),
        (
            two_tiers(silver=spend(500, 900), gold=spend(400)),
            "ladders.0.tiers.2",
            "'gold' asks no more than 'silver', so nobody could stand in 'silver'.",
        ),
        (
            two_tiers(silver='match = "any"\n' + spend(500), gold='match = "any"\n' + spend(500, 900)),
            "ladders.0.tiers.2",
            "'gold' asks no more than 'silver', so nobody could stand in 'silver'.",
        ),
        (
            two_tiers(silver=spend(500), gold='match = "any"\n' + spend(500, 900)),
            "ladders.0.tiers.2",
            "'gold' asks no more than 'silver', so nobody could stand in 'silver'.",
        ),
        (
            two_tiers(
                silver=spend(1),
                gold='criteria = [{metric = "visits", at_least = 2}, {metric = "visits", at_least = 3}]',
            ),
            "ladders.0.tiers.2",
            "'gold' asks twice for visits lifetime: for 2 and for 3.",
        ),
    ],
)
def test_what_contradicts_itself_is_refused_and_both_sides_are_named(
    problems: Problems, text: str, path: str, said: str
) -> None:
    assert problems(text) == {path: ("CONTRADICTION", said)}


@pytest.mark.parametrize(
    "tiers",
    [
        {"silver": spend(500), "gold": spend(501)},
        {"silver": spend(500), "gold": spend(400, 900)},
        {"silver": 'match = "any"\n' + spend(500, 900), "gold": spend(500, 900)},
        {"silver": 'match = "any"\n' + spend(500, 900), "gold": 'match = "any"\n' + spend(500, 1000)},
    ],
)
def test_a_tier_that_asks_more_in_any_way_stands(reads: Reads, tiers: dict[str, str]) -> None:
    assert len(reads(two_tiers(**tiers)).ladders[0].tiers) == 3


def test_a_section_of_a_plugin_that_is_off_is_refused_in_a_file_and_passed_over_in_what_is_stored(
    reads: Reads, problems: Problems
) -> None:
    said = problems("[stamps]\nsize = 7", on=False)["stamps"][1]
    assert said == "No enabled plugin reads the section [stamps]; sections are program, activities, ladders."
    assert reads("[stamps]\nsize = 7", on=False, lenient=True).sections == {}


def test_a_ladder_over_a_metric_of_a_plugin_that_is_off_cannot_hold(problems: Problems) -> None:
    assert problems(LADDER, on=False, lenient=True)["ladders.0.tiers.1.criteria.3.metric"] == (
        "UNKNOWN_METRIC",
        "No enabled plugin declares the metric 'stamps.collected'.",
    )
