"""``corekit documents``: documents, their versions, links, and who downloaded what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from corekit.command import ACTOR, NO, MemberId, emit, find_member, instant, open_kit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from corekit.paging import Page
    from corekit_documents.documents import Document, Version
    from corekit_documents.downloads import Download
    from corekit_documents.verifying import Cleaned, Verified

app = typer.Typer(help="Documents: files that members download, by rules.", no_args_is_help=True)

Code = Annotated[str, typer.Argument(metavar="DOCUMENT", help="The document's name, such as price-list.")]
OfDocument = Annotated[str | None, typer.Option("--document", metavar="DOCUMENT", help="Only of this one.")]
OfMember = Annotated[str | None, typer.Option("--member", metavar="MEMBER", help="Only of this member.")]
Since = Annotated[str | None, typer.Option(metavar="TIME", help="From this ISO time on.")]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Until before this ISO time.")]
After = Annotated[str | None, typer.Option(metavar="CURSOR", help="What follows this cursor of a page.")]
_PIECE = 262_144


@app.command("list")
def list_(
    ctx: typer.Context,
    *,
    category: Annotated[str | None, typer.Option(help="Only of this category.")] = None,
    first: Annotated[int, typer.Option(min=1, max=1000, help="How many.")] = 50,
    after: After = None,
) -> None:
    """List documents by name with their versions, and how often each was downloaded."""
    from corekit_documents import documents, downloads

    with open_kit(ctx).read() as read:
        page = documents.document_page(read, category, first=first, after=after)
        codes = [each.code for each in page.items]
        versions, counted = documents.versions_of(read, codes), downloads.counted(read, codes)

    def row(each: Document) -> dict[str, Any]:
        number = counted[each.code]
        told = {"downloads": number.downloads, "members": number.members}
        return {"document": each, "versions": versions.get(each.code, []), **told}

    shown = page.map(row)
    emit(ctx, shown.told, lambda _: _paged(shown, _listed) or "no documents")


@app.command("set")
def set_(
    ctx: typer.Context,
    document: Code,
    *,
    title: Annotated[list[str], typer.Option(metavar="LANGUAGE=TEXT", help="What it is called; say it again.")],
    category: Annotated[str | None, typer.Option(help="Its category, of the program.")] = None,
    audience: Annotated[
        str | None, typer.Option(metavar="JSON", help='Who may have it, such as \'{"tier": "gold"}\'; else nobody.')
    ] = None,
    opens: Annotated[str | None, typer.Option(metavar="TIME", help="From when on it is published.")] = None,
    closes: Annotated[str | None, typer.Option(metavar="TIME", help="From when on it is not any more.")] = None,
) -> None:
    """Let a document be so; a new one is made. What is left out is not so any more."""
    from corekit_documents import documents
    from corekit_documents.inputs import DocumentSchema, loaded

    kit = open_kit(ctx)
    told: dict[str, Any] = {
        "code": document,
        "titles": _titles(title),
        "category": category,
        "audience": _rules(audience),
    }
    values = loaded(DocumentSchema, told)
    window: dict[str, Any] = {
        "opens_at": instant(opens, kit) if opens is not None else None,
        "closes_at": instant(closes, kit) if closes is not None else None,
    }
    found = documents.set_document(kit, ACTOR, values.pop("code"), **values | window)
    emit(ctx, found, _document)


@app.command()
def upload(
    ctx: typer.Context,
    document: Code,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The file.")],
    *,
    media_type: Annotated[str, typer.Option("--type", help="Its media type.")] = "application/pdf",
    language: Annotated[str, typer.Option(help="In which language it is.")] = "en",
    name: Annotated[str | None, typer.Option(help="Under which name it is downloaded; that of the file.")] = None,
) -> None:
    """Put a new version of a document into the store."""
    import asyncio

    from corekit_documents import uploads
    from corekit_documents.inputs import UploadSchema, loaded
    from corekit_documents.settings import settings_of
    from corekit_documents.store import Store

    kit = open_kit(ctx)
    told = {"document": document, "language": language, "name": name or file.name, "media_type": media_type}
    values = loaded(UploadSchema, {**told, "size": file.stat().st_size})
    version = uploads.wait(kit, ACTOR, values.pop("document"), **values)
    done = asyncio.run(uploads.receive(kit, Store(settings_of(kit)), version, _pieces(file)))
    emit(ctx, done, _version)


@app.command()
def withdraw(
    ctx: typer.Context, version: Annotated[str, typer.Argument(metavar="VERSION", help="The id of the version.")]
) -> None:
    """Let nobody download a version any more."""
    from corekit_documents import documents

    emit(ctx, documents.withdraw(open_kit(ctx), ACTOR, version), _version)


@app.command()
def show(ctx: typer.Context, member: MemberId) -> None:
    """Show which documents a member can have, and why not the others."""
    from corekit_documents import documents, links

    kit = open_kit(ctx)
    id_ = find_member(kit, member).id
    with kit.read() as read:
        found = links.judged(read, kit, [id_], kit.now(read), documents.every(read)).get(id_, [])
    texts = kit.registry.errors
    rows = [
        {
            "document": each.document.code,
            "can_have": each.can_have,
            "languages": sorted(each.versions),
            "reasons": [
                {"code": code, "message": texts[code].en.format(**parameters)} for code, parameters in each.reasons
            ],
        }
        for each in found
    ]
    emit(ctx, rows, lambda shown: "\n".join(map(_judged, shown)) or "no documents")


@app.command()
def link(
    ctx: typer.Context,
    member: MemberId,
    document: Code,
    *,
    language: Annotated[str | None, typer.Option(help="In which language; English, or any, where left out.")] = None,
) -> None:
    """Make a link by which a member downloads a document."""
    from corekit_documents import links

    kit = open_kit(ctx)
    made = links.make(kit, find_member(kit, member).id, document, language=language, actor=ACTOR)
    emit(ctx, {"link": made.link, "version": made.version, "url": made.url}, lambda shown: shown["url"])


@app.command()
def revoke(
    ctx: typer.Context,
    *,
    link_id: Annotated[str | None, typer.Option("--link", metavar="LINK", help="Only this link.")] = None,
    member: OfMember = None,
    document: OfDocument = None,
) -> None:
    """Revoke links: one, those of a member, or those to a document."""
    from corekit_documents import links

    if link_id is None and member is None and document is None:
        raise typer.BadParameter("say which: --link, --member or --document")
    kit = open_kit(ctx)
    id_ = find_member(kit, member).id if member is not None else None
    number = links.revoke(kit, ACTOR, link=link_id, member=id_, document=document)
    emit(ctx, {"revoked": number}, lambda shown: f"{shown['revoked']} revoked")


@app.command()
def log(
    ctx: typer.Context,
    *,
    document: OfDocument = None,
    member: OfMember = None,
    since: Since = None,
    until: Until = None,
    csv: Annotated[Path | None, typer.Option(help="Write all of them into a file as CSV.")] = None,
    first: Annotated[int, typer.Option(min=1, max=1000, help="How many to show.")] = 50,
    after: After = None,
) -> None:
    """Show who downloaded what, the newest first."""
    from corekit_documents import downloads

    kit = open_kit(ctx)
    chosen: dict[str, Any] = {
        "document": document,
        "member": find_member(kit, member).id if member is not None else None,
        "since": instant(since, kit) if since is not None else None,
        "until": instant(until, kit) if until is not None else None,
    }
    with kit.read() as read:
        if csv is None:
            page = downloads.download_page(read, **chosen, first=first, after=after)
            emit(ctx, page.told, lambda _: _paged(page, _download) or "no downloads")
            return
        with csv.open("w", encoding="utf-8", newline="") as out:
            number = sum(out.write(line) > 0 for line in downloads.as_csv(read, **chosen)) - 1
    emit(ctx, {"file": str(csv), "downloads": number}, lambda shown: f"{shown['downloads']} downloads in {csv}")


@app.command()
def verify(
    ctx: typer.Context,
    *,
    sizes: Annotated[
        bool, typer.Option("--sizes", help="Read no file; look only that it is there, and as large.")
    ] = False,
) -> None:
    """Hold every version against its file, and find files that belong to none; exit 1 where one does not fit."""
    from corekit_documents import verifying

    found = verifying.verify(open_kit(ctx), sizes=sizes)
    emit(ctx, found, _verified)
    if found.faults:
        raise typer.Exit(NO)


@app.command()
def clean(ctx: typer.Context) -> None:
    """Delete files that belong to no version, and uploads that never came, where they are a day old."""
    from corekit_documents import verifying

    emit(ctx, verifying.clean(open_kit(ctx), ACTOR), _cleaned)


def _titles(given: list[str]) -> dict[str, str]:
    """Return titles as they are written: the language, =, and the text."""
    found: dict[str, str] = {}
    for text in given:
        language, equals, title = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text} is no title; write for example en='Price list'")
        found[language] = title
    return found


def _rules(text: str | None) -> Any:
    import json

    try:
        return json.loads(text) if text is not None else None
    except ValueError as error:
        raise typer.BadParameter(f"--audience is no JSON: {error}") from None


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(_PIECE):
            yield piece


def _paged(page: Page[Any], line: Callable[[Any], str]) -> str:
    """Return a page as people read it, a line per item, and how to go on."""
    more = [f"more: --after {page.end}"] if page.has_next else []
    return "\n".join([*map(line, page.items), *more])


def _document(found: Document) -> str:
    window = "".join(
        f"  {what} {at:%Y-%m-%d %H:%M}" for what, at in (("from", found.opens_at), ("until", found.closes_at)) if at
    )
    return f"{found.code:24}{found.title('en')}  {found.category or ''}  audience {found.audience}{window}"


def _version(found: Version) -> str:
    number = f"{found.language}/{found.number}" if found.number is not None else found.language
    return f"{found.id}  {number:8}{found.state:10}{found.size or 0:>12}  {found.name}"


def _listed(row: Mapping[str, Any]) -> str:
    lines = [f"{_document(row['document'])}  {row['downloads']} downloads by {row['members']}"]
    return "\n".join([*lines, *(f"  {_version(each)}" for each in row["versions"])])


def _judged(row: Mapping[str, Any]) -> str:
    said = "yes" if row["can_have"] else "no: " + " ".join(each["message"] for each in row["reasons"])
    return f"{row['document']:24}{said}"


def _download(each: Download) -> str:
    return f"{each.at:%Y-%m-%d %H:%M:%S}  {each.member_id}  {each.document} {each.language}/{each.number}  {each.name}"


def _verified(found: Verified) -> str:
    faults = [f"{each.wrong:10}{each.key}  {each.version or ''}".rstrip() for each in found.faults]
    return "\n".join([*faults, f"{found.versions} versions, {found.bytes} bytes, {len(found.faults)} faults"])


def _cleaned(found: Cleaned) -> str:
    return f"{found.files} files ({found.bytes} bytes) and {found.uploads} uploads are gone"
