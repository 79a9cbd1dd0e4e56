"""Leaving a row in the audit trail, and reading the trail.

An activity says itself who recorded it, and cannot be changed; so it has no row of its own, and the trail is read from
both (decision 0094).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Unpack

from attrs import frozen
from sqlalchemy import ColumnElement, Connection, Select, Table, insert, select

from corekit.activities.tables import activity as _activity
from corekit.audit.tables import audit as _audit
from corekit.clock import micros, moment
from corekit.db.reader import AnyRow, Reader
from corekit.ids import new_id
from corekit.paging import Ask, Page, Span

KINDS = ("member", "staff", "service")
"""What an actor may begin with; any other is an operator: somebody at the command line, or a program of the house."""
OPERATOR = "operator"
CORE = "core"


@frozen(kw_only=True)
class AuditEntry:
    """A change, and who made it.

    ``what`` is a dotted name (``program.applied``), of an activity its type. ``subject`` is what was changed, of an
    activity the member. ``activity`` is the activity's id, where the change is one.
    """

    id: str
    at: datetime
    actor: str
    kind: str
    what: str
    subject: str
    parameters: Mapping[str, Any]
    activity: str | None = None

    @property
    def is_of_member(self) -> bool:
        """Whether the subject is a member."""
        return self.activity is not None or self.what.startswith("member.")


def leave(connection: Connection, at: datetime, actor: str | None, what: str, subject: str, **parameters: Any) -> None:
    """Leave a row about a change in the transaction that makes it, so that neither is there without the other.

    Call it once for each change, not for what is found to be so already. Without an ``actor`` it leaves none: nobody
    but the kit itself changed anything. ``parameters`` never hold a secret, nor who a member is.
    """
    if actor is None:
        return
    row = {"actor": actor, "kind": kind_of(actor), "what": what, "subject": subject, "parameters": parameters}
    connection.execute(insert(_audit).values(id=new_id(), at=micros(at), **row))


def kind_of(actor: str) -> str:
    """Return which kind of viewer an actor is, such as ``staff`` of ``staff:mira``."""
    kind, colon, _ = actor.partition(":")
    return kind if colon and kind in KINDS else OPERATOR


def audit_page(
    read: Reader,
    *,
    actor: str | None = None,
    what: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **page: Unpack[Ask],
) -> Page[AuditEntry]:
    """Return a page of the trail, newest first: by one actor, of one name, from an instant on, until an instant.

    What members recorded themselves is left out. Raises :class:`corekit.Invalid` (``PAGE_SIZE``, ``CURSOR``).
    """
    span = Span.of(page, int, str, falling=True)
    if any("\0" in text for text in (actor, what) if text is not None):
        return Page(total=0)  # no stored text holds it, and PostgreSQL would not even compare
    found: list[AuditEntry] = []
    total = 0
    for table, instant, read_row in _TRAIL:
        chosen = _chosen(table, instant, actor, what, since, until)
        found += map(read_row, read.all(span.select(chosen, (instant, table.c.id))))
        total += span.total(read, chosen) or 0
    found.sort(key=_key, reverse=not span.backward)
    return span.page(found, _key, total if span.counted else None)


def _chosen(
    table: Table,
    instant: ColumnElement[int],
    actor: str | None,
    what: str | None,
    since: datetime | None,
    until: datetime | None,
) -> Select[Any]:
    """Select what one table knows of the trail."""
    chosen = select(table)
    if table is _activity:
        # As the partial indexes say it. What the core records by itself follows from something that is in the trail.
        chosen = chosen.where(_activity.c.actor.is_not(None), _activity.c.parent_id.is_(None))
        chosen = chosen.where(_activity.c.source != CORE, _activity.c.state == "settled")
        chosen = chosen.where(~_activity.c.actor.startswith("member:", autoescape=True))
    if actor is not None:
        chosen = chosen.where(table.c.actor == actor)
    if what is not None:
        chosen = chosen.where((table.c.type if table is _activity else table.c.what) == what)
    if since is not None:
        chosen = chosen.where(instant >= micros(since))
    if until is not None:
        chosen = chosen.where(instant < micros(until))
    return chosen


def _entry(row: AnyRow) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=moment(row.at),
        actor=row.actor,
        kind=row.kind,
        what=row.what,
        subject=row.subject,
        parameters=row.parameters,
    )


def _recorded(row: AnyRow) -> AuditEntry:
    return AuditEntry(
        id=row.id,
        at=moment(row.recorded_at),
        actor=row.actor,
        kind=kind_of(row.actor),
        what=row.type,
        subject=row.member_id,
        parameters={"source": row.source, "key": row.external_id},
        activity=row.id,
    )


def _key(entry: AuditEntry) -> tuple[int, str]:
    return micros(entry.at), entry.id


_TRAIL = ((_audit, _audit.c.at, _entry), (_activity, _activity.c.recorded_at, _recorded))
"""The tables of the trail: when each row was made, and how it is read."""
