"""What is done with documents, in GraphQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import graphene
from graphql import GraphQLError
from marshmallow import ValidationError as Wrong
from marshmallow import fields, validate, validates_schema

from corekit import Invalid, Problem
from corekit_documents import documents, links, uploads
from corekit_documents.declared import LINK, MANAGE
from corekit_documents.graph_types import DocumentsVersion
from corekit_documents.inputs import DocumentSchema, UploadSchema
from corekit_schema import (
    JSON,
    DateTime,
    Field,
    GlobalId,
    Info,
    Input,
    Moment,
    MutationField,
    Object,
    Payload,
    authenticated,
    permission,
    public,
)


class DocumentsSetInput(DocumentSchema, Input):
    """What a document is to be. Its versions stay as they are."""

    opens_at = Moment(load_default=None, metadata={"description": "From when on it is published."})
    closes_at = Moment(load_default=None, metadata={"description": "From when on it is not any more."})


class DocumentsUploadInput(UploadSchema, Input):
    """A file that is to be a version of a document."""


class DocumentsWithdrawInput(Input):
    """A version that nobody is to download any more."""

    version_id = fields.String(required=True, validate=validate.Length(1, 40), metadata={"description": "The version."})


class DocumentsLinkInput(Input):
    """Which document, and for whom."""

    document = fields.String(
        required=True, validate=validate.Length(1, 40), metadata={"description": "The document's name."}
    )
    member_id = GlobalId(
        "Member", load_default=None, metadata={"description": "For whom; whoever asks, where left out."}
    )
    language = fields.String(
        load_default=None,
        validate=validate.Length(1, 40),
        metadata={"description": "In which language; English, or any, where there is nothing in it."},
    )


class DocumentsRevokeInput(Input):
    """Which links are to open nothing any more: one, those of a member, those to a document, or of both."""

    link_id = fields.String(
        load_default=None, validate=validate.Length(1, 40), metadata={"description": "Only this link."}
    )
    member_id = GlobalId("Member", load_default=None, metadata={"description": "Only those of this member."})
    document = fields.String(
        load_default=None, validate=validate.Length(1, 40), metadata={"description": "Only those to this document."}
    )

    @validates_schema
    def some(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse what would be all links there are."""
        if not any(data.values()):
            raise Wrong("Say which links.", "linkId")


class DocumentsSetPayload(Payload, policy=public):
    """The document as it is now."""

    code = Field(graphene.String, description="Its name.")
    audience = Field(JSON, description="Who may have it.")


class DocumentsUploadPayload(Payload, policy=public):
    """Where the file is to be sent."""

    version = Field(DocumentsVersion, description="The version, which waits for its file.")
    url = Field(graphene.String, description="Send the file to it by PUT; it can be used once.")
    expires_at = Field(DateTime, description="From when on that is too late.")


class DocumentsWithdrawPayload(Payload, policy=public):
    """The version as it is now."""

    version = Field(DocumentsVersion, description="The version.")


class DocumentsLinkPayload(Payload, policy=public):
    """A link."""

    link_id = Field(graphene.String, description="By which it is revoked.")
    url = Field(graphene.String, description="Where the file is fetched by GET, in ranges where that is wanted.")
    expires_at = Field(DateTime, description="From when on it opens nothing any more.")
    version = Field(DocumentsVersion, description="What it opens.")


class DocumentsRevokePayload(Payload, policy=public):
    """What was revoked."""

    revoked = Field(graphene.Int, description="How many links.")


def _set(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    told = dict(values)
    found = documents.set_document(info.context.kit, info.context.viewer.actor, told.pop("code"), **told)
    return {"code": found.code, "audience": found.audience}


def _upload(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    told = dict(values)
    begun = uploads.begin(info.context.kit, info.context.viewer.actor, told.pop("document"), **told)
    return {"version": begun.version, "url": begun.url, "expires_at": begun.version.expires_at}


def _withdraw(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": documents.withdraw(info.context.kit, info.context.viewer.actor, values["version_id"])}


def _link(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    viewer = info.context.viewer
    member = values["member_id"] or viewer.member
    if member is None:
        said = "Say for whom."
        raise Invalid([Problem(code="REQUIRED", message=said, path=("member_id",))])
    if member != viewer.member and LINK.name not in viewer.permissions:
        raise GraphQLError("You may not do this.", extensions={"code": "FORBIDDEN"})
    language = values["language"] or info.context.language
    made = links.make(info.context.kit, member, values["document"], language=language, actor=viewer.actor)
    return {
        "link_id": made.link.id,
        "url": made.url,
        "expires_at": made.link.expires_at,
        "version": made.version,
    }


def _revoke(info: Info, values: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {"link": values["link_id"], "member": values["member_id"], "document": values["document"]}
    return {"revoked": links.revoke(info.context.kit, info.context.viewer.actor, **chosen)}


class DocumentsMutation(Object):
    """What this plugin adds to the mutations."""

    documents_set = MutationField(
        DocumentsSetInput,
        _set,
        payload=DocumentsSetPayload,
        policy=permission(MANAGE.name),
        description="Let a document be so; a new one is made. What is left out is not so any more.",
    )
    documents_upload = MutationField(
        DocumentsUploadInput,
        _upload,
        payload=DocumentsUploadPayload,
        policy=permission(MANAGE.name),
        description="Make a link by which a new version of a document can be sent, once.",
    )
    documents_withdraw = MutationField(
        DocumentsWithdrawInput,
        _withdraw,
        payload=DocumentsWithdrawPayload,
        policy=permission(MANAGE.name),
        description="Let nobody download a version any more.",
    )
    documents_link = MutationField(
        DocumentsLinkInput,
        _link,
        payload=DocumentsLinkPayload,
        policy=authenticated,
        description="Make a link by which a member downloads a document: members for themselves, staff for others.",
    )
    documents_revoke = MutationField(
        DocumentsRevokeInput,
        _revoke,
        payload=DocumentsRevokePayload,
        policy=permission(LINK.name),
        description="Let links open nothing any more.",
    )
