"""Prepared selects: the same rows as SQLAlchemy gives, whatever their values and however few columns are read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Float, Select, bindparam, insert, literal, null, select, update
from sqlalchemy.exc import DBAPIError

from corekit.clock import moment
from corekit.db import wire
from corekit.db.engine import Database
from corekit.db.prepared import Prepared, prepared
from corekit.db.reader import any_of
from corekit.db.shape import Shape
from corekit.ids import new_id
from corekit.members.read import Member
from corekit.members.tables import member, profile

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
DOCUMENTS = st.dictionaries(
    TEXTS, st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS, st.lists), max_size=3
)


def enter(database: Database, **values: Any) -> str:
    key = new_id()
    of_profile: dict[str, Any] = {"channel": "api", "kind": "consumer", "attributes": {}, "sections": {}}
    with database.write() as connection:
        connection.execute(
            insert(member), [{"id": key, "state": "active", "seq": 1, "last_at": 0, "joined_at": 10**15}]
        )
        connection.execute(insert(profile), [{"member_id": key, **of_profile, **values}])
    return key


def wanted(*columns: Any) -> Any:
    return select(*columns).join_from(member, profile).where(any_of(member.c.id, bindparam("ids")))


def test_rows_are_those_of_sqlalchemy(database: Database) -> None:
    columns = [*member.c, *profile.c]
    rows = Prepared(wanted(*columns))

    @settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(TEXTS, TEXTS | st.none(), DOCUMENTS, st.integers(0, 2**62) | st.none())
    def check(name: str, birthday: str | None, attributes: dict[str, Any], until: int | None) -> None:
        keys = [
            enter(database, name=name, birthday=birthday, attributes=attributes, valid_until=until),
            enter(database, sections=attributes),
        ]
        with database.read() as read:
            found = sorted(read.all(rows, ids=[*keys, new_id()]))
            expected = read.all(select(*columns).join_from(member, profile).where(any_of(member.c.id, keys)))
            assert [tuple(row) for row in found] == sorted(tuple(row) for row in expected)
            assert {row.name for row in found} == {name, None}

    check()


def test_no_rows_are_no_rows(database: Database) -> None:
    with database.read() as read:
        assert read.all(Prepared(wanted(member.c.id, profile.c.attributes)), ids=[]) == []
        assert read.statements == 1


def test_what_is_no_identifier_is_that_of_nobody(database: Database) -> None:
    key = enter(database)
    with database.read() as read:
        rows = read.all(Prepared(wanted(member.c.id)), ids=["nobody", key, "", "\0", key.upper(), 7])
    assert [row.id for row in rows] == [key]


@pytest.mark.parametrize("wrong", [["{key},{key}"], ["0" * 31, "0" * 33], ["{key}", "\ud800"], ["{key}", "é" * 32], []])
def test_texts_that_are_identifiers_only_together_are_those_of_nobody(database: Database, wrong: list[str]) -> None:
    key = enter(database)
    ids = [text.format(key=key) for text in wrong]
    with database.read() as read:
        rows = read.all(Prepared(wanted(member.c.id)), ids=ids)
    assert [row.id for row in rows] == [each for each in ids if each == key]


def test_a_column_of_identifiers_may_have_nulls_anywhere(database: Database) -> None:
    into, *merged, _ = keys = sorted(enter(database) for _ in range(4))
    with database.write() as connection:
        connection.execute(update(member).where(member.c.id.in_(merged)).values(state="merged", merged_into=into))
    rows = Prepared(wanted(member.c.merged_into).order_by(member.c.id))
    with database.read() as read:
        assert [row.merged_into for row in read.all(rows, ids=keys)] == [None, into, into, None]


def test_a_column_that_is_left_out_is_none_and_the_others_stand(database: Database) -> None:
    key = enter(database, name="Ann", attributes={"shoe": 38})
    shape = Shape(Member, member, profile, always=("id",))
    left_out = shape.left_out({"name", "joined_at"})
    assert left_out == set(Member._fields) - {"id", "name", "joined_at"}
    assert shape.left_out(None) == frozenset()
    with database.read() as read:
        rows = read.all(Prepared(wanted(*shape.columns_but(left_out)), Member), ids=[key])
    (found,) = rows
    told = {name: value for name, value in found._asdict().items() if value is not None}
    assert isinstance(found, Member)
    assert told == {"id": key, "name": "Ann", "joined_at": moment(10**15)}


def test_values_that_never_change_and_values_that_do(database: Database) -> None:
    enter(database)
    statement: Any = select(
        literal("it's %s $1").label("fixed"), bindparam("text", type_=profile.c.name.type).label("given"), member.c.seq
    )
    with database.read() as read:
        (row,) = read.all(Prepared(statement.where(member.c.seq == bindparam("seq"))), text='"\\, {}\n', seq=1)
        assert tuple(row) == ("it's %s $1", '"\\, {}\n', 1)
        assert read.all(Prepared(statement.where(member.c.seq == bindparam("seq"))), text="", seq=None) == []


def test_a_missing_value_is_named(database: Database) -> None:
    with database.read() as read, pytest.raises(TypeError, match="ids"):
        read.all(Prepared(wanted(member.c.id)))


def test_a_column_of_another_type_is_refused(database: Database) -> None:
    with database.read() as read, pytest.raises(TypeError, match="no columns of Float"):
        read.all(Prepared(select(literal(1.5, Float))))


def test_each_choice_is_built_once() -> None:
    built: list[bool] = []

    @prepared
    def statement(with_name: bool) -> Select[Any]:  # noqa: FBT001 - a choice of a select
        built.append(with_name)
        return select(profile.c.name if with_name else null().label("name"))

    assert statement(True) is statement(True) is not statement(False)
    assert built == [True, False]


def test_what_the_database_refuses_is_said_as_sqlalchemy_says_it_and_the_reader_goes_on_elsewhere(
    database: Database,
) -> None:
    too_large = Prepared(select((member.c.seq + 2**62 + 2**62).label("sum")))
    enter(database)
    if database.dialect == "postgresql":  # SQLite goes on with a floating point number
        with database.read() as read, pytest.raises(DBAPIError):
            read.all(too_large)
    with database.read() as read:
        assert len(read.all(Prepared(select(member.c.id)))) == 1


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
def test_a_connection_keeps_so_many_statements_prepared_and_no_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "MOST_PREPARED", 3)
    enter(database)
    statements = [Prepared(select(member.c.seq.label(f"seq_{number}"))) for number in range(5)]
    with database.read() as read:
        for _ in range(2):
            assert [tuple(read.all(each)[0]) for each in statements] == [(1,)] * 5
        kept = read.source.driver.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    assert kept == (3,)
