"""Everything static that a plugin brings, in one value: :class:`Declares`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from attrs import field, frozen
from marshmallow import Schema

from corekit.activities.effects import Effect, Follow
from corekit.ledger.expiry import Expiry
from corekit.metrics import Metric

if TYPE_CHECKING:
    from sqlalchemy import Column

    from corekit.activities.plugin_write import Applied, PluginWrite
    from corekit.db.lineage import Lineage
    from corekit.jobs.declared import Job, Sweep


@frozen
class Unit:
    """What amounts count. ``scale`` is the number of decimal places between a minor and a whole unit."""

    code: str
    scale: int = 0
    kind: Literal["money", "points", "counter"] = "points"


@frozen(kw_only=True)
class AccountKind:
    """A kind of value account that members can have.

    With ``lots`` each credit keeps its own expiry and is spent earliest expiry first. ``clawback`` says what
    becomes of value that is taken back after it was spent: the member owes it (``debt``), the house bears it
    (``write_off``), or the reversal is refused. A lot given back after it lapsed lives ``grace`` days more.
    ``dimensions`` are the fields of payloads by which its postings are cut (a store, a channel): each names the segment
    of what its activity says of them. They are texts or whole numbers, have few values, and tell of no person: what a
    segment says stays for ever. Once something is posted they stay as they are.
    """

    code: str
    unit: Unit
    name: str = ""
    lots: bool = False
    expiry: Expiry | None = None
    clawback: Literal["debt", "write_off", "refuse"] = "debt"
    grace: int = 0
    dimensions: Sequence[str] = ()


@frozen(kw_only=True)
class ActivityType:
    """A type of activity.

    ``schema`` validates its payload (None: the payload stays empty). ``amount`` says what its amount counts:
    nothing (``none``), the program's currency (``money``), the unit of that code, or the unit that the activity names,
    one of the account kinds of the declaring plugin (``own``) or of all (``any``); ``signed`` lets it be negative, but
    not zero. A ``command`` asks for something and is refused as a whole where an effect cannot be applied; a fact has
    happened, so there the effect is dropped and the reason kept. A ``reversal`` takes back the activity it names in
    ``reverses``. An ``internal`` type is recorded by the kernel alone, for a sweep or for an effect of the plugin that
    declares it. ``kept`` are the keys of the payload that are
    stored with the activity (None: all): an activity stays for ever, so what tells who a person is does not belong
    to it. What is not ``simulated`` cannot be tried out: nobody may learn what comes of it without doing it. ``target``
    is the field of the payload that names an earlier activity of the member, of which a :class:`TakeBack` takes
    something back. What is prepared for an activity that is read ``afresh`` includes all that came before it of its
    member: in a chunk it waits until that is written. With ``tenders`` the payload may say in a table of that name how
    much of the amount, in minor units, is paid by which tender; whoever takes one (:class:`Declares`) is asked about
    the activity.
    """

    name: str
    description: str = ""
    schema: type[Schema] | None = None
    amount: str = "none"
    signed: bool = False
    lines: bool = False
    command: bool = False
    reversal: bool = False
    internal: bool = False
    kept: Sequence[str] | None = None
    simulated: bool = True
    target: str | None = None
    afresh: bool = False
    tenders: bool = False


@frozen(kw_only=True)
class EffectKind:
    """An effect of the plugin's own: how it is applied, undone, and foreseen.

    ``apply`` and ``undo`` get a write connection limited to the plugin's own tables and many effects at once;
    each is a fixed number of set-based statements and returns the ids of the effects whose guard failed.
    ``fold`` and ``unfold`` do the same, purely, to what the plugin's ``corekit_prepare`` returned for the
    member; without them the member's next activity waits for the next chunk. ``follow`` says which follow-on
    the effect causes. ``partial`` says what returns do to it: the one that completes the whole undoes it
    (``proportional``), the first part does (``revoke``), or it stays, also after a whole return (``keep``).
    ``refusal`` is the code where a guard fails. With ``learn`` a failed guard refuses nothing: it gives, purely, the
    prepared value with what the failure tells, and the activity is reacted to again with that. Where the same effect
    comes again, it is refused.

    An effect that is ``divisible`` has the fields ``amount`` (1 or more) and ``shares``, like a :class:`Credit`, and
    where it is ``proportional`` each part that comes back undoes its part: what ``undo`` and ``unfold`` get then says
    with ``amount`` how much that is, and has no ``shares``.
    """

    name: str
    effect: type[Effect]
    apply: Callable[[PluginWrite, Sequence[Applied]], Sequence[str] | None]
    undo: Callable[[PluginWrite, Sequence[Applied]], Sequence[str] | None]
    fold: Callable[[Any, Any], Any] | None = None
    unfold: Callable[[Any, Any], Any] | None = None
    follow: Callable[[Any], Follow | None] | None = None
    learn: Callable[[Any, Any], Any] | None = None
    partial: Literal["keep", "revoke", "proportional"] = "proportional"
    divisible: bool = False
    refusal: str = "GUARD_FAILED"


Passing = Callable[["PluginWrite", Sequence["Applied"]], object]
"""Does something with merges: each has its ``id``, the ``member`` that stays, and in ``effect.giver`` the other one."""


@frozen(eq=False)
class MemberRows:
    """Rows of a table of the plugin's own that are a member's, by the column that names the member.

    Where two members become one, the rows of the other pass to the one that stays, and where that is taken back, just
    those go back; with ``merge="stay"`` they stay where they are. So does a row where both have one under the same
    unique key of the table. ``key`` is the column of type :class:`Id` by which a row is known, together with the member
    (None: what the primary key has besides the member). ``before`` and ``after`` are called before rows pass and when
    they have, ``back`` when they have gone back, each with all merges of a chunk: a fixed number of set-based
    statements.

    Where a member is forgotten, its rows are deleted, or (``anonymise``) no longer name it.
    """

    member: Column[Any]
    key: Column[Any] | None = field(default=None, kw_only=True)
    merge: Literal["move", "stay"] = field(default="move", kw_only=True)
    erase: Literal["delete", "anonymise"] = field(default="delete", kw_only=True)
    before: Passing | None = field(default=None, kw_only=True)
    after: Passing | None = field(default=None, kw_only=True)
    back: Passing | None = field(default=None, kw_only=True)


@frozen(kw_only=True)
class BenefitKind:
    """A kind of benefit that a tier can bring.

    In the program file a benefit of the kind's own name is of that kind, and a table says with ``kind`` of which it is.
    ``schema`` loads the rest of that table (None: there is none). What is ``claimable`` is taken by the activity
    ``tier.benefit_claimed``, at most ``quota`` times ``per`` window: the plugin reacts to it, the core counts.
    """

    name: str
    description: str = ""
    schema: type[Schema] | None = None
    claimable: bool = False


@frozen(kw_only=True)
class Permission:
    """A right that a viewer can be given, such as ``points.adjust``."""

    name: str
    description: str


@frozen
class ErrorText:
    """A code of the plugin's own with its sentence in English and Simplified Chinese (``{name}`` fills in)."""

    code: str
    en: str
    zh: str


