"""A pool as a value, and what the program may say of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from marshmallow import Schema, fields, validate

from corekit import Exact

GIVEN = "points.shared"
"""The metric that sums up what a primary member shared."""
_MOST = 10**12
_WINDOWS = (("day", "day"), ("month", "month"), ("year", "year"))


@frozen(kw_only=True)
class Pool:
    """The points of groups of a kind are those of the primary member, who shares no more than ``limits`` by window."""

    group: str
    kind: str
    limits: tuple[tuple[str, int], ...] = ()


class _LimitsSchema(Schema):
    day = Exact(load_default=None, least=0, most=_MOST)
    month = Exact(load_default=None, least=0, most=_MOST)
    year = Exact(load_default=None, least=0, most=_MOST)


class PoolSchema(Schema):
    """``[points.pool]``: whose points are one."""

    group = fields.String(required=True, validate=validate.Length(1, 40))
    currency = fields.String(load_default="points")
    limits = fields.Nested(_LimitsSchema, load_default=None)


def limits_of(found: Mapping[str, Any] | None) -> list[tuple[str, Any]]:
    """Return windows and how much may be shared in one, as they are written."""
    return [(window, found[name]) for window, name in _WINDOWS if found is not None and found[name] is not None]
