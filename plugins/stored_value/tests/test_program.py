"""The section ``[stored_value]``: what it may not say, each problem at its path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit import SettingsError

Shop = Callable[..., Any]
STEP = '[[stored_value.bonus]]\nid = "big"\n'
LADDER = """
[[ladders]]
code = "status"
name = "Status"
tiers = [{code = "ordinary", name = "Ordinary"}]
"""


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_what_makes_no_sense_is_refused_with_the_path(shop: Shop) -> None:
    for program, path in (
        ('[stored_value]\nspend = "all_first"', "stored_value.spend"),
        ("[stored_value]\nbonus_expiry = {months = 0}", "stored_value.bonus_expiry"),
        ('[stored_value]\nfrozen = ["stored_value.bonuss"]', "stored_value.frozen.0"),
        ('[stored_value.approval]\ntop_up = "1.005"', "stored_value.approval.top_up"),
        ("[stored_value.currencies.debt]", "stored_value.currencies.debt"),
        ('[stored_value.currencies.dollar]\nunit = "USD"', "stored_value.currencies"),
        (f'{STEP}from = "1"\n', "stored_value.bonus.0"),
        (f'{STEP}from = "1.005"\ngive = 1\n', "stored_value.bonus.0.from"),
        (f'{STEP}from = 1\ngive = 1\ncurrency = "eur"\n', "stored_value.bonus.0.currency"),
        (f"{STEP}from = 1\ngive = 1\nfirst_day = 2026-02-02\nlast_day = 2026-02-01\n", "stored_value.bonus.0"),
        (f"{STEP}from = 1\ngive = 1\n{STEP}from = 2\ngive = 1\n", "stored_value.bonus.1.id"),
        (f'{LADDER}{STEP}from = 1\ngive = 1\ntiers = ["ordinarry"]\n', "stored_value.bonus.0"),
        ('[[stored_value.limits]]\nladder = "status"\n', "stored_value.limits.0"),
        ("[[stored_value.limits]]\nnamed = true\n", "stored_value.limits.0.named"),
    ):
        with pytest.raises(SettingsError) as refused:
            shop(program)
        found = [".".join(map(str, each["path"])) for each in refused.value.parameters["problems"]]
        assert any(each.startswith(path) for each in found), (program, found)
