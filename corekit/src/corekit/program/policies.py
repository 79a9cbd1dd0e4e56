"""Policies of a ladder in the program file: their schemas, what they are built into, and what cannot hold together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypedDict, cast

from marshmallow import Schema, fields, validate

from corekit import validation
from corekit.errors import Invalid, Path, Problem
from corekit.members.states import STEPS
from corekit.metrics import LIFETIME, Window
from corekit.tiers.ladder import Ladder, Quota
from corekit.tiers.policy import ALL, GROWTH, Growth, Termination, Validity
from corekit.validation import coded, suggest

if TYPE_CHECKING:
    from corekit.registry import Registry

GROWN = "growth"
"""What a criterion calls the growth value of its ladder."""
_MOST_MONTHS = 1_200
_MOST_DAYS = 3_660
_ENDINGS = sorted(name for name, step in STEPS.items() if "active" in step.sources)
_CLAIM = ("kind", "quota", "per")


class WindowField(fields.Field[Window]):
    """``lifetime``, ``year``, ``rolling 12 months``, ..."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Window:
        try:
            return Window.parse(str(value))
        except ValueError as error:
            raise coded("WINDOW", str(error)) from None


class _ValiditySchema(Schema):
    months = fields.Integer(required=True, strict=True, validate=validate.Range(0, _MOST_MONTHS))
    until = fields.String(load_default="day", validate=validate.OneOf(("day", "month", "year", "membership year")))
    restarts = fields.Boolean(load_default=True, truthy={True}, falsy={False})


class _GrowthSchema(Schema):
    metric = fields.String()
    account = fields.String()
    at_rerating = fields.String(load_default="keep", validate=validate.OneOf(("keep", "reset", "reduce")))
    keep_percent = fields.Integer(strict=True, validate=validate.Range(1, 99))


class _TerminationSchema(Schema):
    metric = fields.String(required=True)
    activity = fields.String(load_default="member.cancelled", validate=validate.OneOf(_ENDINGS))


class PoliciesSchema(Schema):
    """The keys of ``[[ladders]]`` that say when members rise and fall."""

    evaluate = fields.String(load_default="at_once", validate=validate.OneOf(("at_once", "scheduled", "on_request")))
    every = fields.String(validate=validate.OneOf(("month", "quarter", "year")))
    validity: Any = fields.Nested(_ValiditySchema)
    downgrade = fields.String(load_default="none", validate=validate.OneOf(("none", "one_step", "to_qualified")))
    grace_days = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, _MOST_DAYS))
    warn_days = fields.Integer(load_default=0, strict=True, validate=validate.Range(0, _MOST_DAYS))
    growth: Any = fields.Nested(_GrowthSchema)
    termination: Any = fields.Nested(_TerminationSchema)
    nudge = fields.Boolean(load_default=False, truthy={True}, falsy={False})


class _GrowthDraft(TypedDict, total=False):
    metric: str
    account: str
    at_rerating: str
    keep_percent: int


def growth_of(
    code: str, draft: Mapping[str, Any], registry: Registry, path: Path
) -> tuple[Growth | None, list[Problem]]:
    """Return the growth value of the ladder ``code``, or why there can be none."""
    said = cast("_GrowthDraft | None", draft.get("growth"))
    if said is None:
        return None, []
    place = (*path, "growth")
    metric, account = said.get("metric"), said.get("account")
    problems: list[Problem] = []
    if metric is not None and account is not None:
        said_both = f"the metric {metric!r} and the account {account!r}"
        problems.append(_clash(place, f"Growth of {code!r} is kept in one place, but it names {said_both}."))
    elif metric is None and account is None:
        problems.append(_clash(place, f"Growth of {code!r} names neither a metric nor an account."))
    keep = {"keep": ALL, "reset": 0}.get(said.get("at_rerating", "keep"), said.get("keep_percent", 0))
    if (said.get("at_rerating") == "reduce") != ("keep_percent" in said):
        problems.append(
            _clash(place, f"at_rerating = {said.get('at_rerating')!r} and keep_percent go together only as 'reduce'.")
        )
    if account is not None:
        kind = registry.kinds.get(account)
        if kind is None:
            message = f"No enabled plugin declares the account kind {account!r}{suggest(account, registry.kinds)}."
            problems.append(Problem(code="UNKNOWN_ACCOUNT", path=(*place, "account"), message=message))
        elif kind.unit.kind != "counter":
            what = f"{account!r} holds {kind.unit.kind}, which are spent, but what qualifies for {code!r} must not be"
            problems.append(_clash(place, f"{what}; use an account kind of a counter."))
    if metric is not None:
        return Growth(metric=f"{GROWTH}{code}", source=metric, keep=keep), problems
    return Growth(account=account, keep=keep), problems


