"""Limits that keep one request from costing too much."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

Introspection = Literal["public", "authenticated", "off"]
"""Who may ask for the schema."""


@frozen(kw_only=True)
class Limits:
    """How large a request may be.

    ``body``: bytes of its body. ``tokens``: of its document. Counted through fragments, of one operation: ``depth``,
    levels of fields; ``fields``, selected in its answer, an item of a list counted once; ``aliases``; ``repeats``, how
    often one response name is selected in one place; ``directives``; ``root_fields`` of a query, and ``mutations`` of a
    mutation. ``page``: items of a list. ``cost``: see :mod:`corekit_schema.execution.cost`. ``seconds``: until the
    answer. ``errors``: how many faults of a document are listed. ``documents`` and ``plans``: how many are remembered.
    """

    body: int = 1_000_000
    tokens: int = 5_000
    depth: int = 20
    fields: int = 5_000
    aliases: int = 100
    repeats: int = 100
    directives: int = 100
    root_fields: int = 30
    mutations: int = 10
    page: int = 1_000
    cost: int = 50_000
    seconds: int = 10
    errors: int = 10
    documents: int = 1_000
    plans: int = 1_000
