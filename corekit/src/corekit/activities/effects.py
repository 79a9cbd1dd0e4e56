"""What a member gets or loses: frozen values that plugins yield and only the kernel applies."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from attrs import field, fields, frozen

from corekit.activities.activity import Activity

Otherwise = Literal["refuse", "drop"]
"""What happens to an effect that cannot be applied: the activity is refused, or the effect is dropped."""


@frozen
class Effect:
    """The base of every effect, a plugin's own kinds included.

    ``activity`` is the member of the batch that causes it, ``rule`` the name and version of the rule
    (``welcome@1``). ``otherwise`` left at None takes the default of the activity's type: ``refuse`` for a
    command, ``drop`` for a fact.
    """

    activity: Activity = field(repr=lambda activity: activity.id, eq=lambda activity: activity.id)
    rule: str = field(kw_only=True)
    otherwise: Otherwise | None = field(default=None, kw_only=True)


@frozen
class Credit(Effect):
    """Value for the member's account of a kind.

    ``amount`` is a positive whole number of minor units. ``shares`` says how much of it belongs to which
    line (they must sum to the amount). ``expires_at`` overrides the expiry rule of the account kind. Until
    ``available_from`` (of a kind with lots) nobody can spend it; it pays what the member owes at once.
    """

    account: str = field(kw_only=True)
    amount: int = field(kw_only=True)
    shares: Mapping[int, int] | None = field(default=None, kw_only=True)
    expires_at: datetime | None = field(default=None, kw_only=True)
    available_from: datetime | None = field(default=None, kw_only=True)


@frozen
class Debit(Effect):
    """Value taken from the member's account of a kind; more than is available cannot be applied."""

    account: str = field(kw_only=True)
    amount: int = field(kw_only=True)
    shares: Mapping[int, int] | None = field(default=None, kw_only=True)


@frozen
class TakeBack(Effect):
    """A part of what an earlier activity of the member credited is taken back: from its own lot, whatever became of it.

    ``target`` is that activity, which the payload must name in the field that the activity's type declares. ``amount``
    None takes all that is left of its credits to ``account``; more than is left refuses the activity. What was measured
    of the target stays as it was.
    """

    target: str = field(kw_only=True)
    account: str = field(kw_only=True)
    amount: int | None = field(default=None, kw_only=True)


@frozen
class Skipped(Effect):
    """No effect, but why there is none: a rule that did not fire for an activity, or not in full.

    ``code`` is one of the declared errors, ``parameters`` fill in its sentence. It changes nothing; simulating shows
    it, and it is kept with the activity for whoever asks why.
    """

    code: str = field(kw_only=True)
    parameters: Mapping[str, Any] = field(factory=dict[str, Any], kw_only=True)


@frozen
class SetTier(Effect):
    """The member stands in another tier of a ladder from now on."""

    ladder: str = field(kw_only=True)
    tier: str = field(kw_only=True)
    reason: str = field(kw_only=True)
    measured: Mapping[str, int] = field(factory=dict[str, int], kw_only=True)


@frozen
class SetState(Effect):
    """The member passes into another state of its life."""

    state: str = field(kw_only=True)
    reason: str = field(default="", kw_only=True)


@frozen
class Enrol(Effect):
    """Somebody becomes a member; ``profile`` holds what is known about the person."""

    state: str = field(default="active", kw_only=True)
    profile: Mapping[str, Any] = field(factory=dict[str, Any], kw_only=True)


@frozen
class Follow(Effect):
    """Causes an activity of the same member right after this one, in the same unit.

    ``name`` tells it from its siblings: the key of the follow-on is derived from the parent and it.
    """

    type: str = field(kw_only=True)
    name: str = field(kw_only=True)
    amount: int = field(default=0, kw_only=True)
    unit: str | None = field(default=None, kw_only=True)
    payload: Mapping[str, Any] = field(factory=dict[str, Any], kw_only=True)


def values_of(effect: Effect) -> dict[str, Any]:
    """Return what an effect says beyond what every effect has, as it is stored."""
    common = {"activity", "rule", "otherwise"}
    return {each.name: getattr(effect, each.name) for each in fields(type(effect)) if each.name not in common}
