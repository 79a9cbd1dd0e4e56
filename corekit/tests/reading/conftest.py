"""Rows for the read sides, written by plain inserts, so that they are tested without the kernel."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Table

from corekit.activities import tables as activities
from corekit.db.engine import Database
from corekit.ids import named_id, new_id
from corekit.ledger import tables as ledger
from corekit.members import tables as members
from corekit.tiers import tables as tiers

SECOND = 1_000_000
NOW = 1_760_000_000 * SECOND


class Rows:
    """Writes rows with defaults; instants are counted in seconds from ``NOW``."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._seq: dict[str, int] = {}

    def insert(self, table: Table, *rows: dict[str, Any]) -> None:
        if rows:
            with self.database.connect() as connection:
                connection.execute(table.insert(), list(rows))

    def member(self, joined: int = 0, state: str = "active", seq: int = 0, **profile: Any) -> str:
        key = new_id()
        at = NOW + joined * SECOND
        self.insert(members.member, {"id": key, "state": state, "seq": seq, "last_at": at, "joined_at": at})
        known: dict[str, Any] = {
            "external_id": None,
            "channel": "api",
            "name": None,
            "email": None,
            "phone": None,
            "attributes": {},
            "number": None,
            "kind": "consumer",
            "birthday": None,
            "sections": {},
            "valid_until": None,
        }
        self.insert(members.profile, {"member_id": key, **known, **profile})
        return key

    def activities(self, member: str, *rows: dict[str, Any]) -> list[str]:
        """Write activities numbered from where the member stands, and move the member's number."""
        made: list[dict[str, Any]] = []
        for row in rows:
            self._seq[member] = seq = self._seq.get(member, 0) + 1
            base = {
                "id": new_id(), "member_id": member, "seq": seq, "type": "purchase", "occurred_at": NOW + seq * SECOND,
                "recorded_at": NOW + seq * SECOND, "source": "test", "amount": 0, "unit": "USD", "payload": None,
                "actor": None, "program": 0, "reverses": None, "parent_id": None, "depth": 0, "state": "settled",
                "reason": None, "measures": None,
            }  # fmt: skip
            made.append({**base, "external_id": base["id"], **row})
        self.insert(activities.activity, *made)
        self.update_seq(member)
        return [row["id"] for row in made]

    def update_seq(self, member: str) -> None:
        with self.database.connect() as connection:
            connection.execute(
                members.member.update().where(members.member.c.id == member).values(seq=self._seq.get(member, 0))
            )

    def lines(self, activity: str, *rows: dict[str, Any]) -> None:
        base = {"sku": None, "category": None, "quantity": 1000, "unit_price": None, "flags": None}
        self.insert(
            activities.line, *({"activity_id": activity, "no": no, **base, **row} for no, row in enumerate(rows, 1))
        )

    def effect(self, activity: str, no: int = 1, **values: Any) -> str:
        key = new_id()
        base = {
            "owner": "points", "kind": "credit", "rule": "base@1", "account_kind": "points", "amount": 0,
            "shares": None, "data": None, "state": "applied", "code": None, "undoes": None, "undone": 0, "unfunded": 0,
        }  # fmt: skip
        self.insert(activities.effect, {"id": key, "activity_id": activity, "no": no, **base, **values})
        return key

    def kind(self, code: str, unit: str = "points", *, system: bool = False) -> None:
        with self.database.connect() as connection:
            if connection.execute(ledger.unit.select().where(ledger.unit.c.code == unit)).first() is None:
                connection.execute(ledger.unit.insert().values(code=unit, scale=2, **{"class": "points"}))
        row = {"code": code, "unit": unit, "system": int(system), "lots": 1, "clawback": "debt", "owner": "points"}
        if self.database.dialect == "postgresql":
            row |= {"system": system, "lots": True}
        self.insert(ledger.account_kind, row)

    def account(self, member: str | None, kind: str, credits_: int = 0, debits: int = 0, **values: Any) -> str:
        key = new_id() if member else named_id(f"account:{kind}")
        base = {
            "state": "open", "credits_posted": credits_, "debits_posted": debits, "credits_pending": 0,
            "debits_pending": 0, "overdraft_limit": None, "seq": 0, "last_at": NOW,
        }  # fmt: skip
        self.insert(ledger.account, {"id": key, "kind": kind, "member_id": member, **base, **values})
        return key

    def lot(self, account: str, issued: int, expires: int | None, **values: Any) -> None:
        base = {
            "consumed": 0, "held": 0, "expired": 0, "repaid": 0, "issued_at": NOW, "seq": 1,
            "expires_at": None if expires is None else NOW + expires * SECOND,
        }  # fmt: skip
        ids = {"id": new_id(), "account_id": account, "activity_id": new_id(), "effect_id": new_id()}
        self.insert(ledger.lot, {**ids, "issued": issued, **base, **values})

    def entries(self, account: str, house: str, member: str, count: int) -> None:
        """Write ``count`` credits of 1 each, every one of an activity of its own."""
        nothing: dict[str, Any] = {}
        made = self.activities(member, *(nothing for _ in range(count)))
        postings: list[dict[str, Any]] = []
        entries: list[dict[str, Any]] = []
        for seq, activity in enumerate(made, 1):
            effect = self.effect(activity, rule=f"rule@{seq}", amount=1)
            posting = {
                "id": new_id(), "activity_id": activity, "effect_id": effect, "unit": "points", "amount": 1,
                "debit_account_id": house, "credit_account_id": account, "recorded_at": NOW + seq,
            }  # fmt: skip
            postings.append(posting)
            left = {"balance_after": seq, "available_after": seq, "recorded_at": NOW + seq}
            entry = {"account_id": account, "seq": seq, "posting_id": posting["id"], "activity_id": activity}
            entries.append({**entry, "side": "credit", "amount": 1, **left})
        self.insert(ledger.posting, *postings)
        self.insert(ledger.entry, *entries)
        with self.database.connect() as connection:
            connection.execute(ledger.account.update().where(ledger.account.c.id == account).values(seq=count))

    def assignment(self, member: str, tier: str, start: int, end: int | None = None, ladder: str = "main") -> None:
        row = {
            "id": new_id(), "member_id": member, "ladder": ladder, "tier": tier, "valid_from": NOW + start * SECOND,
            "valid_to": None if end is None else NOW + end * SECOND, "reason": "qualified", "activity_id": new_id(),
            "measured": {"spend lifetime": 5}, "program": 1,
        }  # fmt: skip
        self.insert(tiers.assignment, row)


@pytest.fixture
def rows(database: Database) -> Rows:
    return Rows(database)
