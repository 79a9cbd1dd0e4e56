"""What a member gets or loses: frozen values that plugins yield and only the kernel applies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from attrs import field, fields, frozen

from corekit.activities.activity import Activity

Otherwise = Literal["refuse", "drop"]
"""What happens to an effect that cannot be applied: the activity is refused, or the effect is dropped."""
Split = Literal["in_turn", "pro_rata"]
"""How value is taken of several accounts: of the first one first, or of all in proportion to what they have."""
AccountState = Literal["open", "no_debit", "frozen"]
"""What an account lets pass: everything, all but debits and holds, or nothing."""
LONGEST_HOLD = 10 * 366 * 86_400
"""Seconds for which value can be set aside: ten years."""


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
class Across(Effect):
    """The base of what is taken from several of the member's accounts of one unit: all of it, or nothing.

    ``in_turn`` takes from the first account of ``accounts`` first. ``pro_rata`` goes group by group: a group is the
    lots that one activity issued, of whatever kind; the one that lapses first comes first, then the oldest. Within a
    group each account gives in proportion to what remains of it (accounts without lots are one group).
    """

    accounts: Sequence[str] = field(kw_only=True)
    amount: int = field(kw_only=True)
    split: Split = field(default="in_turn", kw_only=True)


@frozen
class DebitAcross(Across):
    """Value taken from several accounts; more than they have together cannot be applied.

    It becomes one ``Debit`` for each account that gives something; these come back together, in the same proportion.
    """


@frozen
class Hold(Effect):
    """Value set aside: it is not available any more, but not spent until captured.

    It can fail only when placed. ``seconds`` after that it can no longer be captured and is available again; None
    waits for ever. Its id is that of the effect, as the outcome tells it.
    """

    account: str = field(kw_only=True)
    amount: int = field(kw_only=True)
    seconds: int | None = field(default=None, kw_only=True)


@frozen
class HoldAcross(Across):
    """Value of several accounts set aside, as one ``Hold`` for each that gives something; see there of ``seconds``."""

    seconds: int | None = field(default=None, kw_only=True)


@frozen
class Capture(Effect):
    """Spends what was set aside by a hold, all of it or ``amount``; the rest is available again."""

    hold: str = field(kw_only=True)
    amount: int | None = field(default=None, kw_only=True)


@frozen
class Release(Effect):
    """Lets what was set aside by a hold be available again."""

    hold: str = field(kw_only=True)


@frozen
class CaptureAcross(Effect):
    """Spends what an earlier activity of the member set aside, ``placed_by``: all that is still held, or ``amount``.

    Of a part each hold gives in proportion, as one ``Capture``; the rest is available again. These come back together.
    """

    placed_by: str = field(kw_only=True)
    amount: int | None = field(default=None, kw_only=True)


@frozen
class ReleaseAcross(Effect):
    """Lets all that an earlier activity of the member set aside, ``placed_by``, be available again."""

    placed_by: str = field(kw_only=True)


@frozen
class Transfer(Effect):
    """Value of the member for another one, whom the activity names in ``members``; it keeps its expiry.

    It arrives by an activity of that member, in the same unit. More than is available cannot be applied.
    """

    account: str = field(kw_only=True)
    amount: int = field(kw_only=True)
    to: str = field(kw_only=True)


@frozen
class Receive(Effect):
    """Value that comes from another member, or from another system's books (``source``), with its own expiry."""

    account: str = field(kw_only=True)
    amount: int = field(kw_only=True)
    expires_at: datetime | None = field(default=None, kw_only=True)
    available_from: datetime | None = field(default=None, kw_only=True)
    source: Literal["transfer", "opening"] = field(default="transfer", kw_only=True)


@frozen
class CloseAccount(Effect):
    """What the member has, or owes, of an account kind goes to another kind of its unit, ``to``, or to the house."""

    account: str = field(kw_only=True)
    to: str | None = field(default=None, kw_only=True)


@frozen
class SetAccountState(Effect):
    """What the member's account of a kind lets pass from now on.

    ``no_debit`` refuses debits and holds, ``frozen`` credits as well; reversals, expiry, and captures of what was held
    before are posted in any case. Taken back, the account is again as the last word on it said that stands.
    """

    account: str = field(kw_only=True)
    state: AccountState = field(kw_only=True)


@frozen
class ShiftMetrics(Effect):
    """What was measured of another member counts for this one, on the days on which it counted there.

    ``days`` has the values by number of the day and by metric.
    """

    days: Mapping[str, Mapping[str, int]] = field(kw_only=True)


@frozen
class Bundle(Effect):
    """Effects that stand or fall together: where one cannot be applied, none is, and ``otherwise`` says what then.

    Those inside say no ``otherwise`` of their own, and are no bundles.
    """

    effects: Sequence[Effect] = field(kw_only=True)


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
    """A stay in a tier of a ladder begins, valid until ``expires_at`` (None: for ever).

    ``was`` is the tier that it was decided from: where the member stands in another one by now, it is not applied.
    ``growth`` is how much of the ladder's growth value the re-rating takes.
    """

    ladder: str = field(kw_only=True)
    tier: str = field(kw_only=True)
    reason: str = field(kw_only=True)
    was: str | None = field(default=None, kw_only=True)
    expires_at: datetime | None = field(default=None, kw_only=True)
    measured: Mapping[str, int] = field(factory=dict[str, int], kw_only=True)
    growth: int = field(default=0, kw_only=True)


