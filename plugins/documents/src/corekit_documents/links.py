"""Links by which members download: making, opening and revoking them.

Who may have a document is asked when a link is made, and again whenever it is used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from attrs import frozen
from sqlalchemy import insert, select, update

from corekit import Activity, Invalid, Problem, Reader, Shape, any_of, micros, moment, new_id
from corekit.audience import Rule, Who, Why, compiled, known, people, reasons
from corekit.audit import leave
from corekit.tables import member as _member
from corekit_documents import declared, documents, quotas, signing, tables
from corekit_documents.documents import Document, Version
from corekit_documents.refusals import because, refused
from corekit_documents.settings import settings_of

if TYPE_CHECKING:
    from corekit import Kit
    from corekit_documents.program import Book

SOURCE = "documents"
"""The source of the activities that count downloads; their key is the id of the link."""
_link = tables.link
_ACTIVE = "active"


@frozen
class Link:
    """A link, which opens a version for a member until ``expires_at``, unless it is revoked.

    ``downloaded_at`` is when its first byte was sent, counted by the activity ``activity_id``.
    """

    id: str
    member_id: str
    document: str
    version_id: str
    issued_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    downloaded_at: datetime | None
    activity_id: str | None
    actor: str | None


@frozen(kw_only=True)
class Made:
    """A link that was just made, with the address by which it is used."""

    link: Link
    version: Version
    url: str


@frozen(kw_only=True)
class Opened:
    """What a link opens."""

    link: Link
    document: Document
    version: Version


@frozen(kw_only=True)
class Judged:
    """A document, its versions by language that a member can have, and everything that speaks against it now."""

    document: Document
    versions: Mapping[str, Version]
    reasons: tuple[Why, ...]

    @property
    def can_have(self) -> bool:
        """Whether nothing does."""
        return not self.reasons

    def version(self, *languages: str | None) -> Version:
        """Return the version in the first of some languages in which there is one; else in English, else in any."""
        wanted = next((each for each in (*languages, "en") if each in self.versions), next(iter(self.versions)))
        return self.versions[str(wanted)]


_LINK = Shape(Link, _link)


def make(kit: Kit, member: str, document: str, *, language: str | None = None, actor: str | None = None) -> Made:
    """Make a link for a member to a document, in a language (None: English, or any).

    Raises :class:`corekit.Invalid` with all that speaks against it, and where there is no such document or member.
    """
    settings = settings_of(kit)
    if not settings.signing_keys:
        raise refused(declared.NO_SIGNING_KEY)
    with kit.database.write() as connection:
        # Whoever forgets the member, or lets it be a part of another, waits or is seen.
        connection.execute(select(_member.c.id).where(any_of(_member.c.id, [member])).with_for_update(read=True))
        read = Reader(connection)
        now = kit.now(read)
        found = documents.named(read, [document])
        if document not in found:
            raise refused(declared.DOCUMENT_UNKNOWN, "document", document=document)
        told = judged(read, kit, [member], now, found.values()).get(member)
        if told is None:
            raise Invalid([Problem(code="NOT_FOUND", message="There is no such member.", path=("member_id",))])
        (only,) = told
        _check(kit, only)
        version = only.version(language)
        link = Link(
            id=new_id(),
            member_id=member,
            document=document,
            version_id=version.id,
            issued_at=now,
            expires_at=now + timedelta(minutes=settings.link_minutes),
            revoked_at=None,
            downloaded_at=None,
            activity_id=None,
            actor=actor,
        )
        row = {name: getattr(link, name) for name in ("id", "member_id", "document", "version_id", "actor")}
        row |= {"issued_at": micros(link.issued_at), "expires_at": micros(link.expires_at)}
        connection.execute(insert(_link).values(**row))
    token = signing.sign(settings, "download", signing.Signed(link.id, micros(link.expires_at)))
    return Made(link=link, version=version, url=f"{settings.base_url.rstrip('/')}/documents/file/{token}")


def opened(kit: Kit, token: str) -> Opened:
    """Return what a link opens now. Raises :class:`corekit.Invalid` where it opens nothing, or nothing any more."""
    signed = signing.read(settings_of(kit), "download", token)
    if signed is None:
        raise refused(declared.LINK_INVALID)
    with kit.read() as read:
        now = kit.now(read)
        link = by_id(read, [signed.id]).get(signed.id)
        if link is None:  # whose it was is forgotten
            raise refused(declared.LINK_REVOKED)
        if now >= min(link.expires_at, moment(signed.expires_at)):
            raise refused(declared.LINK_EXPIRED)
        version = documents.versions(read, [link.version_id]).get(link.version_id)
        document = documents.named(read, [link.document]).get(link.document)
        if link.revoked_at is not None or version is None or document is None or version.state != "complete":
            raise refused(declared.LINK_REVOKED)
        counted = link.downloaded_at is not None
        told = judged(read, kit, [link.member_id], now, [document], {document.code: [version]}, quota=not counted)
    if link.member_id not in told:
        raise refused(declared.LINK_REVOKED)
    for each in told[link.member_id]:
        _check(kit, each)
    return Opened(link=link, document=document, version=version)


def count(kit: Kit, link: Link) -> None:
    """Count that a member downloads by a link: once, however often it is called.

    Raises :class:`corekit.Invalid` where that is refused, as by a quota that somebody used up a moment ago.
    """
    outcome = kit.record(
        Activity(
            type=declared.DOWNLOADED.name,
            member=link.member_id,
            source=SOURCE,
            external_id=link.id,
            payload={"link": link.id},
        )
    )
    if outcome.settled:
        with kit.read() as read:  # an activity that was taken back is settled all the same
            found = by_id(read, [link.id]).get(link.id)
        if found is None or found.downloaded_at is None:
            raise refused(declared.LINK_REVOKED)
        return
    code, parameters = str(outcome.code), dict(outcome.parameters or {})
    raise Invalid([Problem(code=code, message=str(outcome.message), parameters=parameters)])


def revoke(
    kit: Kit, actor: str | None, *, link: str | None = None, member: str | None = None, document: str | None = None
) -> int:
    """Revoke a link, or all those of a member, of a document, or of a member to a document; return how many.

    Raises ValueError where nothing is said, since that would be all there are.
    """
    asked = [
        any_of(column, [value])
        for column, value in ((_link.c.id, link), (_link.c.member_id, member), (_link.c.document, document))
        if value is not None
    ]
    if not asked:
        raise ValueError("say which links")
    now = kit.now()
    with kit.database.write() as connection:
        still = (_link.c.revoked_at.is_(None), _link.c.expires_at > micros(now))
        # In the order in which they are locked where they are used: no two wait for each other.
        locking = select(_link.c.id).where(*asked, *still).order_by(_link.c.id).with_for_update()
        ids = connection.execute(locking).scalars().all()
        if ids:
            connection.execute(update(_link).where(any_of(_link.c.id, ids)).values(revoked_at=micros(now)))
            told = {"member": member, "document": document, "links": len(ids)}
            leave(connection, now, actor, "documents.revoked", link or document or str(member), **told)
        return len(ids)


def judged(
    read: Reader,
    kit: Kit,
    members: Collection[str],
    now: datetime,
    asked: Iterable[Document],
    found: Mapping[str, Sequence[Version]] | None = None,
    *,
    quota: bool = True,
) -> dict[str, list[Judged]]:
    """Return for each member what speaks against each document; a fixed number of statements.

    ``found`` are the versions of the documents, where they are known. Without ``quota`` it does not matter how much a
    member downloaded. Who does not exist is left out.
    """
    wanted = list(asked)
    book: Book = kit.program.sections["documents"]
    means = known(kit)
    rules = {each.code: compiled(each.audience, means) for each in wanted if each.audience is not None}
    versions = documents.versions_of(read, rules) if found is None else found
    who = people(read, kit, members, now, rules.values())
    used = quotas.had(read, who, book.quotas, now.astimezone(kit.zone)) if quota and book.quotas else {}
    return {
        member: [
            Judged(
                document=each,
                versions=(has := documents.current(versions.get(each.code, ()))),
                reasons=(
                    *_of_state(state),
                    *_of_document(each, has, now),
                    *_of_rule(rules.get(each.code), somebody),
                    *quotas.reasons(used.get(member, ()), each.category),
                ),
            )
            for each in wanted
        ]
        for member, (state, somebody) in who.items()
    }


def by_id(read: Reader, ids: Iterable[str]) -> dict[str, Link]:
    """Return links by id. One statement."""
    chosen = select(*_LINK.columns).where(any_of(_link.c.id, sorted(set(ids))))
    return {row.id: _LINK(row) for row in read.all(chosen)}


def _of_state(state: str) -> Iterable[Why]:
    if state != _ACTIVE:
        yield f"MEMBER_{state.upper()}", {}


def _of_document(document: Document, has: Mapping[str, Version], now: datetime) -> Iterable[Why]:
    if not has:
        yield declared.NO_VERSION.code, {"document": document.code}
    if document.opens_at is not None and now < document.opens_at:
        yield declared.NOT_YET.code, {"opens": document.opens_at.isoformat()}
    if document.closes_at is not None and now >= document.closes_at:
        yield declared.OVER.code, {"closes": document.closes_at.isoformat()}


def _of_rule(rule: Rule | None, who: Who) -> Iterator[Why]:
    if rule is None:
        yield declared.NOT_GRANTED.code, {}
        return
    for what, parameters in reasons(rule, who):
        yield declared.OUTSIDE[what].code, parameters


def _check(kit: Kit, found: Judged) -> None:
    """Raise where something speaks against it."""
    if found.reasons:
        raise because(found.reasons, kit.registry.errors)
