"""A person's rights: everything that is known of a member as one document, and being forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from attrs import frozen
from sqlalchemy import literal_column, select, update
from sqlalchemy.dialects import postgresql, sqlite

from corekit.activities.activity import Activity
from corekit.activities.member_rows import forget_merges
from corekit.activities.plugin_read import PluginRead
from corekit.activities.plugin_write import writing
from corekit.activities.read import activities_of
from corekit.audit.trail import leave
from corekit.clock import micros
from corekit.db.reader import Reader, any_of
from corekit.db.shape import Shape
from corekit.errors import Busy, NotFound, PluginError, PluginRaised
from corekit.ids import is_id, new_id
from corekit.ledger.read import balances
from corekit.log import raised_at
from corekit.members.history import changes
from corekit.members.read import Member, consents, external_ids, groups, members, parts, survivors, tags
from corekit.members.tables import erasure as _erasure
from corekit.suspension.suspensions import Suspensions, read_suspensions
from corekit.tiers.read import history as tier_history

if TYPE_CHECKING:
    from corekit.kit import Kit
    from corekit.plugins import Plugin

_log = structlog.get_logger("corekit.privacy")
PAGE = 1_000


@frozen
class Erasure:
    """A request to forget who a member is.

    It is ``open`` until every plugin has done its part, and then says in ``obstacle`` which one has not; ``done`` when
    nothing tells of the person any more.
    """

    id: str
    member: str
    state: str
    reason: str
    actor: str | None
    opened_at: datetime
    closed_at: datetime | None
    obstacle: str | None


_ERASURE = Shape(Erasure, _erasure, member=_erasure.c.member_id)


def export(read: Reader, kit: Kit, member: str, now: datetime) -> dict[str, Any]:
    """Return everything that is known of a member, as of one moment; what plugins know is under ``plugins``.

    Those who are a part of it stand under ``merged``.

    Raises NotFound, PluginRaised where a plugin cannot say what it knows, and Busy where one is suspended.
    """
    member = survivors(read, [member]).get(member, member)
    found = members(read, [member]).get(member)
    if found is None:
        raise NotFound(f"there is no member {member}", member=member)
    return {
        **_document(read, kit, found, now),
        "merged": [_document(read, kit, each, now) for each in members(read, parts(read, [member])[member]).values()],
    }


def _document(read: Reader, kit: Kit, found: Member, now: datetime) -> dict[str, Any]:
    member = found.id
    activities: list[Any] = []
    after: str | None = None
    while True:
        page = activities_of(read, [member], None, first=PAGE, after=after)[member]
        activities += page.items
        if not page.has_next:
            break
        after = page.cursors[-1]
    return {
        "member": found,
        "external_ids": external_ids(read, [member])[member],
        "tags": tags(read, [member])[member],
        "groups": groups(read, [member])[member],
        "consents": consents(read, [member])[member],
        "changes": changes(read, [member], first=None)[member],
        "balances": balances(read, [member], now)[member],
        "tiers": tier_history(read, [member])[member],
        "activities": activities,
        "plugins": _of_plugins(read, kit, member),
    }


def _of_plugins(read: Reader, kit: Kit, member: str) -> dict[str, Any]:
    """Return what plugins know of a member, by the plugin's name."""
    resting = read_suspensions(read)
    found: dict[str, Any] = {}
    for plugin in kit.hooks.exporting:
        resting.check(plugin.name)
        try:
            document = _exported(read, kit, plugin, member)
        except (PluginRaised, PluginError) as error:
            _log.error("plugin raised", member=member, **raised_at(error))
            raise PluginRaised(error.message, plugin=plugin.name, hook="corekit_export") from error
        if document is not None:
            found[plugin.name] = document
    return found


def _exported(read: Reader, kit: Kit, plugin: Plugin, member: str) -> dict[str, Any] | None:
    own = PluginRead(plugin.name, read.dialect, lambda: nullcontext(read))
    try:
        document = kit.breaker.call(plugin.name, partial(kit.hooks.export, plugin, member, own))
    except BaseException:
        own.end(spoilt=True)
        raise
    if (stopped := own.end()) is not None:
        raise stopped
    return document


