"""What schemathesis is told beside the schema: how our scalars are written, and what every answer keeps to."""

from __future__ import annotations

from typing import Any

import schemathesis
from hypothesis import strategies as st
from hypothesis_graphql import nodes

from corekit_schema.masking import INTERNAL

_OK = 200
_INVALID = {"BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"}
_instants = st.datetimes().map(lambda instant: f"{instant.isoformat()}+00:00")
_texts = st.text(max_size=30)
_trees = st.recursive(_texts.map(nodes.String), lambda below: st.lists(below, max_size=3).map(nodes.List), max_leaves=5)

schemathesis.graphql.scalar("DateTime", (_instants | _texts).map(nodes.String))
schemathesis.graphql.scalar("Digits", (st.integers().map(str) | _texts).map(nodes.String))
schemathesis.graphql.scalar("JSON", _trees | st.just(nodes.Object([])))


@schemathesis.check
def answered(_context: Any, response: Any, case: Any) -> None:
    """A valid operation runs and has data, any other is refused; errors have codes, and none is of our own making."""
    answer = response.json()
    codes = {error.get("extensions", {}).get("code") for error in answer.get("errors", ())}
    assert response.status_code == _OK, response.text
    assert codes.isdisjoint({None, INTERNAL}), response.text
    if case.meta.generation.mode == schemathesis.GenerationMode.POSITIVE:
        assert codes.isdisjoint(_INVALID), response.text
        assert "data" in answer or codes, response.text
    else:
        assert codes, response.text
