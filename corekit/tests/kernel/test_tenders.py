"""What an activity is paid with: each tender by the plugin that takes it, all of them or none."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from corekit import ActivityType, Batch, Debit, Declares, Effect, Invalid, PluginError
from corekit.testing.modules import plugin_module


def _till(name: str, **told: Any) -> ModuleType:
    """Make a plugin that takes a tender out of one of the toy's accounts, and says that it reacts to nothing else."""
    account = "toy" if name == "till" else "toy.plain"

    def react(batch: Batch) -> Iterator[Effect]:
        for activity in batch:
            if amount := activity.payload.get("tenders", {}).get(name):
                yield Debit(activity, rule=f"{name}@1", account=account, amount=amount, otherwise="refuse")

    given: dict[str, Any] = {"tenders": [name], "reacts": [], **told}
    declares = Declares(requires=["toy"], **given)
    return plugin_module(declares, name, corekit_react=react)


@pytest.fixture
def shop(make_world: Any, toy: Any) -> Any:
    """A world in which a purchase can be paid out of two accounts, by two plugins."""
    return make_world(modules={"toy": toy, "till": _till("till"), "wallet": _till("wallet")})


def test_each_tender_is_taken_and_all_come_back_with_the_purchase(shop: Any) -> None:
    member = shop.member()
    shop.does(member, "toy.earn", 50)
    shop.does(member, "toy.earn_plain", 50)
    bought = shop.does(member, "purchase", 90, payload={"tenders": {"till": 30, "wallet": 40}})
    assert bought.settled, bought
    assert shop.balances(member) == {"toy": 20, "toy.plain": 10}
    short = shop.does(member, "purchase", 90, payload={"tenders": {"till": 20, "wallet": 11}})
    assert (short.outcome, short.code, short.parameters["account"]) == ("refused", "INSUFFICIENT", "toy.plain")
    assert shop.balances(member) == {"toy": 20, "toy.plain": 10}, "the other tender is not taken either"
    assert shop.kit.reverse(bought.activity_id, amount=45).settled
    assert shop.balances(member) == {"toy": 35, "toy.plain": 30}
    assert shop.is_proved()


@pytest.mark.parametrize(
    ("tenders", "code", "path"),
    [
        ({"gold": 1}, "TENDER_UNKNOWN", ("payload", "tenders", "gold")),
        ({"till": 50, "wallet": 41}, "TENDERS_TOO_MUCH", ("payload", "tenders")),
        ({"till": 0}, "RANGE", ("payload", "tenders", "till")),
        ({"till": "a"}, "TYPE", ("payload", "tenders", "till")),
        ([], "TYPE", ("payload", "tenders")),
    ],
)
def test_what_cannot_be_paid_so_is_not_understood(shop: Any, tenders: Any, code: str, path: Any) -> None:
    member = shop.member()
    with pytest.raises(Invalid) as error:
        shop.does(member, "purchase", 90, payload={"tenders": tenders})
    assert [(problem.code, problem.path) for problem in error.value.problems] == [(code, path)]


def test_a_tender_has_one_taker_and_a_type_with_tenders_has_money(make_world: Any, toy: Any) -> None:
    with pytest.raises(PluginError, match="declares the tender 'till', which plugin 'till'"):
        make_world(modules={"toy": toy, "till": _till("till"), "wallet": _till("wallet", tenders=["till"])})
    with pytest.raises(PluginError, match="declares the tender 'gold', which is not its own"):
        make_world(modules={"toy": toy, "till": _till("till", tenders=["gold"])})
    tip = ActivityType(name="tip.given", amount="toys", tenders=True)
    with pytest.raises(PluginError, match="no amount of money"):
        make_world(modules={"tip": plugin_module(Declares(activities=[tip]), "tip")})