def erase(kit: Kit, member: str, *, reason: str, actor: str | None) -> Erasure:
    """Forget who a member is, and those who are a part of it: plugins first and last. See :meth:`Kit.erase`."""
    with kit.read() as read:
        member, everybody = _whom(read, member)
        resting = read_suspensions(read)
    request = _open(kit, member, reason, actor)
    if (stopped := _erase_by_plugins(kit, request, everybody, resting)) is not None:
        return stopped
    for each in everybody:
        key = f"erase:{request}" if each == member else f"erase:{request}:{each}"
        told = {"reason": reason}
        (outcome,) = kit.settle_own(
            [Activity(type="member.erased", member=each, external_id=key, payload=told, actor=actor)]
        )
        if not outcome.settled and outcome.code != "ERASED":
            return _note(kit, request, obstacle=f"{outcome.message} [{outcome.code}]")
    # What was recorded after they were asked is forgotten as well; now that the core has, nothing more comes.
    if (stopped := _erase_by_plugins(kit, request, everybody, resting)) is not None:
        return stopped
    with kit.read() as read:
        is_everybody = _whom(read, member) == (member, everybody)
    if not is_everybody:  # somebody became a part of it before it was erased, or it of somebody
        rest = erase(kit, member, reason=reason, actor=actor)
        if rest.id == request or rest.state == "open":
            return rest
    with kit.database.write() as connection:
        forget_merges(connection, everybody)
    return _note(kit, request, state="done", closed_at=micros(kit.now()), obstacle=None)


def erasures(read: Reader, *, state: str | None = None, ids: list[str] | None = None) -> list[Erasure]:
    """Return the requests to forget somebody, oldest first; of a state, or those of the ids."""
    wanted = select(*_ERASURE.columns).order_by(_erasure.c.opened_at, _erasure.c.id)
    if state is not None:
        wanted = wanted.where(_erasure.c.state == state)
    if ids is not None:
        wanted = wanted.where(any_of(_erasure.c.id, ids))
    return [_ERASURE(row) for row in read.all(wanted)]


def _erase_by_plugins(kit: Kit, request: str, everybody: Sequence[str], resting: Suspensions) -> Erasure | None:
    """Let each plugin erase what it knows of members; return the request where one cannot, which stays open."""
    for plugin in kit.hooks.erasing:
        try:
            resting.check(plugin.name)
            _erase_by(kit, plugin, everybody)
        except (PluginRaised, PluginError, Busy) as error:
            if isinstance(error, Busy) and error.parameters.get("plugin") != plugin.name:
                raise
            _log.error("plugin raised", member=everybody[-1], **raised_at(error))
            kit.suspend_broken()
            obstacle = f"plugin {plugin.name} could not erase; see the log, mend it, and ask again"
            return _note(kit, request, obstacle=obstacle)
    return None


def _whom(read: Reader, member: str) -> tuple[str, list[str]]:
    """Return of whom a member is a part, itself where of nobody, and all who are forgotten together."""
    member = survivors(read, [member]).get(member, member)
    return member, [*parts(read, [member])[member], member]


def _erase_by(kit: Kit, plugin: Plugin, everybody: Sequence[str]) -> None:
    """Let a plugin erase what it knows of members, in a transaction of its own."""
    with kit.database.unit() as settling, writing(settling, plugin) as write:
        for each in everybody:
            kit.breaker.call(plugin.name, partial(kit.hooks.erase, plugin, each, write))


def _open(kit: Kit, member: str, reason: str, actor: str | None) -> str:
    """Return the open request of a member, a new one where there is none; of two at once, both get the same."""
    now = kit.now()
    with kit.database.write() as connection:
        read = Reader(connection)
        if not is_id(member) or member not in members(read, [member]):
            raise NotFound(f"there is no member {member}", member=member)
        row = {"id": new_id(), "member_id": member, "state": "open", "reason": reason, "actor": actor}
        put = (sqlite if read.dialect == "sqlite" else postgresql).insert(_erasure)
        put = put.values({**row, "opened_at": micros(now)})
        # Written as it is, the one that is open stays so until it was read: who closes it waits for its row.
        put = put.on_conflict_do_update(
            index_elements=[_erasure.c.member_id],
            index_where=_erasure.c.state == literal_column("'open'"),
            set_={"state": _erasure.c.state},
        )
        request = str(connection.scalar(put.returning(_erasure.c.id)))
        leave(connection, now, actor, "member.erasure", member, request=request)
        return request


def _note(kit: Kit, request: str, **values: Any) -> Erasure:
    """Write down how far an open request has come, and return it; one that somebody else has closed stays as it is."""
    of_it = (_erasure.c.id == request, _erasure.c.state == "open")
    with kit.database.write() as connection:
        connection.execute(update(_erasure).where(*of_it).values(**values))
        return erasures(Reader(connection), ids=[request])[0]
