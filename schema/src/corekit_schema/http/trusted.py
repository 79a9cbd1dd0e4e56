"""Trusted documents: those that a client's build has written down, asked for by their ids instead of their text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, cast

import orjson
from attrs import field, frozen

from corekit.errors import SettingsError
from corekit_schema.http.message import BadRequest, Question

Mode = Literal["off", "allow", "only"]
"""``allow``: a request may name a document or hold its text; ``only``: it must name one."""


@frozen
class TrustedDocuments:
    """The documents that may be named, by their ids."""

    mode: Mode = "off"
    texts: Mapping[str, str] = field(factory=dict[str, str])

    def text_of(self, question: Question) -> str:
        """Return the document that a request asks for; :class:`BadRequest` where it asks for none that it may."""
        if question.document_id is None:
            if self.mode == "only":
                message = "Name a document that was written down when the client was built: send its id."
                raise BadRequest(message, 400, "PERSISTED_QUERY_ONLY")
            if question.query is None:
                raise BadRequest("Missing or invalid 'query'.")
            return question.query
        if self.mode == "off":
            raise BadRequest("There are no documents here that can be named.", 400, "PERSISTED_QUERY_NOT_SUPPORTED")
        text = self.texts.get(question.document_id)
        if text is None:
            raise BadRequest("There is no document with this id.", 400, "PERSISTED_QUERY_NOT_FOUND")
        if question.query is not None and question.query != text:
            raise BadRequest("The text is not that of the document named; send one of them.")
        return text


def read_manifest(path: Path) -> dict[str, str]:
    """Return the documents of a manifest, as graphql-codegen and Relay write it (``{id: text}``), or as Apollo does.

    Raises :class:`SettingsError`.
    """
    try:
        found: Any = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        raise SettingsError(f"there is no manifest of documents {path}; the client's build writes it") from None
    except (OSError, orjson.JSONDecodeError) as error:
        raise SettingsError(f"the manifest of documents {path} cannot be read: {error}") from None
    wrong = SettingsError(f"the manifest of documents {path} has another form than {{id: text}}")
    if not isinstance(found, dict):
        raise wrong
    told = cast("dict[str, Any]", found)
    if isinstance(told.get("operations"), list):
        operations: list[Any] = told["operations"]
        try:
            told = {each["id"]: each["body"] for each in operations}
        except (KeyError, TypeError):
            raise wrong from None
    if not all(isinstance(text, str) for text in told.values()):
        raise wrong
    return cast("dict[str, str]", told)
