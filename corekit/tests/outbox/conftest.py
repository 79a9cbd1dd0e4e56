"""A kit with plugins that listen to what happened, and say what they heard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from attrs import Factory, define
from sqlalchemy import select

from corekit import Activity, Declares, Event, Kit, hookimpl
from corekit.activities.tables import activity
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit


@define
class Listener:
    """A plugin's ears: what it heard, and which members it cannot stand (it raises at them)."""

    heard: list[Event] = Factory(list[Event])
    deaf_to: set[str] = Factory(set[str])
    before: Callable[[Event], object] = lambda _: None

    def types(self, member: str | None = None) -> list[str]:
        """Return the types it heard, of one member or of all, the attempts it raised at left out."""
        return [event.type for event in self.heard if member in (None, event.member)]

    def module(self, **declared: Any) -> ModuleType:
        """Return the plugin."""

        @hookimpl
        def corekit_happened(event: Event) -> None:
            self.before(event)
            if event.member in self.deaf_to:
                raise ConnectionError("secret of the ear")
            self.heard.append(event)

        module = ModuleType("ears")
        declares = hookimpl(lambda: Declares(**declared))
        vars(module).update(corekit_declare=declares, corekit_happened=corekit_happened)
        return module


@pytest.fixture
def ears() -> Listener:
    return Listener()


@pytest.fixture
def eyes() -> Listener:
    return Listener()


@pytest.fixture
def kit(make_kit: MakeKit, ears: Listener, eyes: Listener) -> Kit:
    return make_kit(modules={"ears": ears.module(), "eyes": eyes.module()})


@pytest.fixture
def joins(kit: Kit) -> Callable[[], str]:
    """Registers somebody."""
    return lambda: kit.record(Activity(type="member.registered")).member


@pytest.fixture
def buys(kit: Kit, clock: SettableClock) -> Callable[..., Activity]:
    """Lets a member buy, a second later."""

    def buy(member: str, amount: int = 100) -> Activity:
        clock.advance(seconds=1)
        activity = Activity(type="purchase", member=member, amount=amount, occurred_at=clock())
        assert kit.record(activity).settled
        return activity

    return buy


@pytest.fixture
def check() -> Callable[[Kit, Listener], None]:
    """Sees that every settled activity was heard, and each member's for the first time as they settled."""

    def check(kit: Kit, ears: Listener) -> None:
        first: dict[str, list[int]] = defaultdict(list)
        for event in ears.heard:
            if event.seq not in first[event.member]:
                first[event.member].append(event.seq)
        expected: dict[str, list[int]] = defaultdict(list)
        with kit.read() as read:
            for row in read.all(select(activity.c.member_id, activity.c.seq).order_by(activity.c.seq)):
                expected[row.member_id].append(row.seq)
        assert dict(first) == dict(expected)

    return check
