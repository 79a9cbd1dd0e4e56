"""Ladders of the program file: their schema, thresholds in minor units, and what they may not contradict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import combinations, pairwise
from typing import TYPE_CHECKING, Any, Literal, TypedDict, cast

from marshmallow import Schema, ValidationError, fields, validate

from corekit.declares import Unit
from corekit.errors import Path, Problem
from corekit.metrics import Window
from corekit.program import policies
from corekit.program.exact import Exact, minor_units
from corekit.program.policies import GROWN, PoliciesSchema, WindowField
from corekit.tiers.ladder import Criterion, Ladder, Tier
from corekit.tiers.policy import BALANCE, Growth
from corekit.validation import suggest

if TYPE_CHECKING:
    from corekit.registry import Registry

_COUNT = "count:"
_code = validate.Regexp(r"[a-z][a-z0-9_-]{0,39}\Z", error="{input!r} is no code; use a-z, 0-9, _ and -.")


def many(schema: type[Schema], **options: Any) -> Any:
    """Return a field for an array of tables, empty where it is left out."""
    given: Any = options or {"load_default": list}
    return cast("Any", fields.List)(fields.Nested(schema), **given)


class _DraftCriterion(TypedDict):
    metric: str
    window: Window
    at_least: Fraction


class _DraftTier(TypedDict):
    code: str
    name: str
    match: Literal["all", "any"]
    criteria: list[_DraftCriterion]
    benefits: dict[str, Any]


class Draft(TypedDict):
    """A ladder as it was read, its thresholds still in whole units."""

    code: str
    name: str
    on_reversal: Literal["withdraw", "keep"]
    close_at: int
    tiers: list[_DraftTier]


class _CriterionSchema(Schema):
    metric = fields.String(required=True)
    window = WindowField(load_default=Window("lifetime"))
    at_least = Exact(required=True, least=0)


class _TierSchema(Schema):
    code = fields.String(required=True, validate=_code)
    name = fields.String(required=True, validate=validate.Length(1, 200))
    match = fields.String(load_default="all", validate=validate.OneOf(("all", "any")))
    criteria = many(_CriterionSchema)
    benefits = fields.Dict(keys=fields.String(), values=fields.Raw(), load_default=dict)


class LadderSchema(PoliciesSchema):
    """One ``[[ladders]]`` of the file."""

    code = fields.String(required=True, validate=_code)
    name = fields.String(required=True, validate=validate.Length(1, 200))
    on_reversal = fields.String(load_default="withdraw", validate=validate.OneOf(("withdraw", "keep")))
    close_at = fields.Integer(strict=True, load_default=80, validate=validate.Range(1, 100))
    tiers = many(_TierSchema, required=True, validate=validate.Length(min=1))


def build(drafts: Sequence[Draft], registry: Registry, currency: Unit) -> tuple[tuple[Ladder, ...], list[Problem]]:
    """Return the ladders, thresholds in minor units of what their metrics count, and every problem met."""
    problems: list[Problem] = []
    ladders: list[Ladder] = []
    for at, draft in enumerate(drafts):
        tiers: list[Tier] = []
        said = cast("Any", draft)
        growth, found = policies.growth_of(draft["code"], said, registry, ("ladders", at))
        problems += found
        for rank, tier in enumerate(draft["tiers"]):
            criteria: list[Criterion] = []
            for number, criterion in enumerate(tier["criteria"]):
                path = ("ladders", at, "tiers", rank, "criteria", number)
                metric = criterion["metric"]
                if metric == GROWN and growth is not None:
                    metric = growth.name
                try:
                    scale = _scale(criterion["metric"], registry, currency, growth)
                    at_least = minor_units(criterion["at_least"], scale)
                except LookupError as error:
                    problems.append(Problem(code="UNKNOWN_METRIC", path=(*path, "metric"), message=str(error.args[0])))
                except ValidationError as error:
                    problems.append(Problem(path=(*path, "at_least"), **cast("Any", error).messages[0]))
                else:
                    criteria.append(Criterion(metric, criterion["window"], at_least))
            match, benefits = tier["match"], tier["benefits"]
            quotas, found = policies.quotas_of(benefits, registry, ("ladders", at, "tiers", rank, "benefits"))
            problems += found
            tiers.append(
                Tier(draft["code"], tier["code"], rank, tier["name"], tuple(criteria), match, benefits, quotas)
            )
        problems += _unknown(said, registry, currency, ("ladders", at))
        rules = policies.policies_of(said)
        ladder = Ladder(
            draft["code"], draft["name"], tuple(tiers), draft["on_reversal"], draft["close_at"], growth=growth, **rules
        )
        problems += [_clash(("ladders", at, key), text) for key, text in policies.contradictions(ladder, said)]
        ladders.append(ladder)
    return tuple(ladders), problems


def _unknown(draft: Any, registry: Registry, currency: Unit, path: Path) -> Iterator[Problem]:
    """Find the metrics that growth or termination name and nobody declares."""
    for key in ("growth", "termination"):
        name = draft.get(key, {}).get("metric")
        if name is not None:
            try:
                _scale(name, registry, currency)
            except LookupError as error:
                yield Problem(code="UNKNOWN_METRIC", path=(*path, key, "metric"), message=str(error.args[0]))


def _scale(name: str, registry: Registry, currency: Unit, growth: Growth | None = None) -> int:
    """Return how many decimal places a metric has; LookupError with a sentence where nobody declares it."""
    if name == GROWN and growth is not None:
        if growth.account is not None:
            kind = registry.kinds.get(growth.account)
            return kind.unit.scale if kind is not None else 0
        return _scale(growth.source or "", registry, currency)
    if name == GROWN:
        raise LookupError("The ladder has no growth value to ask for: say for example growth = {metric = 'spend'}.")
    if name.startswith(_COUNT):
        counted = name.removeprefix(_COUNT)
        if counted not in registry.types:
            raise LookupError(
                f"No enabled plugin declares the activity type {counted!r}{suggest(counted, registry.types)}."
            )
        return 0
    if name not in registry.metrics:
        raise LookupError(f"No enabled plugin declares the metric {name!r}{suggest(name, registry.metrics)}.")
    unit = measured_in(name, registry, currency)
    return unit.scale if unit is not None else 0


def measured_in(name: str, registry: Registry, currency: Unit, ladders: Sequence[Ladder] = ()) -> Unit | None:
    """Return the unit in which the metric of a criterion is measured; None where it counts things, or is not known.

    Growth values are measured as what they grow from: ``ladders`` are those of the program.
    """
    if name.startswith(BALANCE):
        kind = registry.kinds.get(name.removeprefix(BALANCE))
        return kind.unit if kind is not None else None
    grown = {it.growth.metric: it.growth.source for it in ladders if it.growth is not None}
    metric = registry.metrics.get(grown.get(name) or name)
    if metric is None:
        return None
    if metric.credits is not None:
        return registry.kinds[metric.credits].unit
    unit = registry.types[metric.activities[0]].amount if metric.measure == "amount" else "none"
    return currency if unit == "money" else registry.units.get(unit)


def contradictions(ladders: Sequence[Ladder]) -> list[Problem]:
    """Return what in the ladders cannot both hold, naming both sides."""
    problems: list[Problem] = []
    for (first, ladder), (second, other) in combinations(enumerate(ladders), 2):
        if ladder.code == other.code:
            said = f"Two ladders have the code {ladder.code!r}: number {first + 1} and number {second + 1}."
            problems.append(_clash(("ladders", second, "code"), said))
    for at, ladder in enumerate(ladders):
        problems += [_clash(("ladders", at, "tiers", rank), said) for rank, said in _of_ladder(ladder)]
    return problems


def _of_ladder(ladder: Ladder) -> Iterator[tuple[int, str]]:
    """Yield the rank of each tier that contradicts something, and how."""
    for tier, other in combinations(ladder.tiers, 2):
        if tier.code == other.code:
            yield (
                other.rank,
                f"Tiers {tier.rank + 1} and {other.rank + 1} of {ladder.code!r} are called {tier.code!r}.",
            )
    first, *higher = ladder.tiers
    if first.criteria:
        yield (
            0,
            f"Everybody starts in the first tier, so {first.code!r} of {ladder.code!r} cannot have criteria.",
        )
    for tier in higher:
        if not tier.criteria:
            yield (
                tier.rank,
                f"{tier.code!r} has no criteria, so nobody stands in {ladder.tiers[tier.rank - 1].code!r}.",
            )
        for one, two in combinations(tier.criteria, 2):
            if one.key == two.key:
                yield (
                    tier.rank,
                    f"{tier.code!r} asks twice for {one.key}: for {one.at_least} and for {two.at_least}.",
                )
    for lower, upper in pairwise(higher):
        if lower.criteria and upper.criteria and _implies(lower, upper):
            yield (
                upper.rank,
                f"{upper.code!r} asks no more than {lower.code!r}, so nobody could stand in {lower.code!r}.",
            )


def _implies(lower: Tier, upper: Tier) -> bool:
    """Say whether whoever qualifies for ``lower`` qualifies for ``upper`` as well."""
    each = all if lower.match == "any" else any  # of "any" we know not which one holds, of "all" we may choose
    every = all if upper.match == "all" else any
    if lower.match == "any" or upper.match == "any":
        return each(every(_entails(low, up) for up in upper.criteria) for low in lower.criteria)
    return all(any(_entails(low, up) for low in lower.criteria) for up in upper.criteria)


def _entails(one: Criterion, other: Criterion) -> bool:
    return one.key == other.key and one.at_least >= other.at_least


def _clash(path: Path, message: str) -> Problem:
    return Problem(code="CONTRADICTION", path=path, message=message)
