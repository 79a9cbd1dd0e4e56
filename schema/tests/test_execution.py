"""Execution: resolvers see whole levels, plans are remembered, limits hold, errors stand where they belong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import graphene
import pytest
from attrs import field, frozen
from graphql import GraphQLError, GraphQLSchema

from corekit.paging import Page
from corekit_schema import ConnectionField, Context, Field, Info, Object, Viewer, listed, public
from corekit_schema.assembly.schema import assemble
from corekit_schema.execution.documents import Document, Remembering, read_document
from corekit_schema.execution.executor import Executor
from corekit_schema.execution.limits import Limits

CALLS: list[tuple[str, int]] = []
SEEN: list[Info] = []


@frozen
class PersonValue:
    name: str
    friends: list[PersonValue] = field(factory=list["PersonValue"])


class Person(Object, policy=public):
    """A person."""

    name = Field(graphene.String, description="Name.")
    shout = Field(
        graphene.String,
        times=graphene.Argument(graphene.Int, default_value=1, description="How often."),
        description="The name, loud.",
    )
    friends = Field(listed(lambda: Person), description="Friends.")
    short = Field(graphene.String, description="One value too few.")
    none = Field(graphene.String, description="No list.")
    fails = Field(graphene.String, description="Raises for everybody.")
    odd = Field(graphene.NonNull(graphene.String), description="Fails for Bob.")

    @staticmethod
    def resolve_shout(parents: Sequence[PersonValue], info: Info, times: int) -> list[str]:
        CALLS.append(("shout", len(parents)))
        SEEN.append(info)
        return [parent.name.upper() * times for parent in parents]

    @staticmethod
    def resolve_friends(parents: Sequence[PersonValue], info: Info) -> list[list[PersonValue]]:
        CALLS.append(("friends", len(parents)))
        SEEN.append(info)
        return [parent.friends for parent in parents]

    @staticmethod
    def resolve_short(parents: Sequence[PersonValue], _info: Info) -> list[str]:
        return ["x"] * (len(parents) - 1)

    @staticmethod
    def resolve_none(_parents: Sequence[PersonValue], _info: Info) -> Any:
        return None

    @staticmethod
    def resolve_fails(parents: Sequence[PersonValue], _info: Info) -> list[str]:
        raise GraphQLError("nobody", extensions={"code": "NOBODY"})

    @staticmethod
    def resolve_odd(parents: Sequence[PersonValue], _info: Info) -> list[Any]:
        return [KeyError("bob") if parent.name == "Bob" else parent.name for parent in parents]


ANN = PersonValue("Ann", [PersonValue("Bob", [PersonValue("Dan")]), PersonValue("Cid", [PersonValue("Eva")])])
DONE: list[str] = []


def _do(_parents: Sequence[Any], _info: Info, what: str) -> list[Any]:
    DONE.append(what)
    return [GraphQLError("no") if what == "fail" else what]


def always(value: Any) -> Any:
    """Return a resolver that answers the same for every parent."""

    def resolve(parents: Sequence[Any], _info: Info) -> list[Any]:
        return [value for _ in parents]

    return resolve


class Query(Object, policy=public):
    """Queries."""

    ann = Field(Person, description="Ann.", resolve=always(ANN))
    people = Field(graphene.List(Person), description="Two.", resolve=always(ANN.friends))


class Mutation(Object, policy=public):
    """Mutations."""

    do = Field(
        graphene.String,
        what=graphene.Argument(graphene.String, required=True, description="What."),
        description="Does it.",
        resolve=_do,
    )
    must = Field(
        graphene.NonNull(graphene.String),
        what=graphene.Argument(graphene.String, required=True, description="What."),
        description="Does it, or nothing more.",
        resolve=_do,
    )


SCHEMA = assemble({}, query=Query, mutation=Mutation, permissions=(), codes={}).graphql


def ask(text: str, executor: Executor | None = None, **variables: Any) -> Any:
    CALLS.clear()
    SEEN.clear()
    DONE.clear()
    context = Context(cast("Any", None), Viewer(kind="anonymous"))
    return (executor or Executor(SCHEMA)).execute(text, context, variables=variables)


def test_a_resolver_is_called_once_for_a_whole_level() -> None:
    answer = ask("{ ann { friends { shout friends { shout } } } }")
    assert answer.data["ann"]["friends"][1] == {"shout": "CID", "friends": [{"shout": "EVA"}]}
    assert CALLS == [("friends", 1), ("shout", 2), ("friends", 2), ("shout", 2)]


def test_info_says_what_is_selected_and_where() -> None:
    ask("query { ann { pals: friends { n: name ...F } } } fragment F on Person { friends { shout(times: 2) } }")
    assert (SEEN[0].type_name, SEEN[0].field_name, SEEN[0].path) == ("Person", "friends", ("ann", "pals"))
    assert SEEN[0].selected == {"name", "friends", "friends.shout"}
    assert SEEN[-1].path == ("ann", "pals", "friends", "shout")


def test_variables_defaults_and_aliases() -> None:
    text = "query ($n: Int) { ann { one: shout two: shout(times: 2) many: shout(times: $n) } }"
    assert ask(text, n=3).data["ann"] == {"one": "ANN", "two": "ANNANN", "many": "ANNANNANN"}
    assert ask(text).data["ann"]["many"] == "ANN"


def test_a_plan_holds_for_the_values_of_its_switches_only() -> None:
    executor = Executor(SCHEMA)
    text = "query ($yes: Boolean!) { ann { name @include(if: $yes) shout @skip(if: $yes) } }"
    assert ask(text, executor, yes=True).data == {"ann": {"name": "Ann"}}
    assert ask(text, executor, yes=False).data == {"ann": {"shout": "ANN"}}
    assert ask(text, executor, yes=True).data == {"ann": {"name": "Ann"}}


def test_documents_are_read_once_and_no_more_than_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def watched(schema: GraphQLSchema, text: str, limits: Limits) -> Document:
        read.append(text)
        return read_document(schema, text, limits)

    monkeypatch.setattr("corekit_schema.execution.executor.read_document", watched)
    executor = Executor(SCHEMA, Limits(documents=2, plans=2))
    first, second, third = "{ ann { name } }", "{ a: ann { name } }", "{ b: ann { name } }"
    for text in (first, first, second, third, first):
        assert ask(text, executor).data
    assert read == [first, second, third, first]


def test_how_well_plans_are_remembered_can_be_read() -> None:
    executor = Executor(SCHEMA, Limits(plans=2))
    text = "query ($yes: Boolean!) { ann { name @include(if: $yes) shout } }"
    for yes in (True, True, False, True):
        ask(text, executor, yes=yes)
    assert executor.remembering() == {
        "documents": Remembering(hits=0, misses=1, size=1, most=1_000),
        "operations": Remembering(hits=7, misses=1, size=1, most=1_000),  # a plan that is made asks for it twice
        "plans": Remembering(hits=2, misses=2, size=2, most=2),
    }
    ask("{ ann { name } }", executor)
    assert executor.remembering()["plans"] == Remembering(hits=2, misses=3, size=2, most=2)


def test_introspection_is_answered() -> None:
    answer = ask('{ __schema { queryType { name } } __type(name: "Person") { description } ann { shout __typename } }')
    assert answer.errors == ()
    assert answer.data["__schema"] == {"queryType": {"name": "Query"}}
    assert answer.data["ann"] == {"shout": "ANN", "__typename": "Person"}


def test_an_exception_among_the_values_is_an_error_of_that_parent_alone() -> None:
    answer = ask("{ people { odd } }")
    assert answer.data == {"people": [None, {"odd": "Cid"}]}
    assert [error.path for error in answer.errors] == [["people", 0, "odd"]]
    assert isinstance(answer.errors[0].original_error, KeyError)


def test_a_resolver_that_raises_fails_for_every_parent() -> None:
    answer = ask("{ people { fails name } }")
    assert answer.data == {"people": [{"fails": None, "name": "Bob"}, {"fails": None, "name": "Cid"}]}
    assert [error.path for error in answer.errors] == [["people", 0, "fails"], ["people", 1, "fails"]]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("short", "The resolver of Person.short returned 1 values for 2 parents."),
        ("none", "The resolver of Person.none returned no list."),
    ],
)
def test_a_resolver_out_of_step_is_a_defect_that_is_named(name: str, message: str) -> None:
    answer = ask(f"{{ people {{ {name} }} }}")
    assert {error.message for error in answer.errors} == {message}


def test_mutations_run_in_order_and_end_where_null_may_not_be() -> None:
    answer = ask('mutation { a: do(what: "1") b: do(what: "fail") c: do(what: "2") }')
    assert answer.data == {"a": "1", "b": None, "c": "2"}
    assert DONE == ["1", "fail", "2"]
    answer = ask('mutation { a: do(what: "1") b: must(what: "fail") c: do(what: "2") }')
    assert answer.data is None
    assert DONE == ["1", "fail"]


@pytest.mark.parametrize(
    ("limits", "text", "code"),
    [
        (Limits(depth=3), "{ ann { friends { friends { name } } } }", "TOO_DEEP"),
        (Limits(depth=3), "{ ann { ...F } } fragment F on Person { friends { friends { name } } }", "TOO_DEEP"),
        (Limits(tokens=5), "{ ann { name shout } }", "GRAPHQL_PARSE_FAILED"),
        (Limits(fields=3), "{ ann { name shout friends { name } } }", "TOO_LARGE"),
        (Limits(), "{ ann { nam } }", "GRAPHQL_VALIDATION_FAILED"),
        (Limits(), "{ ann {", "GRAPHQL_PARSE_FAILED"),
        (Limits(), "query A { ann { name } } query B { ann { name } }", "OPERATION_RESOLUTION_FAILURE"),
        (Limits(), "query ($n: Int!) { ann { shout(times: $n) } }", "BAD_USER_INPUT"),
    ],
)
def test_what_cannot_be_run_is_a_coded_error(limits: Limits, text: str, code: str) -> None:
    answer = ask(text, Executor(SCHEMA, limits))
    assert answer.data is None
    assert [error.extensions["code"] for error in answer.errors] == [code]


def test_fragments_that_name_each_other_over_and_over_are_refused_in_no_time() -> None:
    fragments = [
        f"fragment F{n} on Person {{ a: friends {{ ...F{n + 1} }} b: friends {{ ...F{n + 1} }} }}" for n in range(15)
    ]
    text = "{ ann { ...F0 } }" + "".join(fragments) + "fragment F15 on Person { name }"
    answer = ask(text)
    assert [error.extensions["code"] for error in answer.errors] == ["TOO_LARGE"]
    wide = [f"fragment F{n} on Person {{ ...F{n + 1} ...F{n + 1} name }}" for n in range(40)]
    assert ask("{ ann { ...F0 } }" + "".join(wide) + "fragment F40 on Person { name }").data == {"ann": {"name": "Ann"}}


# ----------------------------------------------------------------------------------------------- what is looked at


@frozen
class Card:
    number: str
    holder: str


class Wallet(Object, policy=public):
    """A card of a list."""

    number = Field(graphene.String, description="Its number.")
    shown = Field(graphene.String, description="Both together.", reads=("number", "holder"))
    unsaid = Field(graphene.String, description="Looks at who knows what.")

    @staticmethod
    def resolve_shown(parents: Sequence[Card], _info: Info) -> list[str]:
        return [f"{each.number} {each.holder}" for each in parents]

    @staticmethod
    def resolve_unsaid(parents: Sequence[Card], _info: Info) -> list[str]:
        return [each.holder for each in parents]


NEEDED: list[frozenset[str] | None] = []


class WalletQuery(Object, policy=public):
    """The root."""

    cards = ConnectionField(Wallet, description="Cards.")

    @staticmethod
    def resolve_cards(_parents: Sequence[Any], info: Info, **_span: Any) -> list[Page[Card]]:
        NEEDED.append(info.needs("nodes", "edges.node"))
        return [Page((Card("1", "Ann"),), ((1,),))]


@pytest.mark.parametrize(
    ("selected", "needed"),
    [
        ("nodes { number }", {"number"}),
        ("nodes { other: number } edges { node { ...Shown } }", {"number", "holder"}),
        ("nodes { shown @skip(if: true) __typename }", {"number", "holder"}),
        ("nodes { number unsaid }", None),
        ("pageInfo { hasNextPage }", set[str]()),
    ],
)
def test_a_resolver_learns_what_will_be_looked_at(selected: str, needed: set[str] | None) -> None:
    NEEDED.clear()
    fragment = "fragment Shown on Wallet { shown }" if "...Shown" in selected else ""
    schema = assemble({}, query=WalletQuery, mutation=Mutation, permissions=(), codes={}).graphql
    ask(f"{{ cards {{ {selected} }} }} {fragment}", Executor(schema))
    assert [needed if needed is None else frozenset(needed)] == NEEDED
