"""Who may download a document: rules as frozen values, judged without a database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from attrs import frozen

from corekit import Tier, Window
from corekit_documents import declared

Why = tuple[str, Mapping[str, Any]]
"""Why a document cannot be had: a code of the plugin's, and what fills in its sentence."""


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
_OF = {
    "kind": declared.KIND.code,
    "tag": declared.TAG.code,
    "group": declared.GROUP.code,
    "bought": declared.BOUGHT.code,
}


def reasons(rule: Rule | None, who: Who) -> list[Why]:
    """Return why somebody may not; nothing where they may. Without a rule nobody may."""
    return [(declared.NOT_GRANTED.code, {})] if rule is None else list(_reasons(rule, who))


def parts(rule: Rule | None) -> Iterator[Rule]:
    """Yield a rule and all that it is made of."""
    if rule is None:
        return
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
                yield declared.TIER.code, {"tier": tier}
        case OneOf(what, names):
            has = {"kind": {who.kind}, "tag": who.tags, "group": who.groups, "bought": who.bought}[what]
            if has.isdisjoint(names):
                yield _OF[what], {"names": ", ".join(names)}
        case Measured(metric, window, least):
            value = who.measure(metric, window)
            if value < least:
                yield (
                    declared.METRIC.code,
                    {"metric": metric, "window": str(window), "least": str(least), "value": str(value)},
                )
        case Several(how, rules):
            yield from _of_several(how, [list(_reasons(each, who)) for each in rules])


def _of_several(how: str, found: list[list[Why]]) -> Iterator[Why]:
    if how == "all" or (how == "any" and all(found)):
        for each in found:
            yield from each
    elif how == "none" and not all(found):
        yield declared.EXCLUDED.code, {}
