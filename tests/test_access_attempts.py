"""Whatever a member asks, however it is put, the answer tells nothing of another one, and nothing of theirs changes.

The questions are made from the schema: each argument and each field of an input, filled with what is somebody else's.
What is looked for in the answers is made from the tables: all that is stored of that one alone.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any, cast

import pytest
from attrs import evolve, field, frozen
from corekit_attempts.asking import House, outcome, reflected, roots, stored
from corekit_attempts.attempts import Attempt, Target, Theirs, theirs_of
from corekit_attempts.canaries import SHORTEST, Books, Canaries, Path, owned, values
from corekit_attempts.people import People, Person, make_house, people
from corekit_attempts.selecting import Selecting
from corekit_attempts.theirs import Known, cursors_of
from corekit_differential.operations import Operations
from graphql import GraphQLError

from corekit import Kit
from corekit.activities.read import activities
from corekit.members.read import member_page, members, tags
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_access.granting import Grantor, create_key, issue_token
from corekit_schema import Activity as ActivityType
from corekit_schema import AssembledSchema, Info, Member, Mutation, Query, assemble_for, build_app, global_id, public
from corekit_schema.execution.resolvers import named
from corekit_schema.fields import Access, about
from corekit_schema.ids import local_id
from corekit_schema.testing import serving
from corekit_schema.viewer import permissions_of

OPERATOR = Grantor("cli", None)
HOUR = timedelta(hours=1)
SEED = 4
DEPTH, DEEP = 2, 3
DRAWN = 25
FEW, ALL = 6, 1_000

TOLD: Mapping[Path, str] = {
    ("payload", "sender"): "who gave points says who gave them, by an id that opens nothing",
    ("payload", "from"): "the id of who was merged with somebody, which is in the history of both",
    ("payload", "into"): "the same, on the other side",
    ("payload", "invited_by"): "the member number that somebody gave when registering",
    ("data", "to"): "to whom somebody's points went, by an id that opens nothing",
    ("data", "into"): "with whom somebody was merged",
    ("data", "giver"): "the same, of what a plugin keeps of both",
    ("results", "ticket"): "a draw is public, so that anybody recomputes it: a ticket stands for who drew,",
    ("results", "drawnAt"): "when that was,",
    ("externalId",): "what follows from another one's activity is known by that activity's id",
    ("data", "added"): "what a merge by mistake put on somebody's account stays in its history: tags,",
    ("data", "removed"): "what taking the merge back took off again,",
    ("data", "groups", "*"): "families,",
    ("data", "days", "*", "*"): "and how much was bought on which day",
}
"""What the schema tells of another member on purpose, by the end of its place in an answer, with the reason."""

NOTHING_OF_MEMBERS = {
    "access_alembic_version",
    "access_key",
    "access_role",
    "access_staff",
    "core_account_kind",
    "core_alembic_version",
    "core_intake_lane",
    "core_job",
    "core_job_run",
    "core_moved_row",
    "core_open_unit",
    "core_outbox_cursor",
    "core_program",
    "core_segment",
    "core_suspension",
    "core_unit",
    "points_alembic_version",
    "points_budget",
    "points_draw_secret",
    "points_draw_seed",
    "points_draw_stock",
    "points_restock",
    "points_stock",
}
"""The tables that hold nothing of any member, written by hand: of all others something of Bob is looked for."""


@frozen
class Street:
    """The house, who lives there, with what each has to show, and all that is stored of whom."""

    house: House
    schema: AssembledSchema
    people: People
    bearers: Mapping[str, str]
    books: Books
    canaries: Mapping[str, Canaries]
    used: Counter[Path] = field(factory=Counter[Path])

    @property
    def kit(self) -> Kit:
        return self.house.kit

    def selecting(self, who: Person) -> Selecting:
        return Selecting(self.schema.graphql, global_id("Member", who.id), global_id("Activity", who.purchase))

    def told(self, answer: Any, of: Iterable[str], but: str = "") -> list[str]:
        """Return what an answer tells of people and should not, with the place where."""
        wrong: list[str] = []
        for name in of:
            for canary, paths in self.canaries[name].told(answer, but=but).items():
                for path in paths or [()]:
                    entry = next((end for end in TOLD if _ends(path, end)), None)
                    self.used.update([entry] if entry else [])
                    wrong += [] if entry else [f"{name}'s {canary} at {'.'.join(path)}"]
        return wrong

    def about_oneself(self, who: Person) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield questions that a member may well ask: about all that is theirs and what hangs on it; and drawn ones."""
        selecting = self.selecting(who)
        types = selecting.schema.type_map
        yield f'{{ member(id: "{selecting.member}") {selecting.all_of(types["Member"], DEEP)} }}', {}
        yield f'{{ activity(id: "{selecting.activity}") {selecting.all_of(types["Activity"], DEPTH)} }}', {}
        below = selecting.all_of(types["Node"], 1)
        yield f'{{ nodes(ids: ["{selecting.member}", "{selecting.activity}"]) {below} }}', {}
        for name in ("viewer", "program", "programChanges", "pointsCurrencies", "pointsDraws", "pointsReports"):
            inner = named(cast("Any", selecting.schema.query_type).fields[name].type)
            yield f"{{ {name} {selecting.all_of(inner, DEEP)} }}", {}
        drawn = Drawn.of(self, selecting)
        operations = Operations(selecting.schema, SEED, drawn.value, mutations=0, asks=drawn.asks)
        for _ in range(DRAWN):
            text, values = operations.one()
            yield from ((text, given) for given in values)


