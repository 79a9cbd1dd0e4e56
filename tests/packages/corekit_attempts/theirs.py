"""What Ann could get hold of that is Bob's: ids, words, documents, instants, amounts, and cursors of whichever list."""

from __future__ import annotations

import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

from attrs import frozen

from corekit_attempts.asking import House
from corekit_attempts.attempts import Theirs
from corekit_attempts.canaries import Books, plain
from corekit_attempts.people import People, Person
from corekit_schema import global_id

UNKNOWN = "01900000000070008000" + "0" * 12
"""An id that nothing has."""
_TURNED = str.maketrans("0123456789", "3456789012")
LISTS = """
query ($id: ID!) {
  member(id: $id) {
    activities(first: 3) { edges { cursor } }
    purchases(first: 3) { edges { cursor } }
    statement(kind: "points", first: 3) { edges { cursor } }
  }
}
"""
STAFF_LISTS = "{ members(first: 3) { edges { cursor } } audit(first: 3) { edges { cursor } } }"


@frozen
class Known:
    """Somebody whose things are tried, and all that is stored of them."""

    who: Person
    books: Books
    types: Sequence[str]

    def pools(self, cursors: Iterable[str]) -> Mapping[str, Sequence[Theirs]]:
        """Return what is theirs, by the scalar type as which it is tried."""
        words = [_like(word) for word in self.words()] + [Theirs(cursor) for cursor in sorted(set(cursors))]
        instants = sorted({plain(row["occurred_at"]) for row in self.rows("core_activity")})
        amounts = sorted({row["amount"] for row in self.rows("core_effect")})[-3:]
        return {
            "ID": self.ids(),
            "String": words,
            "JSON": [_like(document) for document in self.documents()],
            "DateTime": [Theirs(instants[0]), Theirs(instants[-1])],
            "Digits": [Theirs(str(amount)) for amount in amounts],
            "Int": [Theirs(amount) for amount in (1, 1_000, *amounts)],
            "Boolean": [Theirs(value=True), Theirs(value=False)],
        }

    def rows(self, table: str) -> Sequence[Mapping[str, Any]]:
        return self.books[self.who.id][table]

    def ids(self) -> list[Theirs]:
        """Return an id of each kind, as what it is, as everything that it is not, and bare."""
        tables = self.books[self.who.id].items()
        bare = [plain(rows[-1]["id"]) for _, rows in tables if isinstance(plain(rows[-1].get("id")), str)]
        bare += [self.who.id, self.who.purchase]
        packed = [Theirs(global_id(type_, each), global_id(type_, UNKNOWN)) for type_ in self.types for each in bare]
        odd = [
            _packed(f"member:{self.who.id}"),
            _packed(f"Member:{self.who.id} "),
            _packed(f"Member:{self.who.id.upper()}"),
        ]
        return packed + [Theirs(text, _packed(f"Member:{UNKNOWN}")) for text in odd] + [Theirs(self.who.id, UNKNOWN)]

    def words(self) -> list[str]:
        """Return by what somebody, and what is theirs, is called."""
        mark, who = self.who.mark, self.who
        own = [self.rows("core_request")[0]["key"], plain(self.rows("core_hold")[0]["id"])]
        names = [who.number, who.phone, who.phone[3:], f"{mark}@example.org", f"{mark} Smith", f"{mark} Mi"]
        known = [f"{mark}-crm", f"{mark}-shop", f"{mark}-tag", f"{mark}-family", f"{mark}-sku", f"{mark}-cat", mark]
        return [*names, *known, f"member:{who.id}", who.id, who.purchase, global_id("Member", who.id), *own]

    def documents(self) -> list[dict[str, Any]]:
        """Return documents that say who, or what, is meant."""
        who, mark = self.who, self.who.mark
        named = [{"number": who.number}, {"phone": who.phone}, {"email": f"{mark}@example.org"}]
        known: list[dict[str, Any]] = [{"externalId": f"{mark}-crm"}, {"externalIds": {"shop": f"{mark}-shop"}}]
        return [*named, *known, {"hold": plain(self.rows("core_hold")[0]["id"])}, {"activity": who.purchase}]


def cursors_of(house: House, people: People, bearers: Mapping[str, str]) -> list[str]:
    """Return the cursors of Bob's lists as he gets them, and of those that staff gets."""
    answers = [
        house.ask(LISTS, bearers["bob"], {"id": global_id("Member", people.bob.id)}),
        house.ask(STAFF_LISTS, bearers["staff"]),
    ]
    assert not any("errors" in answer for answer in answers), answers
    return [edge["cursor"] for answer in answers for edge in _edges(answer["data"])]


def _edges(document: Any) -> list[dict[str, str]]:
    if not isinstance(document, dict):
        return []
    known = cast("dict[str, Any]", document)
    return known.get("edges") or [edge for inner in known.values() for edge in _edges(inner)]


def _packed(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _like(value: Any) -> Theirs:
    """Pair something of theirs with what looks like it and is nobody's."""
    return Theirs(value, _changed(value))


def _changed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _changed(inner) for key, inner in cast("dict[str, Any]", value).items()}
    if value.startswith("TW"):  # the global id of a member
        return global_id("Member", UNKNOWN)
    text = re.sub("[0-9a-f]{32}", UNKNOWN, value)
    return text if text != value else value.translate(_TURNED).replace("zq", "zj")
