"""Why: an activity with everything that it did, by which rule, what caused it, and what took it back."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select, union_all

from corekit.activities.read import EFFECT, VIEW, activities, effects, lines
from corekit.activities.tables import activity as _activity
from corekit.activities.tables import effect as _effect
from corekit.activities.views import ActivityView, EffectView, ExplainedEffect, Explanation, PostingView
from corekit.db.reader import Reader, any_of
from corekit.db.shape import Shape, group
from corekit.ledger.tables import account as _account
from corekit.ledger.tables import posting as _posting

_DEBIT, _CREDIT = _account.alias("debited"), _account.alias("credited")
_POSTING = Shape(
    PostingView,
    _posting,
    effect=_posting.c.effect_id,
    debit=_DEBIT.c.kind,
    debit_member=_DEBIT.c.member_id,
    credit=_CREDIT.c.kind,
    credit_member=_CREDIT.c.member_id,
)


def why(read: Reader, activity_ids: Iterable[str]) -> dict[str, Explanation]:
    """Explain activities, by id; an id that none has is left out. Six statements, however many they are."""
    found = activities(read, activity_ids)
    of_lines, of_effects, of_postings = lines(read, found), effects(read, found), _postings(read, found)
    undoing = _undoing(read, [effect.id for each in of_effects.values() for effect in each])
    related = _related(read, list(found.values()))

    def explained(effect: EffectView) -> ExplainedEffect:
        return ExplainedEffect(effect, tuple(of_postings.get(effect.id, ())), tuple(undoing[effect.id]))

    return {
        key: Explanation(
            activity=activity,
            lines=tuple(of_lines[key]),
            effects=tuple(map(explained, of_effects[key])),
            cause=next((it for it in related if it.id == activity.parent), None),
            follow_ons=tuple(it for it in related if it.parent == key),
            reverses=next((it for it in related if it.id == activity.reverses), None),
            reversed_by=tuple(it for it in related if it.reverses == key),
        )
        for key, activity in found.items()
    }


def _postings(read: Reader, activity_ids: Iterable[str]) -> dict[str, list[PostingView]]:
    """Return the postings of activities, by effect."""
    statement = (
        select(*_POSTING.columns)
        .join(_DEBIT, _DEBIT.c.id == _posting.c.debit_account_id)
        .join(_CREDIT, _CREDIT.c.id == _posting.c.credit_account_id)
        .where(any_of(_posting.c.activity_id, activity_ids))
        .order_by(_posting.c.id)
    )
    return group(map(_POSTING, read.all(statement)), "effect", ())


def _undoing(read: Reader, effect_ids: list[str]) -> dict[str, list[EffectView]]:
    """Return the effects that took others back, by the effect that was taken back."""
    undoes = _effect.c.undoes
    statement = select(*EFFECT.columns).where(undoes.is_not(None), any_of(undoes, effect_ids)).order_by(_effect.c.id)
    return group(map(EFFECT, read.all(statement)), "undoes", effect_ids)


def _related(read: Reader, views: list[ActivityView]) -> list[ActivityView]:
    """Return the activities that these name, follow from, or are taken back by; oldest first."""
    ids = [view.id for view in views]
    named = [key for view in views for key in (view.parent, view.reverses) if key is not None]
    # Three searches in one statement, each by its own index.
    statement = union_all(
        select(*VIEW.columns).where(any_of(_activity.c.id, named)),
        *(
            select(*VIEW.columns).where(column.is_not(None), any_of(column, ids))
            for column in (_activity.c.parent_id, _activity.c.reverses)
        ),
    )
    found = {row.id: VIEW(row) for row in read.all(statement)}
    return sorted(found.values(), key=lambda view: (view.recorded_at, view.id))
