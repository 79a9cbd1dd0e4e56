"""Currencies, rules and tasks as frozen values, ready to run; :mod:`corekit_points.earning` applies them.

Numbers are whole numbers and pairs of them (numerator, denominator), never binary fractions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from fractions import Fraction
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from attrs import field, frozen

from corekit import Expiry
from corekit_points.calendar import Calendar
from corekit_points.draws.prizes import Draw
from corekit_points.pool.shared import Pool
from corekit_points.rewards.catalogue import Pay, Reward

CURRENCY = "points"
"""The currency that always is, and the account kind of the same name."""
BENEFIT = "points_multiplier"
"""The tier benefit that multiplies what ``points`` rules earn; other currencies append ``_<code>``."""

T = TypeVar("T")
Ratio = tuple[int, int]
"""An exact number as numerator and denominator: faster than a Fraction where each basket needs it."""


def ratio(number: Fraction) -> Ratio:
    """Return a fraction as numerator and denominator."""
    return number.numerator, number.denominator


def kind_of(currency: str) -> str:
    """Return the account kind, and the unit, of a currency."""
    return CURRENCY if currency == CURRENCY else f"{CURRENCY}.{currency}"


def benefit_of(currency: str) -> str:
    """Return the name of the tier benefit that multiplies what rules of a currency earn."""
    return BENEFIT if currency == CURRENCY else f"{BENEFIT}_{currency}"


Stacking = Literal["multiply", "add", "best"]


@frozen(kw_only=True)
class Currency:
    """What members earn: an account kind with its unit. ``scale`` is the number of decimal places.

    ``transfers`` says whether a member may give it to another, ``notices`` how many days before it lapses that is said.
    """

    code: str
    kind: str
    name: str
    scale: int = 0
    expiry: Expiry | None = None
    clawback: Literal["debt", "write_off", "refuse"] = "debt"
    grace: int = 0
    transfers: bool = False
    notices: tuple[int, ...] = ()


@frozen(kw_only=True)
class Budget:
    """What a rule, or a task, may give to all members together in a window, in minor units of its currency.

    ``per`` is the window: ``day``, ``month``, ``year`` or ``total``. From the share ``warn_at`` on it is worth a
    warning. A rule that it ``stops`` gives nothing where not enough is left.
    """

    most: int
    per: Literal["day", "month", "year", "total"]
    warn_at: Ratio = (4, 5)
    stops: bool = False


@frozen(kw_only=True)
class Caps:
    """The most a rule credits to a member, in minor units of its currency; None is without a cap."""

    order: int | None = None
    day: int | None = None
    month: int | None = None
    total: int | None = None

    @property
    def windows(self) -> tuple[tuple[str, int, str], ...]:
        """The caps that look back: window of the metric, most, and the name of the cap."""
        caps = (("day", self.day, "day"), ("month", self.month, "month"), ("lifetime", self.total, "total"))
        return tuple((window, most, name) for window, most, name in caps if most is not None)


@frozen(kw_only=True)
class Selection:
    """Which lines count: of a category or sku included (if none is, all), and not excluded in any way."""

    categories: frozenset[str] = frozenset()
    skus: frozenset[str] = frozenset()
    no_categories: frozenset[str] = frozenset()
    no_skus: frozenset[str] = frozenset()
    no_flags: frozenset[str] = frozenset()
    narrows: bool = field(init=False)
    everything: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        narrows = bool(self.categories or self.skus)
        object.__setattr__(self, "narrows", narrows)
        object.__setattr__(self, "everything", not (narrows or self.no_categories or self.no_skus or self.no_flags))


@frozen(kw_only=True)
class Basis:
    """Of which money points are earned; what was charged, unless it says otherwise.

    Without ``tax`` the tax earns nothing, with ``discount`` what was let off earns too, without ``points_paid`` the
    part that was paid with points earns nothing.
    """

    tax: bool = True
    discount: bool = False
    points_paid: bool = True

    @property
    def is_charged(self) -> bool:
        """Whether it is what was charged."""
        return self.tax and not self.discount and self.points_paid


@frozen(kw_only=True)
class Terms:
    """When a rule or a task holds at all.

    ``during`` are calendars of which one must hold. ``least_tier`` is the code and the rank of the lowest tier of
    ``ladder`` (None: the first) that it is for. ``claim`` is how long after the fact it may be reported.
    """

    ladder: str | None = None
    least_tier: tuple[str, int] | None = None
    during: tuple[Calendar, ...] = ()
    claim: timedelta | None = None


@frozen(kw_only=True, eq=False)
class Rule:
    """One earn rule, compiled: amounts in minor units, texts in sets.

    ``rate`` is minor units of the currency per minor unit of money; with ``step`` only whole steps of so much
    money count, each at ``rate`` times its length; ``add`` is given on top, before anything multiplies. ``tiers``
    gives the multiplier of each tier of the ladder. Of the rules of a ``group`` only one earns: the first by
    priority, then the one that earns most. What is earned is pending for the day and ``pending`` days after it.
    """

    id: str
    version: int
    currency: str
    kind: str
    activity: str
    rate: Ratio
    step: int | None = None
    add: int = 0
    basis: Basis | None = None
    terms: Terms = Terms()
    lines: Selection = Selection()
    stores: frozenset[str] = frozenset()
    no_stores: frozenset[str] = frozenset()
    minimum: int = 0
    caps: Caps = Caps()
    tiers: Mapping[str, Ratio] = field(factory=dict[str, Ratio])
    calendars: tuple[Calendar, ...] = ()
    stacking: Stacking = "multiply"
    priority: int = 0
    group: str | None = None
    pending: int | None = None
    budget: Budget | None = None
    name: str = field(init=False)
    metric: str = field(init=False)
    windows: tuple[tuple[str, int, str], ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "name", f"{self.id}@{self.version}")
        object.__setattr__(self, "metric", f"points.earned/{self.id}")
        object.__setattr__(self, "windows", self.caps.windows)


@frozen(kw_only=True)
class Streak:
    """What days in a row bring: for the day that makes so many, so much on top.

    After its last step it begins anew where it ``repeats``.
    """

    steps: Mapping[int, int]
    repeats: bool
    longest: int = field(init=False)
    window: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        longest = max(self.steps)
        object.__setattr__(self, "longest", longest)
        # Where it does not begin anew, one day more tells a longer row from one that has just become so long.
        object.__setattr__(self, "window", f"rolling {longest + (not self.repeats)} days")


@frozen(kw_only=True, eq=False)
class Task:
    """Points for doing something, or taken for it where ``points`` is negative; in minor units of the currency.

    ``limits`` are the windows and how many activities of one earn. ``once_per`` is the field of the payload of which
    each value earns once.
    """

    id: str
    version: int
    kind: str
    activity: str
    points: int
    terms: Terms = Terms()
    limits: tuple[tuple[str, int], ...] = ()
    once_per: str | None = None
    streak: Streak | None = None
    pending: int | None = None
    budget: Budget | None = None
    name: str = field(init=False)
    done: str = field(init=False)
    once: str = field(init=False)
    topped: str = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "name", f"{self.id}@{self.version}")
        object.__setattr__(self, "done", f"points.done/{self.id}")
        object.__setattr__(self, "once", f"points.once/{self.id}")
        object.__setattr__(self, "topped", f"points.topped/{self.id}")

    def streak_rule(self, days: int) -> str:
        """Return the name of the rule, without its version, that gives what so many days in a row bring."""
        return f"{self.id}.streak{days}"


@frozen(eq=False)
class Book:
    """All currencies, rules, tasks, rewards and draws of a program; rules by descending priority, then id; tasks by id.

    ``rewards`` are by id, in the order of the program; ``pay`` is how orders are paid with points, None where they are
    not; ``zone`` is the program's time zone. ``budgeted`` are the rules and tasks that have a budget, by id.
    """

    currencies: Mapping[str, Currency]
    rules: tuple[Rule, ...] = ()
    tasks: tuple[Task, ...] = ()
    rewards: Mapping[str, Reward] = field(factory=dict[str, Reward], kw_only=True)
    pay: Pay | None = field(default=None, kw_only=True)
    zone: ZoneInfo = field(factory=lambda: ZoneInfo("UTC"), kw_only=True)
    draws: Mapping[str, Draw] = field(factory=dict[str, Draw], kw_only=True)
    pool: Pool | None = field(default=None, kw_only=True)
    by_activity: Mapping[str, tuple[Rule, ...]] = field(init=False)
    tasks_by_activity: Mapping[str, tuple[Task, ...]] = field(init=False)
    budgeted: Mapping[str, Rule | Task] = field(init=False)

    def __attrs_post_init__(self) -> None:
        rules = sorted(self.rules, key=lambda rule: (-rule.priority, rule.id))
        object.__setattr__(self, "by_activity", _by_activity((rule.activity, rule) for rule in rules))
        tasks = sorted(self.tasks, key=lambda task: task.id)
        object.__setattr__(self, "tasks_by_activity", _by_activity((task.activity, task) for task in tasks))
        earners: list[Rule | Task] = [*rules, *tasks]
        budgeted = {each.id: each for each in earners if each.budget is not None}
        object.__setattr__(self, "budgeted", budgeted)

    @property
    def activities(self) -> frozenset[str]:
        """The types of activities for which there is a rule or a task."""
        return frozenset((*self.by_activity, *self.tasks_by_activity))


def _by_activity(pairs: Iterable[tuple[str, T]]) -> dict[str, tuple[T, ...]]:
    found: dict[str, list[T]] = {}
    for activity, each in pairs:
        found.setdefault(activity, []).append(each)
    return {activity: tuple(each) for activity, each in found.items()}
