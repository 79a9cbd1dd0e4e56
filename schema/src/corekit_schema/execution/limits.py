"""Limits that keep one request from costing too much."""

from __future__ import annotations

from attrs import frozen


@frozen(kw_only=True)
class Limits:
    """How large a request may be.

    ``body``: bytes of its body. ``tokens`` and ``depth``: of its document. ``fields``: selected in its answer, an item
    of a list counted once. ``depth`` and ``fields`` are counted through fragments. ``errors``: how many faults of a
    document are listed. ``documents`` and ``plans``: how many are remembered.
    """

    body: int = 1_000_000
    tokens: int = 5_000
    depth: int = 20
    fields: int = 5_000
    errors: int = 10
    documents: int = 1_000
    plans: int = 1_000