@frozen(kw_only=True)
class Section:
    """The plugin's own section of the program file, and what follows from its content.

    ``schema`` loads it (an absent section is loaded as an empty one). ``accounts`` and ``metrics`` derive
    account kinds and metrics from what was loaded, ``reacts`` the activity types to which it makes the plugin react,
    ``prepares`` those for which it makes it prepare.
    """

    schema: type[Schema]
    accounts: Callable[[Any], Sequence[AccountKind]] | None = None
    metrics: Callable[[Any], Sequence[Metric]] | None = None
    reacts: Callable[[Any], Collection[str]] | None = None
    prepares: Callable[[Any], Collection[str]] | None = None


@frozen(kw_only=True)
class Declares:
    """Everything static a plugin brings. Each name it leaves outside itself is prefixed with its own.

    ``happened_from`` says where ``corekit_happened`` begins when the plugin is switched on for the first time: with
    what is recorded from ``now`` on, or at the ``beginning`` of all. Off and on again, it goes on where it was.
    ``reacts`` are the activity types to which ``corekit_react`` reacts, besides those that its :class:`Section` derives
    from the program: sweeps of other types need not ask it. With neither it may react to all.
    ``prepares`` are, in the same way, those for which ``corekit_prepare`` is called: to call a plugin and to watch it
    takes some 30 µs, even where it finds that nothing is to be read. With neither it is called for all.
    ``members`` are rows that are a member's: they pass, and are forgotten, with the member.
    ``tenders`` are those that the plugin takes. It reacts to whatever activity has one in its payload with effects that
    ``otherwise`` refuse, so that the whole activity is refused where one tender cannot be paid.
    """

    requires: Sequence[str] = ()
    settings: type[Schema] | None = None
    lineage: Lineage | None = None
    accounts: Sequence[AccountKind] = ()
    activities: Sequence[ActivityType] = ()
    effects: Sequence[EffectKind] = ()
    members: Sequence[MemberRows] = ()
    metrics: Sequence[Metric] = ()
    sweeps: Sequence[Sweep] = ()
    jobs: Sequence[Job] = ()
    reacts: Sequence[str] | None = None
    prepares: Sequence[str] | None = None
    benefits: Sequence[BenefitKind] = ()
    permissions: Sequence[Permission] = ()
    errors: Sequence[ErrorText] = ()
    tenders: Sequence[str] = ()
    program: Section | None = None
    specs: Sequence[ModuleType] = ()
    budget: int = 0
    happened_from: Literal["now", "beginning"] = "now"
