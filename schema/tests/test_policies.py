"""Policies: who may see an object, read a field, call a mutation; the same through both executors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import graphene
import pytest
from attrs import frozen

from corekit_schema import (
    ANONYMOUS,
    Context,
    Field,
    Info,
    Interface,
    Object,
    Policy,
    Viewer,
    authenticated,
    internal,
    listed,
    owner,
    owner_or_permission,
    permission,
    public,
)
from corekit_schema.assembly.schema import assemble
from corekit_schema.execution.executor import Executor

RAN: list[str] = []
MEMBER = Viewer(kind="member", member="me")
STAFF = Viewer(kind="staff", permissions=frozenset({"notes.read", "notes.secret"}))
CLERK = Viewer(kind="staff", permissions=frozenset({"notes.read"}))


@frozen
class NoteValue:
    text: str
    holder: str
    secret: str = "psst"


class Paper(Interface, policy=public):
    """Something with text on it."""

    text = Field(graphene.String, description="Text.")


class Note(
    Object,
    policy=owner_or_permission("notes.read"),
    owner="holder",
    interfaces=(Paper,),
    possible_types=(NoteValue,),
):
    """A note."""

    text = Field(graphene.String, description="Text.")
    secret = Field(graphene.String, policy=permission("notes.secret"), description="Secret.")
    own = Field(graphene.String, policy=owner, source="text", description="For its owner alone.")

    @staticmethod
    def resolve_secret(parents: Sequence[NoteValue], _info: Info) -> list[str]:
        RAN.append("secret")
        return [note.secret for note in parents]


NOTES = [NoteValue("mine", "me"), NoteValue("yours", "you")]


def _done(_parents: Sequence[Any], info: Info) -> list[str]:
    RAN.append(info.field_name)
    return ["done"]


def always(value: Any) -> Any:
    """Return a resolver that answers the same for every parent."""

    def resolve(parents: Sequence[Any], _info: Info) -> list[Any]:
        return [value for _ in parents]

    return resolve


class Query(Object):
    """Queries."""

    notes = Field(
        graphene.NonNull(graphene.List(Note)),
        policy=public,
        description="All.",
        resolve=always(NOTES),
    )
    strict = Field(listed(Note), policy=public, description="All.", resolve=always(NOTES[::-1]))
    papers = Field(listed(Paper), policy=public, description="All.", resolve=always(NOTES[::-1]))
    torn = Field(listed(Note), policy=public, description="All.", resolve=always([*NOTES, ValueError("torn")]))
    torn_papers = Field(listed(Paper), name="torn_papers", policy=public, description="X.", resolve=always([*NOTES, 1]))
    mine = Field(Note, policy=owner_or_permission("notes.read"), description="X.", resolve=always(NOTES[0]))
    yours = Field(Note, policy=owner_or_permission("notes.read"), description="X.", resolve=always(NOTES[1]))
    who = Field(graphene.String, policy=authenticated, description="X.", resolve=_done)
    list_ = Field(graphene.String, name="list", policy=permission("notes.read"), description="X.", resolve=_done)


class Mutation(Object):
    """Mutations."""

    allowed = Field(graphene.String, policy=public, description="X.", resolve=_done)
    burn = Field(graphene.String, policy=permission("notes.secret"), description="X.", resolve=_done)


SCHEMA = assemble({}, query=Query, mutation=Mutation, permissions={"notes.read", "notes.secret"}, codes={}).graphql


@pytest.fixture(params=["planned", "reference"])
def ask(request: pytest.FixtureRequest) -> Any:
    """Asks as a viewer; introspection in the operation sends it to the reference executor."""

    def asked(text: str, viewer: Viewer) -> Any:
        RAN.clear()
        if request.param == "reference" and not text.startswith("mutation"):
            text = text.replace("{", "{ __schema { __typename } ", 1)
        answer = Executor(SCHEMA).execute(text, Context(cast("Any", None), viewer))
        if answer.data is not None:
            answer.data.pop("__schema", None)
        return answer

    return asked


@pytest.mark.parametrize(
    ("policy", "anonymous", "member", "staff"),
    [
        (public, "yes", "yes", "yes"),
        (authenticated, "no", "yes", "yes"),
        (internal, "no", "no", "yes"),
        (owner, "no", "own", "no"),
        (permission("notes.read"), "no", "no", "yes"),
        (owner_or_permission("notes.read"), "no", "own", "yes"),
    ],
)
def test_what_each_policy_answers(policy: Policy, anonymous: str, member: str, staff: str) -> None:
    assert [policy.verdict(viewer) for viewer in (ANONYMOUS, MEMBER, STAFF)] == [anonymous, member, staff]


def test_what_is_internal_is_for_services_too() -> None:
    assert internal.verdict(Viewer(kind="service", name="till")) == "yes"


def test_objects_of_others_are_null_like_what_is_not_there(ask: Any) -> None:
    answer = ask("{ notes { text } mine { text } yours { text } }", MEMBER)
    assert answer.data == {"notes": [{"text": "mine"}, None], "mine": {"text": "mine"}, "yours": None}
    assert answer.errors == ()


def test_whoever_has_the_permission_sees_all(ask: Any) -> None:
    assert ask("{ notes { text } }", CLERK).data == {"notes": [{"text": "mine"}, {"text": "yours"}]}
    assert ask("{ notes { text } }", ANONYMOUS).data == {"notes": [None, None]}


@pytest.mark.parametrize("name", ["strict", "papers"])
def test_what_may_not_be_seen_is_left_out_of_a_list_without_nulls(name: str, ask: Any) -> None:
    for viewer, seen in ((MEMBER, ["mine"]), (CLERK, ["yours", "mine"]), (ANONYMOUS, [])):
        answer = ask(f"{{ {name} {{ text }} }}", viewer)
        assert (answer.data, answer.errors) == ({name: [{"text": text} for text in seen]}, ())


def test_what_is_wrong_in_a_list_without_nulls_is_told_at_its_place_among_what_is_seen(ask: Any) -> None:
    for name in ("torn", "torn_papers"):
        answer = ask(f"{{ {name} {{ text }} }}", MEMBER)
        assert answer.data is None
        assert [error.path for error in answer.errors] == [[name, 1]]


def test_a_field_may_ask_for_more_than_its_type_and_its_resolver_does_not_run(ask: Any) -> None:
    answer = ask("{ mine { text secret } }", MEMBER)
    assert answer.data == {"mine": {"text": "mine", "secret": None}}
    assert [(error.path, error.extensions) for error in answer.errors] == [(["mine", "secret"], {"code": "FORBIDDEN"})]
    assert RAN == []
    assert ask("{ mine { secret } }", STAFF).data == {"mine": {"secret": "psst"}}


def test_a_field_for_the_owner_alone_is_denied_to_staff(ask: Any) -> None:
    assert ask("{ mine { own } }", MEMBER).data == {"mine": {"own": "mine"}}
    answer = ask("{ mine { own } }", STAFF)
    assert answer.data == {"mine": {"own": None}}
    assert answer.errors[0].extensions == {"code": "FORBIDDEN"}


def test_a_denied_root_field_stops_the_whole_operation_before_anything_runs(ask: Any) -> None:
    answer = ask("mutation { allowed burn }", MEMBER)
    assert answer.data is None
    assert RAN == []
    assert [(error.path, error.extensions["code"]) for error in answer.errors] == [(["burn"], "FORBIDDEN")]
    answer = ask("{ mine { text } who b: list }", ANONYMOUS)
    assert answer.data is None
    assert RAN == []
    assert {error.path[-1]: error.extensions["code"] for error in answer.errors} == {
        "mine": "UNAUTHENTICATED",
        "who": "UNAUTHENTICATED",
        "b": "UNAUTHENTICATED",
    }


def test_a_root_field_that_is_left_out_is_not_asked_about(ask: Any) -> None:
    assert ask("{ notes { __typename } list @skip(if: true) }", MEMBER).errors == ()