@frozen
class Drawn:
    """What drawn questions ask for, and about: oneself half of the time, else somebody else."""

    asks: Sequence[str]
    own: Sequence[str]
    all_: Sequence[str]
    texts: Sequence[str]

    @classmethod
    def of(cls, street: Street, selecting: Selecting) -> Drawn:
        """Make up what is drawn from: everybody's ids, and words that mean something."""
        people = [getattr(street.people, name) for name in street.canaries]
        ids = [(global_id("Member", who.id), global_id("Activity", who.purchase)) for who in people]
        words = [word for who in people for word in (who.number, f"{who.mark}-tag", f"{who.mark}-sku", who.id)]
        asks = ["member", "member", "member", "activity", "activity", "node", "nodes", "viewer", "program"]
        texts = ["points", "status", "purchase", "transfer.received", "member.merged", *words]
        return cls(asks, (selecting.member, selecting.activity), [id_ for pair in ids for id_ in pair], texts)

    def value(self, dice: Random, type_name: str, place: str) -> Any:
        """Draw a value for an argument."""
        if type_name == "ID" or place in {"id", "ids"}:
            return dice.choice(self.own if dice.random() < 0.5 else self.all_)
        return dice.choice({"Int": (1, 3, 30), "DateTime": ("2026-01-18T00:00:00+00:00",)}.get(type_name, self.texts))


def _ends(path: Path, end: Path) -> bool:
    plain = tuple(name.rpartition("__")[2] or name for name in path)
    return len(plain) >= len(end) and all(it in {"*", own} for it, own in zip(end, plain[-len(end) :], strict=True))


@pytest.fixture
def open_street(make_kit: MakeKit, clock: SettableClock) -> Callable[[], Any]:
    """Opens the house; a test can change what its schema is made of before."""

    @contextmanager
    def opened() -> Generator[Street]:
        kit = make_house(make_kit)
        all_ = people(kit, clock)
        each = (all_.ann, all_.bob, all_.cem, all_.dan, all_.eve)
        bearers = {who.name: issue_token(kit, OPERATOR, HOUR, member=who.id) for who in each}
        bearers["staff"] = create_key(kit, OPERATOR, "till", permissions_of(kit))[1]
        books = owned(stored(kit))
        planted = {who.id: (who.mark, who.number, who.phone, who.birthday) for who in each}
        one = ({all_.ann.id, all_.cem.id}, {all_.bob.id, all_.dan.id}, {all_.eve.id})
        canaries = {who.name: Canaries.of(next(ids for ids in one if who.id in ids), books, planted) for who in each}
        with serving(build_app(kit)) as client:
            ids = global_id("Member", all_.bob.id), global_id("Activity", all_.bob.purchase)
            house = House(kit=kit, client=client, member=ids[0], activity=ids[1])
            yield Street(house, assemble_for(kit), all_, bearers, books, canaries)

    return opened