@frozen
class PlaceInTier(Effect):
    """Somebody puts the member into a tier, and keeps everybody else from changing it until ``locked_until``."""

    ladder: str = field(kw_only=True)
    tier: str = field(kw_only=True)
    locked_until: datetime | None = field(default=None, kw_only=True)


@frozen
class RequestTier(Effect):
    """The member asks for the tier of a ladder for which it qualifies."""

    ladder: str = field(kw_only=True)


@frozen
class ClaimBenefit(Effect):
    """The member takes a benefit of its tier, ``quantity`` times."""

    ladder: str = field(kw_only=True)
    benefit: str = field(kw_only=True)
    quantity: int = field(default=1, kw_only=True)


@frozen
class SetState(Effect):
    """The member passes into another state of its life."""

    state: str = field(kw_only=True)
    reason: str = field(default="", kw_only=True)


@frozen
class Enrol(Effect):
    """Somebody becomes a member; ``profile`` holds what is known about the person."""

    state: str | None = field(default=None, kw_only=True)
    """None: as the program's enrolment policy says."""
    profile: Mapping[str, Any] = field(factory=dict[str, Any], kw_only=True)


@frozen
class PersonEffect(Effect):
    """The base of effects on what is known of the person, which is read when one of them is applied."""


@frozen
class UpdateProfile(PersonEffect):
    """What is known of the person changes: ``changes`` holds what is given, null for what is removed."""

    changes: Mapping[str, Any] = field(factory=dict[str, Any], kw_only=True)


@frozen
class Renew(PersonEffect):
    """A membership begins, or is prolonged, for ``months`` or for what the program says; the member is active."""

    months: int | None = field(default=None, kw_only=True)
    reason: str = field(default="", kw_only=True)


@frozen
class Lapse(PersonEffect):
    """The membership runs out: the member sleeps.

    ``valid_until`` is the end that was seen when it was decided; it is refused where that has moved since.
    """

    valid_until: int | None = field(default=None, kw_only=True)
    reason: str = field(default="", kw_only=True)


@frozen
class Tag(PersonEffect):
    """Tags are put on the member, and taken off."""

    add: Sequence[str] = field(default=(), kw_only=True)
    remove: Sequence[str] = field(default=(), kw_only=True)


@frozen
class SetConsent(PersonEffect):
    """The member's word on a purpose and a channel."""

    purpose: str = field(kw_only=True)
    channel: str = field(kw_only=True)
    granted: bool = field(kw_only=True)


@frozen
class JoinGroup(PersonEffect):
    """The member belongs to a group, such as a family, as its primary or as a supplementary member."""

    code: str = field(kw_only=True)
    kind: str = field(kw_only=True)
    role: Literal["primary", "supplementary"] = field(default="supplementary", kw_only=True)


@frozen
class LeaveGroup(PersonEffect):
    """The member no longer belongs to a group."""

    code: str = field(kw_only=True)


@frozen
class Erase(PersonEffect):
    """Everything that tells who the person is goes; value and its history stay. It cannot be undone."""


@frozen
class Merge(PersonEffect):
    """Another member, whom the activity names in ``members``, becomes a part of this one."""


@frozen
class GiveUp(PersonEffect):
    """The member becomes a part of ``into``: all that it has and all by which it is known goes there."""

    into: str = field(kw_only=True)


@frozen
class PassOn(Effect):
    """What came to a merged member, or is missing, because something was taken back goes to the survivor, ``into``."""

    into: str = field(kw_only=True)


@frozen
class TakeDebt(Effect):
    """What another member, ``of``, owes on an account is paid, or owed, by this one."""

    account: str = field(kw_only=True)
    amount: int = field(kw_only=True)
    of: str = field(kw_only=True)


@frozen
class TakeOver(PersonEffect):
    """What is known of another member is known of this one, as far as nothing was known of it.

    ``profile`` is a change of the profile, ``consents`` are words on a purpose and a channel, ``groups`` have kind and
    role by code.
    """

    profile: Mapping[str, Any] = field(factory=dict[str, Any], kw_only=True)
    tags: Sequence[str] = field(default=(), kw_only=True)
    consents: Sequence[tuple[str, str, bool]] = field(default=(), kw_only=True)
    groups: Mapping[str, tuple[str, str]] = field(factory=dict[str, tuple[str, str]], kw_only=True)


@frozen
class Follow(Effect):
    """Causes an activity right after this one, in the same unit: of the same member, or of one named in ``members``.

    ``name`` tells it from its siblings: the key of the follow-on is derived from the parent and it.
    """

    type: str = field(kw_only=True)
    name: str = field(kw_only=True)
    amount: int = field(default=0, kw_only=True)
    unit: str | None = field(default=None, kw_only=True)
    payload: Mapping[str, Any] = field(factory=dict[str, Any], kw_only=True)
    member: str | None = field(default=None, kw_only=True)


def parts_of(effect: Effect) -> Sequence[Effect]:
    """Return the effects of a bundle, or the effect itself."""
    return effect.effects if isinstance(effect, Bundle) else (effect,)


def values_of(effect: Effect, *, divisible: bool = False) -> dict[str, Any]:
    """Return what an effect says beyond what every effect has, or every divisible one, as it is stored."""
    common = {"activity", "rule", "otherwise", *(("amount", "shares") if divisible else ())}
    return {each.name: getattr(effect, each.name) for each in fields(type(effect)) if each.name not in common}
