"""Walking a list page by page, in both directions, yields the whole list once and in order."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corekit.activities.read import activities_of, slips
from corekit.db.engine import Database
from corekit.db.reader import Reader
from corekit.errors import Invalid
from corekit.ledger.read import statement
from corekit.members.read import MemberFilter, member_page
from corekit.paging import Page

WALKS = settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
sizes = st.integers(1, 9)
Ask = Callable[..., Page[Any]]


def forward(ask: Ask, size: int) -> list[Any]:
    found: list[Any] = []
    page = ask(first=size)
    assert not page.has_previous
    while True:
        assert len(page.items) == len(page.cursors) <= size
        found += page.items
        if not page.has_next:
            return found
        page = ask(first=size, after=page.cursors[-1])
        assert page.has_previous


def backward(ask: Ask, size: int) -> list[Any]:
    found: list[Any] = []
    page = ask(last=size)
    assert not page.has_next
    while True:
        found = [*page.items, *found]
        if not page.has_previous:
            return found
        page = ask(last=size, before=page.cursors[0])
        assert page.has_next


def check_walks(ask: Ask, size: int, expected: list[Any], key: Callable[[Any], Any]) -> None:
    assert [key(item) for item in forward(ask, size)] == expected
    assert [key(item) for item in backward(ask, size)] == expected
    check_total(ask, size, len(expected))


def check_total(ask: Ask, size: int, expected: int) -> None:
    """The total is that of the whole list wherever the page stands, and nothing is counted unasked."""
    page = ask(first=size)
    assert page.total is None
    assert ask(first=size, total=True).total == ask(last=size, total=True).total == expected
    assert ask(first=size, after=page.cursors[-1], total=True).total == expected


def test_members_come_in_the_order_in_which_they_joined(database: Database, rows: Any) -> None:
    # Several joined at the same instant: the id decides among them.
    joined = [(joined, rows.member(joined=joined)) for joined in (5, 1, 1, 1, 3, 9, 7, 7)]
    expected = [key for _, key in sorted(joined)]

    @WALKS
    @given(sizes)
    def walk(size: int) -> None:
        with database.read() as read:
            check_walks(partial(member_page, read, None), size, expected, lambda member: member.id)

    walk()


def test_a_page_between_two_cursors_holds_only_what_lies_between(database: Database, rows: Any) -> None:
    keys = [rows.member(joined=at) for at in range(6)]
    with database.read() as read:
        everybody = member_page(read)
        after, before = everybody.cursors[0], everybody.cursors[4]
        between = member_page(read, None, first=10, after=after, before=before)
        end = member_page(read, None, last=2, after=after, before=before)
    assert [member.id for member in between.items] == keys[1:4]
    assert [member.id for member in end.items] == keys[2:4]


@pytest.mark.parametrize("among_others", [False, True])
def test_activities_of_a_member_come_newest_first(database: Database, rows: Any, *, among_others: bool) -> None:
    member, other = rows.member(), rows.member()
    rows.activities(other, *({} for _ in range(30)))
    kinds = ["purchase", "check_in", "purchase", "purchase", "check_in", "purchase", "purchase"] * 2
    ids = rows.activities(member, *({"type": kind} for kind in kinds))
    wanted = [member, other] if among_others else [member]
    purchases = [key for key, kind in zip(ids, kinds, strict=True) if kind == "purchase"]

    @WALKS
    @given(sizes)
    def walk(size: int) -> None:
        with database.read() as read:

            def ask(**page: Any) -> Page[Any]:
                return activities_of(read, wanted, **page)[member]

            check_walks(ask, size, ids[::-1], lambda view: view.id)
            check_walks(partial(ask, type="purchase"), size, purchases[::-1], lambda view: view.id)

    walk()


def test_a_statement_comes_newest_first_with_the_running_balance(database: Database, rows: Any) -> None:
    member = rows.member()
    rows.kind("points")
    rows.kind("points.issued", system=True)
    house = rows.account(None, "points.issued")
    account = rows.account(member, "points", credits_=11)
    rows.entries(account, house, member, 11)

    @WALKS
    @given(sizes)
    def walk(size: int) -> None:
        with database.read() as read:

            def ask(**page: Any) -> Page[Any]:
                return statement(read, [account], **page)[account]

            check_walks(ask, size, [*range(11, 0, -1)], lambda entry: entry.balance_after)

    walk()


def test_slips_of_a_category_leave_out_other_purchases_and_other_lines(database: Database, rows: Any) -> None:
    member = rows.member()
    ids = rows.activities(member, *({"payload": {"store": "s1"}} for _ in range(5)))
    for key in ids[::2]:
        rows.lines(
            key, {"category": "milk", "amount": 5, "flags": ["special_offer"]}, {"category": "bread", "amount": 7}
        )
    with database.read() as read:
        of_all = slips(read, [member])[member]

        def of_milk(**page: Any) -> Page[Any]:
            return slips(read, [member], category="milk", **page)[member]

        found = forward(of_milk, 2)
    assert [slip.activity.id for slip in of_all.items] == ids[::-1]
    assert [slip.activity.id for slip in found] == ids[::-2]
    assert [[(line.category, line.amount, line.flags) for line in slip.lines] for slip in found] == [
        [("milk", 5, ("special_offer",))]
    ] * 3


def ask_every_list(read: Reader, **page: Any) -> None:
    member_page(read, None, **page)
    activities_of(read, [], **page)


@pytest.mark.parametrize("cursor", ["", "x", "!!!", "W10", "WzFd", "WyJhIiwyXQ", "bnVsbA", "é", "Wy0xXQ", "WzEsMV0"])
def test_a_cursor_of_nobody_is_refused_with_its_path(database: Database, cursor: str) -> None:
    with database.read() as read, pytest.raises(Invalid) as refused:
        member_page(read, None, after=cursor)
    assert [(problem.code, problem.path) for problem in refused.value.problems] == [("CURSOR", ("after",))]


@pytest.mark.parametrize("page", [{"first": 0}, {"first": -1}, {"last": 1001}, {"first": 5, "last": 5}])
def test_a_page_of_no_or_too_many_items_is_refused(database: Database, page: dict[str, int]) -> None:
    with database.read() as read, pytest.raises(Invalid) as refused:
        ask_every_list(read, **page)
    assert refused.value.code == "PAGE_SIZE"
    assert refused.value.parameters == {"most": 1000}


FILTERS = [
    (MemberFilter(state="frozen"), {"bea"}),
    (MemberFilter(channel="pos"), {"ann", "anna"}),
    (MemberFilter(channel="pos", state="frozen"), set[str]()),
    (MemberFilter(external_id="b-1"), {"bea"}),
    (MemberFilter(external_id=""), set[str]()),
    (MemberFilter(name="An"), {"ann", "anna"}),
    (MemberFilter(name="Ann A"), {"ann"}),
    (MemberFilter(name="%"), set[str]()),
    (MemberFilter(name="\0"), set[str]()),
    (MemberFilter(tier=("main", "gold")), {"anna"}),
    (MemberFilter(tier=("main", "silver")), {"bea"}),
    (MemberFilter(tier=("other", "gold")), set[str]()),
]


@pytest.mark.parametrize(("wanted", "expected"), FILTERS)
def test_a_filter_keeps_those_it_describes(
    database: Database, rows: Any, wanted: MemberFilter, expected: set[str]
) -> None:
    people = {
        "ann": rows.member(1, name="Ann Arbor", channel="pos"),
        "anna": rows.member(2, name="Anna-Lena", channel="pos"),
        "bea": rows.member(3, name="bea", channel="web", state="frozen", external_id="b-1"),
        "eva": rows.member(4, name="Éva"),
    }
    rows.assignment(people["anna"], "gold", 0)
    rows.assignment(people["bea"], "gold", 0, 5)
    rows.assignment(people["bea"], "silver", 5)
    with database.read() as read:
        page = member_page(read, wanted)
    assert {name for name, key in people.items() if key in {member.id for member in page.items}} == expected
