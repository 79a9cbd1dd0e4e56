"""Policies of ladders in a program file: how they are read, and what they are told where they cannot hold."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from corekit import AccountKind, Declares, Program, Settings, SettingsError, Unit, hookimpl
from corekit.core import declares
from corekit.metrics import MEMBERSHIP_YEAR, Window
from corekit.plugins import discover
from corekit.program import load
from corekit.registry import Registry
from corekit.tiers.ladder import Quota
from corekit.tiers.policy import Growth, Termination, Validity

Reads = Callable[..., Program]
Problems = Callable[..., dict[str, Any]]


def ladder(policies: str = "", criterion: str = 'metric = "spend"', more: str = "") -> str:
    """A ladder of two tiers with these policies."""
    return f"""
[[ladders]]
code = "status"
name = "Status"
{policies}

[[ladders.tiers]]
code = "ordinary"
name = "Ordinary"

[[ladders.tiers]]
code = "silver"
name = "Silver"
criteria = [{{{criterion}, at_least = 5}}]
{more}
"""


VALIDITY = 'validity = {months = 12, until = "membership year", restarts = false}\n'
GROWN = 'metric = "growth"'


@pytest.mark.row("T3", way="python")
def test_policies_are_read_as_they_stand(reads: Reads) -> None:
    text = (
        VALIDITY
        + """evaluate = "scheduled"
every = "quarter"
downgrade = "one_step"
grace_days = 30
warn_days = 14
nudge = true
growth = {metric = "spend", at_rerating = "reduce", keep_percent = 40}
termination = {metric = "visits"}
"""
    )
    (found,) = reads(ladder(text, GROWN)).ladders
    assert found.validity == Validity(12, "membership year", restarts=False)
    assert (found.evaluate, found.every, found.downgrade) == ("scheduled", "quarter", "one_step")
    assert (found.grace_days, found.warn_days, found.nudge) == (30, 14, True)
    assert found.growth == Growth(metric="growth:status", source="spend", keep=40)
    assert found.termination == Termination("visits", "member.cancelled")
    (criterion,) = found.tiers[1].criteria
    assert (criterion.metric, criterion.at_least) == ("growth:status", 500)


@pytest.mark.row("T2", way="python")
def test_a_membership_year_is_a_window(reads: Reads) -> None:
    (found,) = reads(ladder(criterion='metric = "spend", window = "membership year"')).ladders
    assert found.tiers[1].criteria[0].window == MEMBERSHIP_YEAR


@pytest.mark.row("T5", way="python")
def test_benefits_that_are_tables_are_of_a_declared_kind_and_may_have_a_quota(reads: Reads) -> None:
    more = """[ladders.tiers.benefits]
