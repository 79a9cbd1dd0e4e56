"""Notices ahead of expiry: once for each date and notice, for whoever wants to react."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import select

from corekit import Batch, Declares, Effect, Facts, Kit, MemberFilter, Tag, hookimpl, member_page
from corekit.tables import activity
from corekit.testing.plugin import MakeKit

HEAD = '[program]\nname = "Corner shop"\n'
PROGRAM = """
[points.currencies.points]
expiry = {months = 1, end_of = "month"}
notices = [3, 10]

[points.currencies.stars]
expiry = {months = 1, after = "inactivity"}
notices = [5]
"""
Open = Callable[..., Any]


def told(kit: Kit) -> list[tuple[str, int, int, str]]:
    """Return account, amount, days and date of each notice."""
    wanted = select(activity.c.payload).where(activity.c.type == "points.expiring").order_by(activity.c.seq)
    with kit.read() as read:
        found = [row.payload for row in read.all(wanted)]
    at = [f"{datetime.fromtimestamp(each['at'] / 1e6, kit.zone):%Y-%m-%d}" for each in found]
    return [(each["account"], each["amount"], each["days"], day) for each, day in zip(found, at, strict=True)]


@pytest.mark.row("P7", way="python")
def test_what_lapses_soon_is_said_once_for_each_date_and_notice(shop: Open) -> None:
    house = shop(PROGRAM)
    run = house.kit.jobs.run
    house.clock.set("2018-01-10T12:00:00+00:00")
    house.adjust(70)
    house.adjust(30)
    house.adjust(5, "points.stars")
    house.clock.set("2018-02-05T13:00:00+00:00")
    assert (run("points.notices").settled, told(house.kit)) == (1, [("points.stars", 5, 5, "2018-02-10")])
    house.clock.set("2018-02-20T12:00:00+00:00")
    house.adjust(-20)
    assert [run("points.notices").settled for _ in range(2)] == [1, 0]
    assert told(house.kit)[1:] == [("points", 80, 10, "2018-03-01")]
    house.clock.set("2018-02-27T12:00:00+00:00")
    assert run("points.notices").settled == 1
    assert told(house.kit)[2:] == [("points", 80, 3, "2018-03-01")]
    house.clock.set("2018-03-05T12:00:00+00:00")
    assert run("points.notices").settled == 0
    assert house.clean()


def test_another_plugin_reacts_to_a_notice(make_kit: MakeKit, open_house: Open) -> None:
    module = ModuleType("remind")
    declares = Declares(requires=["points"], reacts=["points.expiring"])

    def react(batch: Batch, facts: Facts) -> Iterator[Effect]:
        for each in batch.of("points.expiring"):
            yield Tag(each, rule="remind@1", add=[f"{each.payload['amount']} lapse"])

    vars(module)["corekit_declare"] = hookimpl(lambda: declares, specname="corekit_declare")
    vars(module)["corekit_react"] = hookimpl(react, specname="corekit_react")
    kit = make_kit(["points"], modules={"remind": module}, program=HEAD + PROGRAM)
    house = open_house(kit)
    house.clock.set("2026-01-20T12:00:00+00:00")
    house.adjust(70)
    house.clock.set("2026-02-27T12:00:00+00:00")
    assert kit.jobs.run("points.notices").waiting == 1  # and settled right after
    with kit.read() as read:
        (found,) = member_page(read, MemberFilter(tag="70 lapse")).items
    assert found.id == house.member