def policies_of(draft: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a draft says of a ladder's policies, as :class:`Ladder` takes it; the growth value apart."""
    validity, ending = draft.get("validity"), draft.get("termination")
    return {
        "evaluate": draft["evaluate"],
        "every": draft.get("every", "month"),
        "validity": None if validity is None else Validity(**validity),
        "downgrade": draft["downgrade"],
        "grace_days": draft["grace_days"],
        "warn_days": draft["warn_days"],
        "termination": None if ending is None else Termination(**ending),
        "nudge": draft["nudge"],
    }


def quotas_of(benefits: Mapping[str, Any], registry: Registry, path: Path) -> tuple[dict[str, Quota], list[Problem]]:
    """Return those benefits of a tier that can be claimed, and what is wrong with any of them.

    A benefit that is a table is of a declared kind; what is none is between the program and the plugin that reads it.
    """
    quotas: dict[str, Quota] = {}
    problems: list[Problem] = []
    for name, value in benefits.items():
        if not isinstance(value, dict):
            continue
        said = cast("dict[str, Any]", value)
        place = (*path, name)
        kind = registry.benefits.get(str(said.get("kind", name)))
        if kind is None:
            wanted = str(said.get("kind", name))
            message = f"No enabled plugin declares the benefit {wanted!r}{suggest(wanted, registry.benefits)}."
            problems.append(Problem(code="UNKNOWN_BENEFIT", path=place, message=message))
            continue
        rest = {key: inner for key, inner in said.items() if key not in _CLAIM}
        try:
            validation.load((kind.schema or Schema)(), rest, place)
            quota = validation.load(_QuotaSchema(), {key: said[key] for key in ("quota", "per") if key in said}, place)
        except Invalid as invalid:
            problems += invalid.problems
            continue
        if quota and not kind.claimable:
            problems.append(_clash(place, f"{name!r} has a quota, but benefits of kind {kind.name!r} are not claimed."))
        elif "per" in quota and "quota" not in quota:
            problems.append(_clash(place, f"{name!r} says per {quota['per']}, but not how often."))
        elif kind.claimable:
            quotas[name] = Quota(quota.get("quota"), quota.get("per", LIFETIME))
    return quotas, problems


class _QuotaSchema(Schema):
    quota = fields.Integer(strict=True, validate=validate.Range(1, 1_000_000))
    per = WindowField()


def contradictions(ladder: Ladder, draft: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the key of each policy that cannot hold beside another, and both of them in words."""
    code = repr(ladder.code)
    if "every" in draft and ladder.evaluate != "scheduled":
        yield "every", f"{code} is evaluated every {ladder.every}, but evaluate = {ladder.evaluate!r}."
    asks = [tier for tier in ladder.tiers if any(_is_growth(ladder, each.metric) for each in tier.criteria)]
    if ladder.growth is not None and not asks:
        yield "growth", f"{code} has a growth value, but no tier of it asks for the metric {GROWN!r}."
    if ladder.growth is not None and ladder.growth.keep < ALL and ladder.validity is None:
        yield "growth", f"Re-rating of {code} takes growth, but without validity nobody is ever re-rated."
    for tier in asks:
        for criterion in tier.criteria:
            if _is_growth(ladder, criterion.metric) and criterion.window != LIFETIME:
                yield (
                    "growth",
                    f"{tier.code!r} asks for growth over {criterion.window}, but growth is kept until re-rating.",
                )
    yield from _without_validity(ladder)
    if ladder.grace_days and ladder.downgrade == "none":
        yield "grace_days", f"{code} has a grace of {ladder.grace_days} days, but downgrade = 'none'."
    if ladder.warn_days and ladder.validity is not None and ladder.downgrade == "none" and ladder.termination is None:
        yield "warn_days", f"{code} warns {ladder.warn_days} days ahead, but downgrade = 'none' and nothing ends."


def _without_validity(ladder: Ladder) -> Iterator[tuple[str, str]]:
    if ladder.validity is None:
        code = repr(ladder.code)
        if ladder.downgrade != "none":
            yield "downgrade", f"{code} has downgrade = {ladder.downgrade!r}, but without validity no tier ever ends."
        if ladder.termination is not None:
            yield "termination", f"{code} ends memberships at the end of a validity, but has no validity."
        if ladder.warn_days:
            yield "warn_days", f"{code} warns {ladder.warn_days} days ahead, but without validity no tier ever ends."
    elif ladder.validity.months == 0 and ladder.validity.until == "day":
        yield "validity", f"{ladder.code!r} is valid for 0 months until the end of the day: give months or until."


def _is_growth(ladder: Ladder, metric: str) -> bool:
    return ladder.growth is not None and metric == ladder.growth.name


def _clash(path: Path, message: str) -> Problem:
    return Problem(code="CONTRADICTION", path=path, message=message)