wash = {kind = "service", text = "Car wash", quota = 2, per = "rolling 30 days"}
parking = {kind = "service", price = "2.50"}
support = {channel = "tel:1"}
discount = "0.05"
"""
    (found,) = reads(ladder(more=more)).ladders
    assert found.tiers[1].quotas == {"wash": Quota(2, Window("day", 30)), "parking": Quota()}
    assert found.tiers[1].benefits["discount"] == "0.05"


@pytest.mark.row("T5", way="bad_input")
@pytest.mark.parametrize(
    ("benefit", "path", "code"),
    [
        ('{kind = "servise"}', "wash", "UNKNOWN_BENEFIT"),
        ("{quota = 2}", "wash", "UNKNOWN_BENEFIT"),
        ('{kind = "service", prize = "1"}', "wash.prize", "UNKNOWN_FIELD"),
        ('{kind = "service", price = "free"}', "wash.price", "PATTERN"),
        ('{kind = "service", quota = 0}', "wash.quota", "RANGE"),
        ('{kind = "service", quota = 1, per = "fortnight"}', "wash.per", "WINDOW"),
        ('{kind = "service", per = "month"}', "wash", "CONTRADICTION"),
        ('{kind = "support", channel = "x", quota = 1}', "wash", "CONTRADICTION"),
    ],
)
def test_a_benefit_that_cannot_be_is_refused(problems: Problems, benefit: str, path: str, code: str) -> None:
    found = problems(ladder(more=f"benefits = {{wash = {benefit}}}"))
    assert found[f"ladders.0.tiers.1.benefits.{path}"][0] == code


@pytest.mark.row("T3", way="bad_input")
@pytest.mark.parametrize(
    ("policies", "path", "code"),
    [
        ('evaluate = "hourly"', "evaluate", "NOT_ONE_OF"),
        ('evaluate = "scheduled"\nevery = "week"', "every", "NOT_ONE_OF"),
        ("validity = {months = -1}", "validity.months", "RANGE"),
        ('validity = {until = "year"}', "validity.months", "REQUIRED"),
        ('validity = {months = 1, til = "year"}', "validity.til", "UNKNOWN_FIELD"),
        ("grace_days = 1.5", "grace_days", "NOT_EXACT"),
        ('growth = {metric = "spent"}', "growth.metric", "UNKNOWN_METRIC"),
        ('growth = {account = "stamp"}', "growth.account", "UNKNOWN_ACCOUNT"),
        (VALIDITY + 'termination = {metric = "visit"}', "termination.metric", "UNKNOWN_METRIC"),
        (VALIDITY + 'termination = {metric = "visits", activity = "purchase"}', "termination.activity", "NOT_ONE_OF"),
    ],
)
def test_a_policy_that_cannot_be_is_refused(problems: Problems, policies: str, path: str, code: str) -> None:
    assert problems(ladder(policies))[f"ladders.0.{path}"][0] == code


@pytest.mark.row("T3", way="bad_input")
@pytest.mark.parametrize(
    ("policies", "criterion", "key", "said"),
    [
        ('every = "year"', "", "every", "'status' is evaluated every year, but evaluate = 'at_once'."),
        (
            'downgrade = "one_step"',
            "",
            "downgrade",
            "'status' has downgrade = 'one_step', but without validity no tier ever ends.",
        ),
        ("warn_days = 5", "", "warn_days", "'status' warns 5 days ahead, but without validity no tier ever ends."),
        (
            VALIDITY + "warn_days = 5",
            "",
            "warn_days",
            "'status' warns 5 days ahead, but downgrade = 'none' and nothing ends.",
        ),
        (VALIDITY + "grace_days = 5", "", "grace_days", "'status' has a grace of 5 days, but downgrade = 'none'."),
        (
            "validity = {months = 0}",
            "",
            "validity",
            "'status' is valid for 0 months until the end of the day: give months or until.",
        ),
        (
            'termination = {metric = "visits"}',
            "",
            "termination",
            "'status' ends memberships at the end of a validity, but has no validity.",
        ),
        (
            'growth = {metric = "spend"}',
            "",
            "growth",
            "'status' has a growth value, but no tier of it asks for the metric 'growth'.",
        ),
        (
            'growth = {metric = "spend", at_rerating = "reset"}',
            GROWN,
            "growth",
            "Re-rating of 'status' takes growth, but without validity nobody is ever re-rated.",
        ),
        (
            'growth = {metric = "spend"}',
            GROWN + ', window = "year"',
            "growth",
            "'silver' asks for growth over year, but growth is kept until re-rating.",
        ),
        (
            VALIDITY + 'growth = {metric = "spend", at_rerating = "reset", keep_percent = 5}',
            GROWN,
            "growth",
            "at_rerating = 'reset' and keep_percent go together only as 'reduce'.",
        ),
    ],
)
def test_policies_that_contradict_each_other_are_refused_and_both_are_named(
    problems: Problems, policies: str, criterion: str, key: str, said: str
) -> None:
    found = problems(ladder(policies, criterion or 'metric = "spend"'))
    assert found == {f"ladders.0.{key}": ("CONTRADICTION", said)}


@pytest.mark.row("T3", way="python")
def test_growth_may_be_held_by_counter_accounts(reads: Reads) -> None:
    (found,) = reads(ladder('growth = {account = "stamps"}', GROWN)).ladders
    (criterion,) = found.tiers[1].criteria
    assert (criterion.metric, criterion.at_least) == ("balance:stamps", 50)


@pytest.mark.row("T3", way="bad_input")
def test_growth_is_not_what_can_be_spent() -> None:
    coins = ModuleType("coins")
    declared = Declares(accounts=[AccountKind(code="coins", unit=Unit("coins"))])
    vars(coins)["corekit_declare"] = hookimpl(lambda: declared, specname="corekit_declare")
    settings = Settings.of(database="sqlite:///unused.db")
    registry = Registry.of(declares(settings), discover(settings, modules={"coins": coins}))
    text = '[program]\nname = "Corner shop"\n' + ladder('growth = {account = "coins"}', GROWN)
    with pytest.raises(SettingsError) as refused:
        load(text, registry, settings)
    (problem,) = refused.value.parameters["problems"]
    assert problem["code"] == "CONTRADICTION"
    assert "'coins' holds points, which are spent" in problem["message"]
    assert "what qualifies for 'status' must not be" in problem["message"]


@pytest.mark.row("T3", way="bad_input")
def test_a_criterion_over_growth_that_the_ladder_has_not_is_refused(problems: Problems) -> None:
    assert problems(ladder("", GROWN))["ladders.0.tiers.1.criteria.0.metric"][0] == "UNKNOWN_METRIC"
