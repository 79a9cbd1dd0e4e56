"""Documents in GraphQL: what there is, what a member can have, and who downloaded what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import graphene

from corekit.paging import Page
from corekit_documents import documents, downloads, links
from corekit_documents.declared import READ
from corekit_documents.documents import Document, Version
from corekit_documents.downloads import Counted, Download
from corekit_documents.graph_examples import EXAMPLES
from corekit_documents.graph_mutations import DocumentsMutation
from corekit_documents.graph_types import DocumentsVersion
from corekit_documents.links import Judged
from corekit_schema import (
    JSON,
    ConnectionField,
    DateTime,
    Field,
    Graph,
    Info,
    Member,
    Mutation,
    Object,
    Query,
    Reason,
    as_of,
    global_id,
    internal,
    listed,
    local_id,
    owner_or_permission,
    permission,
    public,
    reasons,
)


def _some(type_: type[Object]) -> graphene.List:
    return graphene.List(graphene.NonNull(type_))


class DocumentsDocument(Object, policy=public):
    """A document that members can download, by rules."""

    code = Field(graphene.String, required=True, description="Its name, such as `price-list`.")
    title = Field(
        graphene.String,
        required=True,
        description="What it is called; in English where there is nothing in the language.",
        language=graphene.String(description="The language; that of `Accept-Language` where left out."),
    )
    category = Field(graphene.String, description="Its category, of the program.")
    opens_at = Field(DateTime, description="From when on it is published; null: since ever.")
    closes_at = Field(DateTime, description="From when on it is not any more; null: never.")
    audience = Field(JSON, policy=internal, description="Who may have it, as rules; null: nobody.")
    versions = Field(
        _some(DocumentsVersion),
        policy=internal,
        cost=1,
        description="All that was uploaded, by language, the newest first.",
    )
    downloads = Field(graphene.Int, policy=internal, cost=1, description="How often it was downloaded.")
    downloaders = Field(graphene.Int, policy=internal, cost=1, description="By how many members.")

    @staticmethod
    def resolve_title(parents: Sequence[Document], info: Info, language: str | None = None) -> list[str]:
        """Return what each is called."""
        return [each.title(language or info.context.language) for each in parents]

    @staticmethod
    def resolve_versions(parents: Sequence[Document], info: Info) -> list[Sequence[Version]]:
        """Return the versions of each."""
        found = _versions(info, parents)
        return [found.get(each.code, ()) for each in parents]

    @staticmethod
    def resolve_downloads(parents: Sequence[Document], info: Info) -> list[int]:
        """Return how often each was downloaded."""
        found = _counted(info, parents)
        return [found[each.code].downloads for each in parents]

    @staticmethod
    def resolve_downloaders(parents: Sequence[Document], info: Info) -> list[int]:
        """Return by how many members."""
        found = _counted(info, parents)
        return [found[each.code].members for each in parents]


def _codes(parents: Sequence[Document]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.code for each in parents))


def _versions(info: Info, parents: Sequence[Document]) -> Mapping[str, Sequence[Version]]:
    context, codes = info.context, _codes(parents)
    return context.once(("documents.versions", codes), lambda: documents.versions_of(context.read, codes))


def _counted(info: Info, parents: Sequence[Document]) -> Mapping[str, Counted]:
    context, codes = info.context, _codes(parents)
    return context.once(("documents.counted", codes), lambda: downloads.counted(context.read, codes))


class DocumentsReason(Object, policy=public):
    """Why somebody cannot have a document."""

    code = Field(graphene.String, required=True, description="The code, such as `DOCUMENTS_TIER`.")
    message = Field(graphene.String, required=True, description="The sentence, in the client's language.")


class DocumentsEntry(Object, policy=public):
    """A document, and whether a member can have it now."""

    document = Field(DocumentsDocument, required=True, description="The document.")
    can_have = Field(graphene.Boolean, required=True, description="Whether nothing speaks against it.")
    reasons = Field(listed(DocumentsReason), description="Everything that does.")
    versions = Field(listed(DocumentsVersion), description="What would be downloaded, by language.")

    @staticmethod
    def resolve_reasons(parents: Sequence[Judged], info: Info) -> list[list[Reason]]:
        """Return the reasons with their sentences."""
        return [reasons(info, each.reasons) for each in parents]

    @staticmethod
    def resolve_versions(parents: Sequence[Judged], _info: Info) -> list[list[Version]]:
        """Return the versions by language."""
        return [[each.versions[language] for language in sorted(each.versions)] for each in parents]


class DocumentsDownload(Object, policy=public):
    """A download of a document by a member."""

    at = Field(DateTime, required=True, description="When its first byte was sent.")
    member_id = Field(graphene.ID, required=True, description="By whom.")
    document = Field(graphene.String, required=True, description="The name of the document.")
    language = Field(graphene.String, required=True, description="In which language.")
    number = Field(graphene.Int, required=True, description="Which version.")
    name = Field(graphene.String, required=True, description="The name of the file.")
    activity_id = Field(graphene.ID, required=True, description="The activity that counted it.")
    link_by = Field(graphene.String, source="actor", description="Who made the link; null where nobody says.")

    @staticmethod
    def resolve_member_id(parents: Sequence[Download], _info: Info) -> list[str]:
        """Return the members' ids."""
        return [global_id("Member", each.member_id) for each in parents]

    @staticmethod
    def resolve_activity_id(parents: Sequence[Download], _info: Info) -> list[str]:
        """Return the activities' ids."""
        return [global_id("Activity", each.activity_id) for each in parents]