@frozen
class Burglar:
    """Ann, with her own token, and all of Bob that she could have got hold of."""

    street: Street
    theirs: Mapping[str, Sequence[Theirs]]
    counted: Counter[str] = field(factory=Counter[str])
    _answers: dict[str, Any] = field(factory=dict[str, Any])

    @classmethod
    def of(cls, street: Street) -> Burglar:
        types = sorted(street.schema.nodes)
        known = Known(street.people.bob, street.books, types)
        return cls(street, known.pools(cursors_of(street.house, street.people, street.bearers)))

    def try_all(self, chosen: Callable[[Target], bool] = lambda _: True) -> list[str]:
        """Try everything at every place of every field, or of those ``chosen``; return what went wrong."""
        wrong, selecting = list[str](), self.street.selecting(self.street.people.ann)
        tables = reflected(self.street.kit)
        before = stored(self.street.kit, tables)
        for target in filter(chosen, Target.all_of(selecting)):
            self.counted["fields"] += 1
            self.counted["root fields"] += target.type_name in {"Query", "Mutation"}
            wrong += self.try_one(selecting, target)
            after = stored(self.street.kit, tables)
            if after != before:
                wrong.append(f"{target.name} changed {[table for table in after if after[table] != before[table]]}")
                before = after
        return wrong

    def try_one(self, selecting: Selecting, target: Target) -> list[str]:
        """Try a field with everything, and a few things by graphql-core as well, to which introspection sends it.

        What denies itself, whatever is said, is asked less: of each place a few things.
        """
        document, required = target.document(selecting, 1), target.required(selecting)
        bare = self.ask(document, required)
        if bare.get("data") is None:
            return self.try_denied(selecting, target, document, bare)
        document, dice = target.document(selecting, DEPTH), Random(f"{SEED} {target.name}")
        wrong: list[str] = []
        for asked, most in ((document, ALL), (document.replace("{", "{ __schema { __typename } ", 1), FEW)):
            wrong += self.attempt(Attempt(target.name, (), asked, required, None))
            for where, it in self.drawn(target, dice, most):
                wrong += self.attempt(target.attempt(selecting, asked, where, it))
        return wrong

    def try_denied(self, selecting: Selecting, target: Target, document: str, bare: Any) -> list[str]:
        """Try what is denied: it is denied in the same words whatever is said."""
        wrong = [] if outcome(bare) == "FORBIDDEN" else [f"{target.name} is not denied but {bare}"]
        for where, it in self.drawn(target, Random(f"{SEED} {target.name}"), FEW):
            attempt = evolve(target.attempt(selecting, document, where, it), control=None)
            wrong += self.attempt(attempt)
            if (answer := self.ask(document, attempt.variables)) != bare:
                wrong.append(f"{target.name}({where}) is not denied as ever: {answer}")
        return wrong

    def drawn(self, target: Target, dice: Random, most: int) -> Iterator[tuple[tuple[str, ...], Theirs]]:
        """Yield each place of a field with so many things of theirs that fit it."""
        for where, type_ in target.places():
            self.counted["places of arguments"] += most != ALL
            fitting = theirs_of(type_, self.theirs)
            for it in dice.sample(fitting, min(len(fitting), most)):
                yield where, it

    def attempt(self, attempt: Attempt) -> list[str]:
        """Ask, and return what is wrong with the answer: it tells something, failed, or is not as for nobody's."""
        place = f"{attempt.target}({'.'.join(attempt.where)}) with {attempt.variables}"
        answer = self.ask(attempt.document, attempt.variables)
        told = self.street.told(answer, ("bob", "eve"), attempt.said)
        said = outcome(answer)
        self.counted[said] += 1
        wrong = [f"{place} tells {what}" for what in told]
        if said == "INTERNAL_SERVER_ERROR":
            wrong.append(f"{place} failed: {answer}")
        if attempt.control is not None:
            same = _masked(answer, attempt.variables)
            other = _masked(self.ask(attempt.document, attempt.control), attempt.control)
            self.counted["compared with what is nobody's"] += 1
            if same != other:
                wrong.append(f"{place} is answered {same}, and for what is nobody's {other}")
        return wrong

    def ask(self, document: str, variables: dict[str, Any]) -> Any:
        key = json.dumps([document, variables])
        if key not in self._answers:  # what is nobody's is often the same
            self._answers[key] = self.street.house.ask(document, self.street.bearers["ann"], variables)
            self.counted["questions"] += 1
        return self._answers[key]


def _masked(answer: Any, variables: Any) -> str:
    """Return an answer without what the question said."""
    text = json.dumps(answer)
    said = {leaf for leaf in values(variables) if isinstance(leaf, str) and len(leaf) >= SHORTEST}
    for leaf in sorted(said, key=len, reverse=True):
        text = text.replace(json.dumps(leaf)[1:-1], "?")
    return text


@pytest.mark.row("X2", way="bad_input")
def test_a_members_token_reads_and_changes_nothing_of_another_member(
    open_street: Callable[[], Any], capsys: pytest.CaptureFixture[str], dialect: str
) -> None:
    with open_street() as street:
        burglar = Burglar.of(street)
        wrong = burglar.try_all()
        assert wrong == []
        assert burglar.counted["root fields"] == sum(map(len, roots(street.kit).values()))
        counted, canaries = burglar.counted, sum(len(street.canaries[name]) for name in ("bob", "eve"))
    with capsys.disabled():
        print(f"\n{dialect}: {canaries} canaries, {dict(counted)}")  # noqa: T201


