"""Rules read from the text of a section, baskets, and facts as a test sets them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import field, frozen

from corekit import (
    Activity,
    ActivityType,
    Balance,
    Kit,
    Line,
    MemberFacts,
    Outcome,
    ProgramContext,
    Tier,
    Unit,
    balances,
)
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit.validation import load
from corekit_points.earning import earnings
from corekit_points.program import PointsSchema
from corekit_points.rules import Book
from corekit_schema import Context, Viewer, assemble_for
from corekit_schema.execution.executor import Executor
from corekit_schema.masking import formatted

HEAD = '[program]\nname = "Corner shop"\n'
NEW_YORK = ZoneInfo("America/New_York")
DOLLARS = Unit("USD", 2, "money")
MEMBER = "0" * 32
TYPES = {
    "purchase": ActivityType(name="purchase", amount="money", lines=True),
    "top_up": ActivityType(name="top_up", amount="money"),
    "refund": ActivityType(name="refund", amount="money", reversal=True),
    "check_in": ActivityType(name="check_in"),
}
LADDERS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "status": {
        "ordinary": {},
        "silver": {"points_multiplier": "1.25"},
        "gold": {"points_multiplier": "1.5", "lounge": True},
    },
    "service": {"basic": {}, "plus": {"points_multiplier": 3}},
}


@frozen(kw_only=True)
class SetFacts:
    """What a test says about the member of every activity."""

    book: Book
    tiers: Mapping[str, str] = field(factory=dict[str, str])
    joined: str = "2016-02-29T12:00:00+00:00"
    earned: Mapping[tuple[str, str], int] = field(factory=dict[tuple[str, str], int])
    zone: ZoneInfo = NEW_YORK
    born: date | None = None
    late: int = 0

    @property
    def settings(self) -> Any:
        return None

    def program(self, activity: Activity) -> Book:
        return self.book

    def history(self, activity: Activity) -> Sequence[tuple[datetime | None, Any]]:
        return [(None, self.book)]

    def member(self, activity: Activity) -> MemberFacts:
        return MemberFacts(activity.member, "active", 1, datetime.fromisoformat(self.joined), {}, birthday=self.born)

    def tier(self, activity: Activity, ladder: str | None = None) -> Tier | None:
        ladder = ladder or next(iter(LADDERS))
        code = self.tiers.get(ladder)
        return None if code is None else Tier(ladder, code, list(LADDERS[ladder]).index(code), code.title())

    def tier_now(self, activity: Activity, ladder: str | None = None) -> Tier | None:
        return self.tier(activity, ladder)

    def metric(self, name: str, activity: Activity, window: str = "lifetime") -> int:
        return self.earned.get((name, window), 0)

    def days(self, name: str, activity: Activity, window: str) -> Mapping[date, int]:
        return {}

    def unwritten(self, activity: Activity) -> Sequence[Activity]:
        return ()

    def reported(self, activity: Activity) -> datetime:
        assert activity.occurred_at is not None
        return activity.occurred_at + timedelta(hours=self.late)

    def balance(self, kind: str, activity: Activity) -> int:
        return 0

    def held(self, kind: str, activity: Activity) -> int:
        return 0

    def local(self, activity: Activity) -> datetime:
        assert activity.occurred_at is not None
        return activity.occurred_at.astimezone(self.zone)

    def prepared(self, activity: Activity) -> Any:
        return None


BookOf = Callable[..., Book]
Buy = Callable[..., Activity]
FactsOf = Callable[..., SetFacts]


@pytest.fixture
def book() -> BookOf:
    """Read the text of a section ``[points]`` (without its name) in a program with two ladders."""

    def read(text: str, *, ladders: Any = LADDERS) -> Book:
        with ProgramContext(DOLLARS, TYPES, ladders).active():
            loaded = load(PointsSchema(), tomllib.loads(text), ("points",))
        assert isinstance(loaded, Book)
        return loaded

    return read


@pytest.fixture
def buy() -> Buy:
    """Make a purchase: of an amount in minor units, or of lines."""

    def make(
        what: int | Sequence[Line], when: str = "2017-06-14T12:00:00-04:00", *, kind: str = "purchase", **payload: Any
    ) -> Activity:
        lines = () if isinstance(what, int) else tuple(what)
        amount = what if isinstance(what, int) else sum(line.amount for line in lines)
        occurred = datetime.fromisoformat(when)
        occurred = occurred if occurred.tzinfo else occurred.replace(tzinfo=NEW_YORK)
        return Activity(
            type=kind, member=MEMBER, occurred_at=occurred.astimezone(UTC), amount=amount, lines=lines, payload=payload
        )

    return make


@pytest.fixture
def facts() -> FactsOf:
    """Set the facts."""

    def make(book: Book, **known: Any) -> SetFacts:
        return SetFacts(book=book, **known)

    return make


Earned = Callable[..., list[tuple[str, int]]]


@pytest.fixture
def earned(book: BookOf, buy: Buy, facts: FactsOf) -> Earned:
    """Return rule and points of each credit that a purchase brings under the rules of a text."""

    def of(
        rules: str,
        what: int | Sequence[Line],
        when: str = "2017-06-14T12:00:00-04:00",
        *,
        payload: Mapping[str, Any] | None = None,
        ladders: Any = LADDERS,
        **known: Any,
    ) -> list[tuple[str, int]]:
        read = book(rules, ladders=ladders)
        found = earnings(read, buy(what, when, **(payload or {})), facts(read, **known))
        return [(finding.rule.name, finding.amount) for finding in found]

    return of


class House:
    """A kit with one member, who buys by local time in New York; history settles as history."""

    def __init__(self, kit: Kit, clock: SettableClock) -> None:
        self.kit = kit
        self.clock = clock
        self.member = self.join()

    def join(self, year: int = 2017) -> str:
        joined = datetime(year, 1, 1, 12, tzinfo=UTC)
        return self.kit.record(Activity(type="member.registered", member="", occurred_at=joined, source="till")).member

    def purchase(self, what: int | Sequence[Line], when: str, **given: Any) -> Activity:
        lines = () if isinstance(what, int) else tuple(what)
        amount = what if isinstance(what, int) else sum(line.amount for line in lines)
        occurred = datetime.fromisoformat(when).replace(tzinfo=self.kit.zone)
        options: Any = {"type": "purchase", "member": self.member, "source": "till", **given}
        return Activity(occurred_at=occurred, amount=amount, lines=lines, **options)

    def buy(self, what: int | Sequence[Line], when: str, **given: Any) -> Outcome:
        outcome = self.kit.record(self.purchase(what, when, **given))
        assert outcome.outcome == "settled", outcome
        return outcome

    def adjust(self, amount: int, unit: str | None = "points", **given: Any) -> Outcome:
        options: Any = {"payload": {"reason": "by hand"}, **given}
        return self.kit.record(
            Activity(type="points.adjustment", member=self.member, amount=amount, unit=unit, **options)
        )

    def has(self, kind: str = "points", *, debt: bool = False) -> int:
        with self.kit.read() as read:
            found = {each.kind: each for each in balances(read, [self.member], self.kit.now())[self.member]}
        if kind not in found:
            return 0
        return found[kind].debt if debt else found[kind].available

    def bought(self, what: int | Sequence[Line], when: str, **given: Any) -> list[tuple[str, int]]:
        """Buy, and return the rules that gave something with how much."""
        return [(effect.rule, effect.amount) for effect in self.buy(what, when, **given).effects]

    def does(self, what: str, when: str, **payload: Any) -> Outcome:
        """Do something that the program knows of."""
        occurred = datetime.fromisoformat(when).replace(tzinfo=self.kit.zone)
        return self.kit.record(
            Activity(type=what, member=self.member, occurred_at=occurred, source="till", payload=payload)
        )

    def balance(self, kind: str = "points") -> Balance:
        """Return what the member has now."""
        with self.kit.read() as read:
            found = {each.kind: each for each in balances(read, [self.member], self.kit.now())[self.member]}
        return found[kind]

    def clean(self) -> bool:
        """Say whether the books are."""
        return self.kit.verify().clean


@pytest.fixture
def shop(make_kit: MakeKit, clock: SettableClock) -> Callable[..., House]:
    """Open a kit with the points of a program."""
    clock.set("2017-12-31T12:00:00+00:00")

    def open_(program: str, **settings: Any) -> House:
        options: Any = {"time_zone": "America/New_York", "sources": {"till": {"historical": True}}, **settings}
        return House(make_kit(["points"], program=HEAD + program, **options), clock)

    return open_


@pytest.fixture
def open_house(clock: SettableClock) -> Callable[[Kit], House]:
    """Open the house of a kit."""
    return lambda kit: House(kit, clock)


STAFF = Viewer(
    kind="staff",
    name="mira",
    permissions=frozenset(
        {
            "members.read",
            "activities.record",
            "points.adjust",
            "points.cancel",
            "points.report",
            "points.transfer",
        }
    ),
)


@pytest.fixture
def asking() -> Callable[[Kit], Callable[..., dict[str, Any]]]:
    """Ask a kit in GraphQL: data and the codes of errors."""

    def of(kit: Kit) -> Callable[..., dict[str, Any]]:
        schema = assemble_for(kit)
        executor = Executor(schema.graphql)

        def run(text: str, viewer: Viewer = STAFF, **variables: Any) -> dict[str, Any]:
            with Context(kit, viewer, schema.nodes) as context:
                answer = executor.execute(text, context, variables=variables)
            return {"data": answer.data, "codes": [formatted(error)["extensions"]["code"] for error in answer.errors]}

        return run

    return of
