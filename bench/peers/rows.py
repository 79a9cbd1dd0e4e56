"""What the Python peers read: each relation by one statement, as plain rows, as the best of their resolvers would.

It imports nothing but psycopg, since peers run in an environment of their own.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import dict_row

MORE = 1
"""Members read beyond the page, to know whether there are any."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MEMBERS = """
    SELECT m.id, m.joined_at, p.name FROM core_member m JOIN core_profile p ON p.member_id = m.id
    WHERE m.state <> 'merged' ORDER BY m.joined_at, m.id LIMIT %s"""
_TIERS = """
    SELECT member_id, tier AS code FROM core_tier_assignment
    WHERE member_id = ANY (%s) AND ladder = 'status' AND valid_to IS NULL"""
_POINTS = """
    SELECT member_id, credits_posted - debits_posted AS available FROM core_account
    WHERE member_id = ANY (%s) AND kind = 'points'"""
_ACTIVITIES = """
    SELECT a.member_id, a.type, a.occurred_at, a.amount FROM unnest(%s::uuid[]) wanted (id) CROSS JOIN LATERAL
    (SELECT * FROM core_activity WHERE member_id = wanted.id AND seq > 0 ORDER BY seq DESC LIMIT %s) a"""


class Rows:
    """Reads rows through a connection that prepares what it sends."""

    def __init__(self, url: str) -> None:
        """Connect."""
        connection = psycopg.connect(url, autocommit=True, options="-c jit=off")
        self._cursor = connection.cursor(row_factory=dict_row)

    def members(self, first: int) -> list[dict[str, Any]]:
        """Return the first members, and one more."""
        return self._all(_MEMBERS, first + MORE)

    def tiers(self, ids: Sequence[Any]) -> list[dict[str, Any] | None]:
        """Return the tier of each member."""
        found = {row["member_id"]: row for row in self._all(_TIERS, list(ids))}
        return [found.get(key) for key in ids]

    def points(self, ids: Sequence[Any]) -> list[int]:
        """Return how many points each member has."""
        found = {row["member_id"]: row["available"] for row in self._all(_POINTS, list(ids))}
        return [found.get(key, 0) for key in ids]

    def activities(self, ids: Sequence[Any], first: int) -> list[list[dict[str, Any]]]:
        """Return the last activities of each member."""
        found: dict[Any, list[dict[str, Any]]] = {key: [] for key in ids}
        for row in self._all(_ACTIVITIES, list(ids), first):
            found[row["member_id"]].append(row)
        return list(found.values())

    def _all(self, text: str, *values: Any) -> list[dict[str, Any]]:
        return self._cursor.execute(text.encode(), values).fetchall()


def global_id(key: Any) -> str:
    """Return a member's global id."""
    return urlsafe_b64encode(f"Member:{key.hex}".encode()).decode().rstrip("=")


def instant(micros: int) -> str:
    """Write an instant."""
    return (_EPOCH + timedelta(microseconds=micros)).isoformat()


def cursor(row: dict[str, Any]) -> str:
    """Return what a page ends with."""
    return urlsafe_b64encode(f'[{row["joined_at"]},"{row["id"].hex}"]'.encode()).decode().rstrip("=")
