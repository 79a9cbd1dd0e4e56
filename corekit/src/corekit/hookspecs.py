"""Every hook that corekit calls, in the order of a plugin's life.

A plugin implements a hook by a function of the same name, marked with :data:`corekit.hookimpl`; it may leave
out arguments it does not need. Hooks of GraphQL are in :mod:`corekit_schema.hookspecs`.

There is none for two members that become one: what a plugin keeps of them it declares (:class:`corekit.MemberRows`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import pluggy

if TYPE_CHECKING:
    from datetime import datetime

    from corekit.activities.activity import Batch
    from corekit.activities.effects import Effect
    from corekit.activities.enrolment import Applicant
    from corekit.activities.facts import Facts
    from corekit.activities.plugin_write import PluginWrite
    from corekit.db.reader import Reader
    from corekit.declares import Declares
    from corekit.errors import Refusal
    from corekit.offers import MemberNow, Offer
    from corekit.outbox.event import Event

NAMESPACE = "corekit"
hookspec = pluggy.HookspecMarker(NAMESPACE)
hookimpl = pluggy.HookimplMarker(NAMESPACE)

F = TypeVar("F", bound=Callable[..., Any])


def since(version: str) -> Callable[[F], F]:
    """Mark a hook's specification with the version of its distribution that brought it; it stands above the others."""

    def mark(function: F) -> F:
        setattr(function, f"{NAMESPACE}_since", version)
        return function

    return mark


# ---------------------------------------------------------------------------------------------- start-up


@since("0.1")
@hookspec
def corekit_declare() -> Declares:
    """Say everything static the plugin brings.

    Called once, when a kit starts, before any other hook. A plugin without it declares nothing. When it raises,
    start-up stops with one message that names the plugin.
    """
    raise NotImplementedError


# ------------------------------------------------------------------------------------------- settlement


@since("0.1")
@hookspec
def corekit_prepare(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Any] | None:
    """Read what ``corekit_react`` will need beyond the facts of the core.

    Called once for each chunk of activities, before anything reacts, with no lock held and no transaction open for
    writing. ``batch`` holds every activity of the chunk, so read set-based: a fixed number of statements whatever
    its size, and none where ``facts`` (each member as it stands before the chunk) says that nothing is needed. Return
    a frozen value per member id; ``facts.prepared(activity)`` gives it back. The reader ends with the call.
    When it raises, the activities that make it raise (found by bisecting) are stored as failed, the others go on; when
    it does not return it is stopped, and the plugin is suspended.
    """
    raise NotImplementedError


@since("0.1")
@hookspec
def corekit_react(batch: Batch, facts: Facts) -> Iterable[Effect]:
    """Yield the effects that the activities of the batch have.

    Called for each batch, where each member occurs at most once. It is pure: it reads nothing but its arguments, no
    clock, no chance, and gives the same answer for the same input. Results of all plugins are applied in the order
    of the plugins, then as yielded. When it raises, the activities that make it raise (found by bisecting) are
    stored as failed, the others go on; when it does not return it is stopped, and the plugin is suspended.
    """
    raise NotImplementedError


# ------------------------------------------------------------------------------------------------ afterwards


@since("0.1")
@hookspec
def corekit_happened(event: Event) -> None:
    """Do what is to be done outside: send, tell, count. ``event`` is one settled activity.

    Called by ``corekit worker``, or by ``Kit.deliver``, for every activity after it was committed: at least once, in
    the order of ``event.position`` for each member, one call after the other for one plugin. An event that
    comes again has the same ``position`` and ``id``. It begins where ``Declares.happened_from`` says. When it raises,
    the event is tried again, later and later, and what comes after it for the same member waits; other members and
    other plugins do not. After seven attempts it is a dead letter, which ``corekit outbox`` shows.
    """
    raise NotImplementedError


# ---------------------------------------------------------------------------------------------- members


@since("0.1")
@hookspec
def corekit_may_enrol(applicant: Applicant, facts: Facts) -> Refusal | None:
    """Say why somebody may not become a member, or None.

    Called for each registration, sent by itself or made because an activity names somebody unknown, before it
    settles and with no lock held. ``applicant`` holds the profile, the registration and the activity that caused it.
    It is pure, like ``corekit_react``: of ``facts`` it may use ``settings``, ``program`` and ``local``. Return a
    :class:`Refusal` with a code of the plugin's own (or raise it). The refusals of all plugins and of the enrolment
    policy are collected, and one is enough: the answer is ``ENROLMENT_REFUSED`` with every reason. When it raises
    anything else, that counts as a refusal (``ENROL_VETO_FAILED``).
    """
    raise NotImplementedError


@since("0.1")
@hookspec
def corekit_export(member: str, read: Reader) -> Mapping[str, Any] | None:
    """Return everything that the plugin knows of a member, as a document of JSON.

    Called where a member asks for its data (``Kit.export``), with the member's id and a reader of one snapshot. The
    documents of all plugins stand side by side, each under its plugin's name; None is left out. When it raises, nothing
    is exported and the error names the plugin.
    """
    raise NotImplementedError


@since("0.1")
@hookspec
def corekit_erase(member: str, write: PluginWrite) -> None:
    """Forget who a member is: remove or blank what tells of the person in the plugin's own tables.

    Called where a member is to be forgotten (``Kit.erase``), before the core forgets it and once more after that, for
    what was recorded in between; each time in a transaction that is committed when it returns and the rows of
    ``Declares.members`` are gone. ``write`` reaches the plugin's own tables only. What counts value stays: it belongs
    to the member's id. When it raises, the request stays open and says why, and is tried again as a whole.
    """
    raise NotImplementedError


# ------------------------------------------------------------------------------------------ at the counter


@since("0.1")
@hookspec
def corekit_offers(
    members: Sequence[MemberNow], read: Reader, at: datetime, program: Any, settings: Any
) -> Iterable[Offer]:
    """Say what members can have now, and of what they cannot have, why not.

    Called where somebody asks what members can have (``Kit.offers``, ``Member.offers``, the greeting at the counter),
    once for all of them, so read set-based: a fixed number of statements whatever their number. ``program`` and
    ``settings`` are the plugin's own sections, ``program`` that which holds at ``at``. Yield an :class:`Offer` for each
    thing and member, also of what it cannot have, with the reason; what is not for a member at all is left out. The
    offers of all plugins stand side by side, in the order of the plugins. When it raises, or yields what it may not, or
    the plugin is suspended, the offers of that plugin are left out and the plugin is named.
    """
    raise NotImplementedError
