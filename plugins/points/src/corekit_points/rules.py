"""What an activity earns: rules as frozen values, and the pure functions that apply them.

The pipeline of a rule: what counts of the activity, times the rate, times the multipliers, rounded down once,
capped. Numbers are whole numbers and pairs of them (numerator, denominator), never binary fractions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from attrs import field, frozen

from corekit import Activity, Expiry, Facts, Line
from corekit_points.calendar import Calendar

Ratio = tuple[int, int]
"""An exact number as numerator and denominator: faster than a Fraction where each basket needs it."""

Stacking = Literal["multiply", "add", "best"]


@frozen(kw_only=True)
class Currency:
    """What members earn: an account kind with its unit. ``scale`` is the number of decimal places."""

    code: str
    kind: str
    name: str
    scale: int = 0
    expiry: Expiry | None = None
    clawback: Literal["debt", "write_off", "refuse"] = "debt"
    grace: int = 0


@frozen(kw_only=True)
class Caps:
    """The most a rule credits to a member, in minor units of its currency; None is without a cap."""

    order: int | None = None
    day: int | None = None
    month: int | None = None
    total: int | None = None

    @property
    def windows(self) -> tuple[tuple[str, int, str], ...]:
        """The caps that look back: window of the metric, most, and the code of the reason."""
        caps = (
            ("day", self.day, "CAP_DAY"),
            ("month", self.month, "CAP_MONTH"),
            ("lifetime", self.total, "CAP_TOTAL"),
        )
        return tuple((window, most, reason) for window, most, reason in caps if most is not None)


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


@frozen(kw_only=True, eq=False)
class Rule:
    """One earn rule, compiled: amounts in minor units, texts in sets.

    ``rate`` is minor units of the currency per minor unit of money; with ``step`` only whole steps of so much
    money count, each at ``rate`` times its length. ``tiers`` gives the multiplier of each tier of ``ladder``
    (None: the first ladder). Of the rules of a ``group`` only one earns: the first by priority, then the one
    that earns most.
    """

    id: str
    version: int
    currency: str
    kind: str
    activity: str
    rate: Ratio
    step: int | None = None
    lines: Selection = Selection()
    stores: frozenset[str] = frozenset()
    no_stores: frozenset[str] = frozenset()
    minimum: int = 0
    caps: Caps = Caps()
    ladder: str | None = None
    tiers: Mapping[str, Ratio] = field(factory=dict[str, Ratio])
    calendars: tuple[Calendar, ...] = ()
    stacking: Stacking = "multiply"
    priority: int = 0
    group: str | None = None
    name: str = field(init=False)
    metric: str = field(init=False)
    windows: tuple[tuple[str, int, str], ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "name", f"{self.id}@{self.version}")
        object.__setattr__(self, "metric", f"points.earned/{self.id}")
        object.__setattr__(self, "windows", self.caps.windows)


@frozen(eq=False)
class Book:
    """All currencies and rules of a program; rules by descending priority, then id."""

    currencies: Mapping[str, Currency]
    rules: tuple[Rule, ...] = ()
    by_activity: Mapping[str, tuple[Rule, ...]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        ordered: dict[str, list[Rule]] = {}
        for rule in sorted(self.rules, key=lambda rule: (-rule.priority, rule.id)):
            ordered.setdefault(rule.activity, []).append(rule)
        object.__setattr__(self, "by_activity", {activity: tuple(rules) for activity, rules in ordered.items()})


@frozen(eq=False)
class Finding:
    """What a rule makes of an activity, in minor units.

    ``counted`` is the money that counts, ``multipliers`` what applied, ``uncapped`` the points before caps,
    ``amount`` what is credited, ``shares`` how much of it belongs to which line (None: there are no lines).
    ``reason`` says why there is nothing, or less than uncapped: ``STORE``, ``NOTHING_COUNTS``,
    ``BELOW_MINIMUM``, ``FRACTION``, ``CAP_ORDER``, ``CAP_DAY``, ``CAP_MONTH``, ``CAP_TOTAL``, ``GROUP``.
    """

    rule: Rule
    counted: int = 0
    multipliers: tuple[Ratio, ...] = ()
    uncapped: int = 0
    amount: int = 0
    shares: Mapping[int, int] | None = None
    reason: str | None = None


def earnings(book: Book, activity: Activity, facts: Facts) -> list[Finding]:
    """Return what an activity earns by each rule that credits something, in the order of the rules."""
    rules = book.by_activity.get(activity.type)
    if not rules:
        return []
    found = [finding for rule in rules if (finding := assess(rule, activity, facts)).amount]
    return _one_of_each_group(found) if len(found) > 1 else found


def explain(book: Book, activity: Activity, facts: Facts) -> list[Finding]:
    """Return what every rule makes of an activity, those that give nothing with their reason."""
    found = [assess(rule, activity, facts) for rule in book.by_activity.get(activity.type, ())]
    chosen = {finding.rule.id for finding in _one_of_each_group([finding for finding in found if finding.amount])}
    return [
        finding
        if finding.rule.id in chosen or not finding.amount
        else Finding(finding.rule, finding.counted, finding.multipliers, finding.uncapped, reason="GROUP")
        for finding in found
    ]


def assess(rule: Rule, activity: Activity, facts: Facts) -> Finding:
    """Run one activity through the pipeline of one rule."""
    if rule.stores or rule.no_stores:
        store = activity.payload.get("store")
        if store in rule.no_stores or (rule.stores and store not in rule.stores):
            return Finding(rule, reason="STORE")
    weights: list[tuple[int, int]] | None = None
    if activity.lines:
        weights = _counting(rule.lines, activity.lines)
        counted = sum([amount for _, amount in weights])
    else:
        # Without lines an exclusion finds nothing to exclude, and an inclusion nothing to include.
        counted = 0 if rule.lines.narrows else activity.amount
    if counted <= 0:
        return Finding(rule, reason="NOTHING_COUNTS")
    if counted < rule.minimum:
        return Finding(rule, counted, reason="BELOW_MINIMUM")

    multipliers = _multipliers(rule, activity, facts) if rule.tiers or rule.calendars else ()
    top, bottom = combine(rule.stacking, multipliers)
    base = counted if rule.step is None else counted - counted % rule.step
    points = base * rule.rate[0] * top // (rule.rate[1] * bottom)
    if not points:
        return Finding(rule, counted, multipliers, reason="FRACTION")

    amount, reason = points, None
    if rule.caps.order is not None and amount > rule.caps.order:
        amount, reason = rule.caps.order, "CAP_ORDER"
    for window, most, code in rule.windows:
        room = most - facts.metric(rule.metric, activity, window)
        if amount > room:
            amount, reason = max(0, room), code
    split = share(amount, weights) if weights is not None and amount else None
    return Finding(rule, counted, multipliers, points, amount, split, reason)


def share(total: int, weights: Sequence[tuple[int, int]]) -> dict[int, int]:
    """Split ``total`` over weighted lines ``(number, weight)``, exactly; who gets nothing is left out.

    Largest remainder (Hamilton): each line gets its quota rounded down, and what is left goes one by one to
    the largest remainders, of equal ones to the lowest line number.
    """
    whole = sum([weight for _, weight in weights])
    shares: dict[int, int] = {}
    remainders: list[tuple[int, int]] = []
    left = total
    for number, weight in weights:
        quota, remainder = divmod(total * weight, whole)
        shares[number] = quota
        left -= quota
        remainders.append((-remainder, number))
    if left:
        remainders.sort()
        for _, number in remainders[:left]:
            shares[number] += 1
    return {number: part for number, part in shares.items() if part} if 0 in shares.values() else shares


@lru_cache(maxsize=4096)
def combine(stacking: Stacking, multipliers: tuple[Ratio, ...]) -> Ratio:
    """Return the one multiplier that several make together.

    ``multiply``: their product. ``add``: one plus what each adds to one, at least 0. ``best``: the largest.
    """
    factors = [Fraction(*ratio) for ratio in multipliers]
    one = Fraction(1)
    if stacking == "best":
        one = max(factors, default=one)
    elif stacking == "add":
        one = max(Fraction(0), one + sum(factor - 1 for factor in factors))
    else:
        for factor in factors:
            one *= factor
    return one.numerator, one.denominator


def _counting(select: Selection, lines: Sequence[Line]) -> list[tuple[int, int]]:
    """Return the number and amount of each line that counts; those of amount 0 have nothing to count."""
    if select.everything:
        return [(line.no, line.amount) for line in lines if line.amount]
    narrows, categories, skus = select.narrows, select.categories, select.skus
    no_categories, no_skus, no_flags = select.no_categories, select.no_skus, select.no_flags
    return [
        (line.no, line.amount)
        for line in lines
        if line.amount
        and line.category not in no_categories
        and line.sku not in no_skus
        and (not line.flags or no_flags.isdisjoint(line.flags))
        and (not narrows or line.category in categories or line.sku in skus)
    ]


def _multipliers(rule: Rule, activity: Activity, facts: Facts) -> tuple[Ratio, ...]:
    """Return the multipliers of the member's tier and of each calendar that holds."""
    found: list[Ratio] = []
    if rule.tiers:
        tier = facts.tier(activity, rule.ladder)
        ratio = rule.tiers.get(tier.code) if tier is not None else None
        if ratio is not None:
            found.append(ratio)
    if rule.calendars:
        local = facts.local(activity)
        for calendar in rule.calendars:
            if calendar.holds(local):
                feast = calendar.anniversary
                if feast is None or calendar.celebrates(local, facts.member(activity)):
                    found.append(calendar.multiplier)
    return tuple(found)


def _one_of_each_group(found: Sequence[Finding]) -> list[Finding]:
    """Keep of each group the finding of highest priority, of those the largest, of those the first by id."""
    best: dict[str, Finding] = {}
    for finding in found:
        group = finding.rule.group
        if group is not None:
            kept = best.setdefault(group, finding)
            if finding.rule.priority == kept.rule.priority and finding.amount > kept.amount:
                best[group] = finding
    return [finding for finding in found if finding.rule.group is None or best[finding.rule.group] is finding]