@pytest.mark.row("X2", way="graphql")
def test_what_members_ask_about_themselves_tells_nothing_of_another(
    open_street: Callable[[], Any], capsys: pytest.CaptureFixture[str], dialect: str
) -> None:
    with open_street() as street:
        counted, wrong, people = Counter[str](), list[str](), street.people
        for who, others in (
            (people.ann, ("bob", "eve")),
            (people.eve, ("ann", "bob")),
            *([(people.bob, ("ann", "eve")), (people.cem, ("bob", "eve"))] if dialect == "sqlite" else []),
        ):
            for text, values in street.about_oneself(who):
                answer = street.house.ask(text, street.bearers[who.name], values)
                counted[outcome(answer)] += 1
                counted["characters"] += len(json.dumps(answer))
                wrong += [f"{who.name} is told {what} by {text} {values}" for what in street.told(answer, others, text)]
        assert sorted(set(wrong)) == []
        assert counted["INTERNAL_SERVER_ERROR"] == 0
        assert set(street.used) == set(TOLD), "what is told on purpose is told"
    with capsys.disabled():
        print(f"\n{dialect}: {dict(counted)}, on purpose: {dict(street.used)}")  # noqa: T201


def test_of_every_table_that_tells_of_members_something_is_looked_for(open_street: Callable[[], Any]) -> None:
    with open_street() as street:
        found = {table for owner, tables in street.books.items() if owner for table in tables}
        assert found == set(street.books[street.people.bob.id])
        assert set(stored(street.kit)) - found == NOTHING_OF_MEMBERS


def _public_activities(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ActivityType, "access", Access(public))
    patch.setattr(about(Query).fields["activity"], "policy", public)  # else the schema is not even assembled


def _everybodys_tags(patch: pytest.MonkeyPatch) -> None:
    def resolve_tags(parents: Sequence[Any], info: Info) -> list[list[str]]:
        everybody = member_page(info.context.read, first=1_000).items
        found = tags(info.context.read, [member.id for member in everybody])
        return [[tag for each in found.values() for tag in each] for _ in parents]

    patch.setattr(Member, "resolve_tags", staticmethod(resolve_tags))


def _failing_where_nobody_is(patch: pytest.MonkeyPatch) -> None:
    def resolve_member(_parents: Sequence[Any], info: Info, id: str) -> list[Any]:  # noqa: A002 - as the field has it
        key = local_id("Member", id) or ""
        found = members(info.context.read, [key]).get(key)
        return [found or GraphQLError("There is no such member.", extensions={"code": "NOT_FOUND"})]

    patch.setattr(Query, "resolve_member", staticmethod(resolve_member))


def _telling_errors(patch: pytest.MonkeyPatch) -> None:
    def resolve_activity(_parents: Sequence[Any], info: Info, id: str) -> list[Any]:  # noqa: A002 - as the field has it
        found = activities(info.context.read, [local_id("Activity", id) or ""])
        code = {"code": "NOT_YOURS", "of": [each.member for each in found.values()]}
        return [GraphQLError("This is not yours.", extensions=code) if found else None]

    patch.setattr(Query, "resolve_activity", staticmethod(resolve_activity))


def _open_mutation(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(about(Mutation).fields["tag_member"], "policy", public)


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("plant", "where", "found"),
    [
        (_public_activities, "Query.activity", "tells bob's zqbob at data.activity.payload"),
        (_public_activities, "Query.nodes", "tells bob's zqbob at data.nodes.Activity__payload"),
        (_everybodys_tags, "Query.program", None),
        (_everybodys_tags, "Query.member", "tells bob's zqbob at data.member.tags"),
        (_failing_where_nobody_is, "Query.member", "and for what is nobody's"),
        (_telling_errors, "Query.activity", "at errors.extensions.of"),
        (_open_mutation, "Mutation.tagMember", "Mutation.tagMember changed ["),
    ],
)
def test_a_hole_is_found(
    plant: Callable[[pytest.MonkeyPatch], None],
    where: str,
    found: str | None,
    open_street: Callable[[], Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch)
    with open_street() as street:
        wrong = Burglar.of(street).try_all(lambda target: target.name == where)
    assert any(found in each for each in wrong) if found else wrong == []


def test_a_transfer_is_read_by_both_with_what_it_caused_left_out(open_street: Callable[[], Any]) -> None:
    text = """query ($id: ID!) { member(id: $id) {
        activities(type: "%s") { nodes { followOns { type } parent { type } why { followOns { type } } } } } }"""
    with open_street() as street:
        for who, type_ in (("ann", "points.transferred"), ("bob", "transfer.received")):
            id_ = global_id("Member", getattr(street.people, who).id)
            answer = street.house.ask(text % type_, street.bearers[who], {"id": id_})
            assert "errors" not in answer
            first = answer["data"]["member"]["activities"]["nodes"][-1]
            assert first == {"followOns": [], "parent": None, "why": {"followOns": []}}
