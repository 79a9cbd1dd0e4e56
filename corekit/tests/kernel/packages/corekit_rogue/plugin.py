"""The rogue's hooks: each does what ``armed`` says for its place, and is harmless where it says nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from attrs import define, field, frozen
from marshmallow import Schema, fields
from sqlalchemy import delete, insert

from corekit import (
    Activity,
    ActivityType,
    Batch,
    Credit,
    Declares,
    Effect,
    EffectKind,
    Facts,
    Lineage,
    hookimpl,
)
from corekit.activities.enrolment import Applicant
from corekit.activities.plugin_write import Applied, PluginWrite
from corekit.db.reader import Reader, any_of
from corekit_rogue import tables


@define
class Given:
    """What the rogue has in its hands when it does something."""

    place: str
    batch: Batch | None = None
    facts: Facts | None = None
    read: Reader | None = None
    write: PluginWrite | None = None
    effects: Sequence[Applied] = ()
    others: dict[str, Any] = field(factory=dict[str, Any])
    """Whatever else the test wants it to know."""

    @property
    def activities(self) -> list[Activity]:
        """Its own activities."""
        assert self.batch is not None
        return [activity for activity in self.batch if activity.type == "rogue.act"]


Act = Callable[[Given], Any]
armed: dict[str, Act] = {}
"""What it does, by place: a hook's name without its prefix, ``apply`` or ``undo``."""
known: dict[str, Any] = {}


class ActSchema(Schema):
    """Something flat and something deep."""

    note = fields.String(load_default="as told")
    deep = fields.Dict(keys=fields.String(), values=fields.Raw(), load_default=lambda: {"list": ["as told"]})


@frozen
class Mark(Effect):
    """The member gets a mark."""


def _do(place: str, **given: Any) -> Any:
    act = armed.get(place)
    return act(Given(place, others=known, **given)) if act is not None else None


def apply(write: PluginWrite, effects: Sequence[Applied]) -> Any:
    """Mark members, and more where it is armed."""
    write.execute(insert(tables.mark), [{"effect_id": each.id, "member_id": each.member} for each in effects])
    return _do("apply", write=write, effects=effects)


def undo(write: PluginWrite, effects: Sequence[Applied]) -> Any:
    """Take marks away, and more where it is armed."""
    write.execute(delete(tables.mark).where(any_of(tables.mark.c.effect_id, [each.id for each in effects])))
    return _do("undo", write=write, effects=effects)


@hookimpl
def corekit_declare() -> Declares:
    return Declares(
        requires=["toy"],
        lineage=Lineage(owner="rogue", package="corekit_rogue", metadata=tables.metadata),
        activities=[ActivityType(name="rogue.act", schema=ActSchema), ActivityType(name="rogue.follows")],
        effects=[EffectKind(name="rogue.mark", effect=Mark, apply=apply, undo=undo)],
        reacts=["rogue.act", "purchase"],
    )


@hookimpl
def corekit_prepare(batch: Batch, read: Reader, facts: Facts) -> Any:
    if any(batch.of("rogue.act")):
        return _do("prepare", batch=batch, read=read, facts=facts)
    return None


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Any:
    if any(batch.of("rogue.act")):
        answer = _do("react", batch=batch, facts=facts)
        if answer is not None:
            return answer
    return _marks(batch)


def _marks(batch: Batch) -> Iterator[Effect]:
    for activity in batch.of("rogue.act"):
        yield Mark(activity, rule="mark@1")
        yield Credit(activity, rule="mark@1", account="toy", amount=1)


@hookimpl
def corekit_may_enrol(applicant: Applicant, facts: Facts) -> Any:
    return _do("may_enrol", facts=facts) if applicant.profile.get("external_id") == "rogue" else None


@hookimpl
def corekit_happened(event: Any) -> Any:
    return _do("happened") if event.type == "rogue.act" else None


@hookimpl
def corekit_export(member: str, read: Reader) -> Mapping[str, Any] | None:
    answer: Mapping[str, Any] | None = _do("export", read=read)
    return answer


@hookimpl
def corekit_erase(member: str, write: PluginWrite) -> None:
    write.execute(delete(tables.mark).where(tables.mark.c.member_id == member))
    _do("erase", write=write)
