"""What queries and mutations of documents have in common."""

from __future__ import annotations

from collections.abc import Sequence

import graphene

from corekit_documents.documents import Version
from corekit_schema import DateTime, Field, Info, Object, public


class DocumentsVersion(Object, policy=public):
    """A file of a document, in a language."""

    id = Field(graphene.String, required=True, description="By which it is withdrawn.")
    language = Field(graphene.String, required=True, description="In which language it is.")
    number = Field(graphene.Int, description="Its number, per document and language; null before it is uploaded.")
    name = Field(graphene.String, required=True, description="Under which name it is downloaded.")
    media_type = Field(graphene.String, required=True, description="Its type, such as `application/pdf`.")
    size = Field(graphene.String, description="How many bytes it has, in digits; null where that is not known yet.")
    sha256 = Field(graphene.String, description="Its SHA-256 in hexadecimal digits.")
    state = Field(graphene.String, required=True, description="`waiting` for its file, `complete` or `withdrawn`.")
    created_at = Field(DateTime, required=True, description="When its upload was asked for.")
    completed_at = Field(DateTime, description="When it was uploaded.")

    @staticmethod
    def resolve_size(parents: Sequence[Version], _info: Info) -> list[str | None]:
        """Return the sizes in digits: a file may be larger than GraphQL's integers."""
        return [str(each.size) if each.size is not None else None for each in parents]
