"""What became of an activity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import field, frozen

from corekit.errors import Problem

Verdict = Literal["settled", "refused", "failed", "invalid", "waiting", "busy"]


@frozen
class EffectOutcome:
    """An effect as it was planned: applied, or dropped with the code that says why."""

    id: str
    kind: str
    rule: str
    account: str | None
    amount: int
    state: str = "applied"
    code: str | None = None
    undoes: str | None = None


@frozen
class SkippedRule:
    """A rule of a plugin that did not fire, or not in full, with the code and parameters that say why."""

    owner: str
    rule: str
    code: str
    parameters: Mapping[str, Any] = field(factory=dict[str, Any])


@frozen
class Failure:
    """A plugin raised for an activity: who, and what may be said of it."""

    plugin: str
    code: str
    message: str


@frozen(kw_only=True)
class Outcome:
    """The answer to one activity.

    ``settled``: done, at the member's sequence number ``seq``. ``refused``: a business answer, stored and replayed.
    ``failed``: a plugin raised; the same key may be sent again. ``invalid``: not understood (``problems``), nothing was
    stored. ``waiting``: enqueued, a worker will settle it. ``busy``: a plugin that may react to it is suspended, and
    nothing was stored; the same key may be sent again. ``replayed`` says that the key had been answered before; the
    effects of a replayed answer are read from the database by ``Kit.why``. ``skipped`` are the rules that did not
    fire, as far as plugins say.
    """

    outcome: Verdict
    source: str
    external_id: str
    member: str
    activity_id: str | None = None
    type: str = ""
    seq: int | None = None
    code: str | None = None
    parameters: Mapping[str, Any] = field(factory=dict[str, Any])
    message: str = ""
    problems: tuple[Problem, ...] = ()
    effects: tuple[EffectOutcome, ...] = ()
    skipped: tuple[SkippedRule, ...] = ()
    follow_ons: tuple[Outcome, ...] = ()
    replayed: bool = False

    @property
    def settled(self) -> bool:
        """Whether the activity was settled, now or before."""
        return self.outcome == "settled"