class DocumentsMember(Object, policy=owner_or_permission("members.read")):
    """What this plugin adds to a member."""

    documents = ConnectionField(
        DocumentsEntry,
        cost=8,
        reads=("id",),
        category=graphene.String(description="Only of this category."),
        description="The documents by name, whether the member can have them now, and why not.",
    )

    @staticmethod
    def resolve_documents(
        parents: Sequence[Any], info: Info, category: str | None = None, **asked: Any
    ) -> list[Page[Judged]]:
        """Judge a page of the documents for all members: the same statements, however many they are."""
        context = info.context
        ids = tuple(dict.fromkeys(member.id for member in parents))

        def judge() -> Mapping[str, Page[Judged]]:
            page = documents.document_page(context.read, category, **asked)
            found = links.judged(context.read, context.kit, ids, context.now, page.items)
            return {member: Page(tuple(entries), *page[1:]) for member, entries in found.items()}

        pages = context.once(("documents.judged", ids, category, *sorted(asked.items())), judge)
        return [pages.get(member.id, Page(total=0)) for member in parents]


class DocumentsQuery(Object):
    """What this plugin adds to the queries."""

    documents = ConnectionField(
        DocumentsDocument,
        policy=permission(READ.name),
        category=graphene.String(description="Only of this category."),
        description="The documents by name.",
    )
    documents_downloads = ConnectionField(
        DocumentsDownload,
        policy=permission(READ.name),
        document=graphene.String(description="Only of this one."),
        member_id=graphene.ID(description="Only by this member."),
        since=graphene.Argument(DateTime, description="From this instant on."),
        until=graphene.Argument(DateTime, description="Until before this instant."),
        description="Who downloaded what, the newest first.",
    )

    @staticmethod
    def resolve_documents(
        _parents: Sequence[Any], info: Info, category: str | None = None, **page: Any
    ) -> list[Page[Document]]:
        """Return a page of the documents."""
        return [documents.document_page(info.context.read, category, **page)]

    @staticmethod
    def resolve_documents_downloads(
        _parents: Sequence[Any],
        info: Info,
        *,
        member_id: str | None = None,
        since: Any = None,
        until: Any = None,
        **chosen: Any,
    ) -> list[Page[Download]]:
        """Return a page of the log; of an id that no member has, an empty one."""
        chosen |= {"since": as_of(since), "until": as_of(until)}
        member = local_id("Member", member_id) or "" if member_id is not None else None
        return [downloads.download_page(info.context.read, member=member, **chosen)]


def graph() -> Graph:
    """Return what this plugin adds to the schema."""
    extends: dict[type, type] = {Member: DocumentsMember, Query: DocumentsQuery, Mutation: DocumentsMutation}
    return Graph(extends=extends, examples=EXAMPLES, blocking=False)
