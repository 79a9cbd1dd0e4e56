"""What a job is: a sweep over members as declared data, or a function; and when it runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol

from attrs import field, frozen

from corekit.activities.effects import Otherwise

if TYPE_CHECKING:
    from sqlalchemy import SelectBase

    from corekit.jobs.bounds import Bounds
    from corekit.kit import Kit

CatchUp = Literal["last", "each"]
"""What becomes of instants at which nobody ran the job: the last of them is made up for, or each in turn."""

SweepEffect = Literal["Credit", "Debit", "Expire"]
"""What a sweep does to an account, as the books call it. ``Expire`` is the core's own."""


@frozen(kw_only=True)
class Limits:
    """When a sweep stops before it writes and waits for a go: above a share, in percent, of what there is.

    ``members`` is the share of all members, ``value`` that of the value in all accounts of the kind; None: no limit.
    A sweep over fewer than ``least`` members is never stopped.
    """

    members: int | None = None
    value: int | None = 50
    least: int = 100


@frozen(kw_only=True)
class Sweep:
    """Something that is done to many members at once, as data.

    ``select`` gets the :class:`~corekit.jobs.bounds.Bounds` of a part of all members and returns one select of
    SQLAlchemy Core with the columns ``member_id``, ``key`` (what it is done for, once for ever, such as ``2026``
    and the member), ``amount`` (minor units, 1 or more where there is an effect) and ``rule`` (name and version, such
    as ``fee@1``). Each row becomes one activity of ``activity_type`` with one ``effect`` on the member's ``account``;
    what ``otherwise`` says happens to an effect that cannot be applied. Without an effect the rows are recorded, and
    may bring a column ``payload``; of a type that takes something back they bring a column ``reverses``, the id of the
    activity that is taken back.

    An activity type with an effect is ``internal``, and its amount counts the unit of the account. ``schedule`` is a
    cron expression of five fields on the program's clock; None: it runs by hand alone.
    """

    name: str
    activity_type: str
    select: Callable[[Bounds], SelectBase] = field(repr=False)
    description: str = ""
    effect: SweepEffect | None = None
    account: str | None = None
    otherwise: Otherwise | None = None
    schedule: str | None = None
    catch_up: CatchUp = "last"
    limits: Limits = Limits()


class Work(Protocol):
    """What the function of a job works with."""

    @property
    def kit(self) -> Kit:
        """The kit that runs it."""
        ...

    @property
    def at(self) -> datetime:
        """The instant as of which it runs."""
        ...

    @property
    def historical(self) -> bool:
        """Whether what it does settles at that instant, since somebody named it; else it settles now."""
        ...

    def beat(self, **counts: int) -> None:
        """Say that it is still alive, at least twice a minute, and count what was done since.

        The counts are ``found``, ``settled``, ``waiting`` and ``refused``. Raises CorekitError ``JOB_LOST`` where
        another runner has taken over.
        """
        ...


@frozen(kw_only=True)
class Job:
    """A job that is no sweep. ``run`` can be run again at any time, and continues what was interrupted.

    What it returns is kept with the run. ``schedule`` and ``catch_up`` are those of a :class:`Sweep`.
    """

    name: str
    run: Callable[[Work], Mapping[str, Any] | None] = field(repr=False)
    description: str = ""
    schedule: str | None = None
    catch_up: CatchUp = "last"
