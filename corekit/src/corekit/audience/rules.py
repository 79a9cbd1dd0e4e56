"""For whom something is: rules as frozen values, judged without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from attrs import frozen

from corekit.metrics import Window
from corekit.tiers.ladder import Tier

Why = tuple[str, Mapping[str, Any]]
"""What speaks against a member, and what fills in a sentence about it.

``tier`` is below the ``tier`` that is asked for; it has none of the ``names`` as its ``kind``, ``tag``, ``group``, or
among the goods that it ``bought``; a ``metric`` has a ``value`` below the ``least`` over a ``window``; or it is
``excluded``.
"""


@frozen(kw_only=True)
class Who:
    """What of a member decides: its kind and tags, its tiers by ladder, its groups, what it bought, its metrics."""

    kind: str
    tags: frozenset[str]
    tiers: Mapping[str, Tier]
    groups: frozenset[str]
    bought: frozenset[str]
    measure: Callable[[str, Window], int]


@frozen
class Everybody:
    """Every member may."""


@frozen
class FromTier:
    """Who stands in a tier of a ladder (None: the first), or in a higher one."""

    tier: str
    ladder: str | None = None
    rank: int = 0


@frozen
class OneOf:
    """Who is of one of some kinds, has one of some tags, is in one of some groups, or bought one of some goods."""

    what: Literal["kind", "tag", "group", "bought"]
    names: tuple[str, ...]


@frozen
class Measured:
    """Whose metric over a window is ``least`` or more, in minor units."""

    metric: str
    window: Window
    least: int


@frozen
class Several:
    """Who meets all of some rules, any, or none of them."""

    how: Literal["all", "any", "none"]
    rules: tuple[Rule, ...]


Rule = Everybody | FromTier | OneOf | Measured | Several


def reasons(rule: Rule, who: Who) -> list[Why]:
    """Return everything of a member that speaks against it; nothing where it meets the rule."""
    return list(_reasons(rule, who))


def named(rule: Rule) -> set[tuple[str, str]]:
    """Return what a rule speaks of: ``tier``, ``kind``, ``tag``, ``group``, ``bought`` or ``metric``, and its name."""
    found: set[tuple[str, str]] = set()
    for each in parts(rule):
        match each:
            case FromTier(tier):
                found.add(("tier", tier))
            case OneOf(what, names):
                found.update((what, name) for name in names)
            case Measured(metric):
                found.add(("metric", metric))
            case _:
                pass
    return found


def parts(rule: Rule) -> Iterator[Rule]:
    """Yield a rule and all that it is made of."""
    yield rule
    for each in rule.rules if isinstance(rule, Several) else ():
        yield from parts(each)


def _reasons(rule: Rule, who: Who) -> Iterator[Why]:
    match rule:
        case Everybody():
            return
        case FromTier(tier, ladder, rank):
            stands = who.tiers.get(ladder) if ladder is not None else next(iter(who.tiers.values()), None)
            if stands is None or stands.rank < rank:
                yield "tier", {"tier": tier}
        case OneOf(what, names):
            has = {"kind": {who.kind}, "tag": who.tags, "group": who.groups, "bought": who.bought}[what]
            if has.isdisjoint(names):
                yield what, {"names": ", ".join(names)}
        case Measured(metric, window, least):
            value = who.measure(metric, window)
            if value < least:
                yield (
                    "metric",
                    {"metric": metric, "window": str(window), "least": str(least), "value": str(value)},
                )
        case Several(how, rules):
            yield from _of_several(how, [list(_reasons(each, who)) for each in rules])


def _of_several(how: str, found: list[list[Why]]) -> Iterator[Why]:
    if how == "all" or (how == "any" and all(found)):
        for each in found:
            yield from each
    elif how == "none" and not all(found):
        yield "excluded", {}
