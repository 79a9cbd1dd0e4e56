"""Limits: what is too large, too deep or too costly is refused before anything runs, and says which limit it met."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import Any

import graphene
import httpx
import pytest
from attrs import frozen
from sqlalchemy import Select, func, literal, select

from corekit import Declares, Settings, SettingsError
from corekit.testing.modules import plugin_module
from corekit_schema import ANONYMOUS, Context, Field, Graph, Info, Object, Query, Viewer, build_app, listed, public
from corekit_schema.assembly.schema import assemble
from corekit_schema.connections import ConnectionField
from corekit_schema.execution.executor import Answer, Executor
from corekit_schema.execution.limits import Limits
from corekit_schema.http.rate import Rate, RateLimited
from corekit_schema.http.trusted import read_manifest
from corekit_schema.settings import ServerSettings


@frozen
class LeafValue:
    name: str = "leaf"


class Leaf(Object, policy=public):
    """A leaf."""

    name = Field(graphene.String, description="Name.")
    dear = Field(graphene.String, description="Costs 7.", cost=7, source="name")
    leaf = Field(lambda: Leaf, description="Another leaf.")
    leaves = Field(listed(lambda: Leaf), description="Leaves.")


class Root(Object, policy=public):
    """What can be asked."""

    leaf = Field(Leaf, description="A leaf.")
    leaves = Field(listed(Leaf), description="Leaves.")
    pages = ConnectionField(Leaf, description="Leaves in pages.")

    @staticmethod
    def resolve_leaf(parents: Sequence[Any], _info: Info) -> list[LeafValue]:
        return [LeafValue()] * len(parents)

    @staticmethod
    def resolve_leaves(parents: Sequence[Any], _info: Info) -> list[list[LeafValue]]:
        return [[]] * len(parents)

    @staticmethod
    def resolve_pages(parents: Sequence[Any], _info: Info, **_: Any) -> list[None]:
        return [None] * len(parents)


class Change(Object, policy=public):
    """What can be done."""

    touch = Field(graphene.Int, description="Touches.")

    @staticmethod
    def resolve_touch(parents: Sequence[Any], _info: Info) -> list[int]:
        return [1] * len(parents)


SCHEMA = assemble({}, query=Root, mutation=Change, permissions=[], codes={}).graphql


def ask(text: str, limits: Limits | None = None, *, seconds: float | None = None, **variables: Any) -> Answer:
    executor = Executor(SCHEMA, limits)
    with Context(None, ANONYMOUS, seconds=seconds) as context:  # type: ignore[arg-type] # nothing here asks the kit
        return executor.execute(text, context, variables=variables)


def extensions(answer: Answer) -> dict[str, Any]:
    (error,) = answer.errors
    return error.extensions or {}


@pytest.mark.parametrize(
    ("what", "most", "within", "beyond"),
    [
        ("aliases", 2, "{ a: leaf { b: name name } }", "{ a: leaf { b: name c: name } }"),
        ("aliases", 2, "{ leaf { ...F } } fragment F on Leaf { a: name b: name }",
         "{ leaf { ...F leaf { ...F } } } fragment F on Leaf { a: name b: name }"),
        ("repeats", 2, "{ leaf { name name } }", "{ leaf { name name ... on Leaf { name } } }"),
        ("repeats", 2, "{ leaf { name } leaf { name } }", "{ leaf { name } leaf { name name } }"),
        ("directives", 1, "{ leaf { name @skip(if: false) } }",
         "{ leaf @include(if: true) { ... @include(if: true) { name } } }"),
        ("root_fields", 2, "{ a: leaf { name } b: leaf { name } }",
         "{ a: leaf { name } ... { b: leaf { name } c: leaf { name } } }"),
        ("mutations", 2, "mutation { touch b: touch }", "mutation { touch b: touch c: touch }"),
        ("fields", 3, "{ leaf { name dear } }", "{ leaf { name leaf { name } } }"),
    ],
)  # fmt: skip
def test_an_operation_has_so_much_and_no_more(what: str, most: int, within: str, beyond: str) -> None:
    limits = Limits(**{what: most})
    assert ask(within, limits).errors == ()
    refused = ask(beyond, limits)
    assert not refused.ran
    assert extensions(refused) == {"code": "TOO_LARGE", "what": what, "limit": most}


def test_depth_is_counted_through_fragments_also_where_they_lead_to_themselves() -> None:
    limits = Limits(depth=3)
    assert ask("{ leaf { leaf { name } } }", limits).errors == ()
    assert extensions(ask("{ leaf { ...F } } fragment F on Leaf { leaf { leaf { name } } }", limits)) == {
        "code": "TOO_DEEP",
        "limit": 3,
    }
    assert extensions(ask("{ leaf { ...F } } fragment F on Leaf { leaf { ...F } }", limits))["code"] == "TOO_DEEP"


def test_what_repeats_over_and_over_is_refused_before_it_is_compared() -> None:
    """Validation compares each field with each other one of its name."""
    text = "{ leaf { " + "name " * 4_000 + "} }"
    assert extensions(ask(text))["what"] == "repeats"


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ leaf { name } }", 1),
        ("{ leaf { leaf { name } } }", 2),
        ("{ leaf { dear } }", 8),
        ("{ leaves { name } }", 1),
        ("{ leaves { leaf { name } dear } }", 1 + 10 * (1 + 7)),
        ("{ leaves { leaves { dear } } }", 1 + 10 * (1 + 10 * 7)),
        ("{ pages(first: 3) { nodes { dear } } }", 1 + 3 * (1 + 7)),
        ("{ pages(last: 3) { edges { cursor node { dear } } } }", 1 + 3 * (1 + 1 + 7)),
        ("{ pages { nodes { dear } } }", 1 + 50 * (1 + 7)),
        ("query ($n: Int) { pages(first: $n) { nodes { dear } } }", 1 + 4 * (1 + 7)),
        ("query ($n: Int = 2) { a: pages(first: $n) { nodes { dear } } b: leaf { name } }", 1 + 4 * (1 + 7) + 1),
        ("query ($yes: Boolean = false) { leaf { name } leaves @include(if: $yes) { dear } }", 1),
    ],
)
def test_an_operation_costs_what_it_looks_up(text: str, cost: int) -> None:
    answer = ask(text, n=4)
    assert (answer.errors, answer.cost) == ((), cost)
    assert ask(text, Limits(cost=cost), n=4).errors == ()
    if cost > 1:
        refused = ask(text, Limits(cost=cost - 1), n=4)
        assert (refused.data, extensions(refused)) == (None, {"code": "TOO_COSTLY", "cost": cost, "limit": cost - 1})


def test_a_page_has_so_many_items_and_no_more() -> None:
    limits = Limits(page=5)
    text = "query ($n: Int) { pages(first: $n) { nodes { name } } }"
    assert ask(text, limits, n=5).errors == ()
    assert extensions(ask(text, limits, n=6)) == {"code": "PAGE_SIZE", "limit": 5}
    assert extensions(ask("{ pages(last: 6) { nodes { name } } }", limits)) == {"code": "PAGE_SIZE", "limit": 5}


def test_what_takes_too_long_is_given_up_between_two_fields() -> None:
    answer = ask("{ leaf { name } }", seconds=-1)
    assert (answer.data, extensions(answer)) == (None, {"code": "TOO_SLOW", "limit": -1})


@pytest.mark.parametrize(
    ("introspection", "viewer", "allowed"),
    [
        ("public", ANONYMOUS, True),
        ("authenticated", ANONYMOUS, False),
        ("authenticated", Viewer(kind="staff", name="mira"), True),
        ("off", Viewer(kind="staff", name="mira"), False),
    ],
)
def test_who_may_ask_for_the_schema(introspection: Any, viewer: Viewer, *, allowed: bool) -> None:
    executor = Executor(SCHEMA, introspection=introspection)
    for text in (
        "{ __schema { queryType { name } } }",
        '{ ...F } fragment F on Root { __type(name: "Leaf") { name } }',
    ):
        with Context(None, viewer) as context:  # type: ignore[arg-type] # nothing here asks the kit
            answer = executor.execute(text, context)
            assert (answer.data is not None) == allowed
            assert executor.execute("{ __typename }", context).data == {"__typename": "Root"}


# ------------------------------------------------------------------------------------------------------ the rate


def test_a_viewer_spends_its_minute_and_then_as_fast_as_it_fills() -> None:
    seconds = 0.0
    rate = Rate(60, lambda: seconds)
    rate.spend("member:a", 60)
    with pytest.raises(RateLimited) as refused:
        rate.spend("member:a", 10)
    assert refused.value.extensions == {"code": "RATE_LIMITED", "limit": 60, "retryAfter": 11}
    rate.spend("member:b", 60)
    seconds = 10.0
    rate.spend("member:a", 10)
    with pytest.raises(RateLimited):
        rate.spend("member:a", 1)
    seconds = 1_000.0
    rate.spend("member:a", 1_000)  # what costs more than a minute holds takes the whole minute
    with pytest.raises(RateLimited):
        rate.spend("member:a", 1)


# ---------------------------------------------------------------------------------------------------- over HTTP

SECRET = "a secret of more than thirty-two characters"
VIEWER = "{ viewer { kind } }"
on_sqlite = pytest.mark.parametrize("dialect", ["sqlite"])


@pytest.fixture
def client_of(make_kit: Any, serve: Any) -> Callable[..., httpx.Client]:
    def make(modules: Any = None, **graphql: Any) -> httpx.Client:
        kit = make_kit(modules=modules or {}, development=True, secret=SECRET, graphql=graphql)
        client: httpx.Client = serve(build_app(kit))
        return client

    return make


def code_of(response: httpx.Response) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])


@on_sqlite
def test_who_asks_too_much_is_told_when_to_ask_again(client_of: Any) -> None:
    client = client_of(rate=2)
    for _ in range(2):
        assert client.post("/graphql", json={"query": VIEWER}).status_code == 200
    refused = client.post("/graphql", json={"query": VIEWER})
    assert (refused.status_code, code_of(refused)) == (429, "RATE_LIMITED")
    assert 0 < int(refused.headers["retry-after"]) <= 60


@on_sqlite
def test_documents_are_named_by_the_ids_of_the_manifest(client_of: Any, tmp_path: Path) -> None:
    manifest = tmp_path / "documents.json"
    manifest.write_text(json.dumps({"abc": VIEWER}))
    found: dict[str, list[Any]] = {}
    questions: list[dict[str, Any]] = [
        {"documentId": "abc"},
        {"doc_id": "abc"},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "abc"}}},
        {"query": VIEWER},
        {"documentId": "xyz"},
        {"documentId": "abc", "query": "{ __typename }"},
        {"documentId": 7},
    ]
    for mode in ("off", "allow", "only"):
        client = client_of(trusted=mode, manifest=str(manifest))
        answers = [client.post("/graphql", json=question) for question in questions]
        found[mode] = [code_of(each) if "errors" in each.json() else each.json()["data"] for each in answers]
    answer = {"viewer": {"kind": "ANONYMOUS"}}
    none, unknown, only = "PERSISTED_QUERY_NOT_SUPPORTED", "PERSISTED_QUERY_NOT_FOUND", "PERSISTED_QUERY_ONLY"
    assert found == {
        "off": [none, none, none, answer, none, none, "BAD_REQUEST"],
        "allow": [answer, answer, answer, answer, unknown, "BAD_REQUEST", "BAD_REQUEST"],
        "only": [answer, answer, answer, only, unknown, "BAD_REQUEST", "BAD_REQUEST"],
    }


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ('{"abc": "{ a }"}', {"abc": "{ a }"}),
        ('{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "abc", "body": "{ a }"}]}',
         {"abc": "{ a }"}),
        ('{"abc": 1}', "another form"),
        ("[]", "another form"),
        ("{", "cannot be read"),
        (None, "no manifest"),
    ],
)  # fmt: skip
def test_a_manifest_is_what_builds_of_clients_write(tmp_path: Path, written: str | None, read: Any) -> None:
    path = tmp_path / "documents.json"
    if written is not None:
        path.write_text(written)
    if isinstance(read, dict):
        assert read_manifest(path) == read
    else:
        with pytest.raises(SettingsError, match=read):
            read_manifest(path)


@pytest.mark.parametrize(
    ("graphql", "says"),
    [
        ({"limits": {"depth": 0}}, "graphql.limits.depth"),
        ({"limits": {"width": 5}}, "graphql.limits.width"),
        ({"trusted": "only"}, "graphql.manifest"),
        ({"introspection": "maybe"}, "graphql.introspection"),
        ({"rate": "much"}, "graphql.rate"),
    ],
)
def test_settings_that_mean_nothing_name_their_path(graphql: Any, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        ServerSettings.of(Settings.of(database="sqlite://", graphql=graphql))


def test_what_settings_do_not_say_has_a_default() -> None:
    read = ServerSettings.of(Settings.of(database="sqlite://", graphql={"limits": {"depth": 5}}))
    assert (read.limits, read.rate, read.trusted) == (Limits(depth=5), None, "off")


# ---------------------------------------------------------------------------------------- clients that go away


def slow(began: Event, ended: Event, raised: list[str]) -> ModuleType:
    """Return a plugin with a field that the database takes a minute or more for."""

    class SlowQuery(Object):
        """What slow adds."""

        slow_answer = Field(graphene.String, policy=public, description="Takes long.")

        @staticmethod
        def resolve_slow_answer(parents: Sequence[Any], info: Info) -> list[str]:
            read = info.context.read
            began.set()
            try:
                read.all(forever(read.dialect))
            except Exception as error:
                raised.append(type(error).__name__)
                raise
            finally:
                ended.set()
            return [""] * len(parents)

    return plugin_module(Declares(), "slow", corekit_graph=lambda: Graph(extends={Query: SlowQuery}))


def forever(dialect: str) -> Select[Any]:
    if dialect == "postgresql":
        return select(func.pg_sleep(60))
    count = select(literal(0).label("n")).cte(recursive=True)
    count = count.union_all(select(count.c.n + 1).where(count.c.n < 10**12))
    return select(func.count()).select_from(count)


def test_where_the_client_goes_away_the_database_stops_and_others_are_answered(client_of: Any) -> None:
    began, ended, raised = Event(), Event(), list[str]()
    client: httpx.Client = client_of(modules={"slow": slow(began, ended, raised)})
    body = json.dumps({"query": "{ slowAnswer }"}).encode()
    with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as wire:
        head = f"POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        wire.sendall(head.encode() + b"\r\n\r\n" + body)
        assert began.wait(30)
        assert client.post("/graphql", json={"query": VIEWER}).status_code == 200
    assert ended.wait(30)
    assert raised
    assert client.post("/graphql", json={"query": VIEWER}).status_code == 200


@on_sqlite
def test_a_body_that_does_not_come_is_not_waited_for(client_of: Any) -> None:
    client: httpx.Client = client_of(limits={"seconds": 1})
    with socket.create_connection((client.base_url.host, client.base_url.port or 0)) as wire:
        head = "POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: 100"
        wire.sendall(head.encode() + b"\r\n\r\n" + b'{"query"')
        assert client.post("/graphql", json={"query": VIEWER}).status_code == 200
        assert b" 408 " in wire.recv(1_000).split(b"\r\n")[0]
