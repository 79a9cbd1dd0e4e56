"""A card that keeps every promise, and cards of which each breaks one: what the contract suite has to tell apart.

``test_planted_faults.py`` runs this file.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import graphene
from attrs import evolve
from marshmallow import EXCLUDE
from sqlalchemy import Column, MetaData, insert, select, update

from corekit import (
    NAMING,
    Activity,
    Applied,
    Batch,
    Credit,
    Effect,
    ErrorText,
    Facts,
    Lineage,
    MemberNow,
    MemberRows,
    Offer,
    PluginWrite,
    Reader,
    table,
)
from corekit.db.types import Id
from corekit.testing import House, PluginContract, plugin_module
from corekit_schema import Field, Graph, Info, Member, Object, public

sys.path.insert(0, str(Path(__file__).parent / "packages"))

import corekit_heavy
import corekit_nosy
from corekit_card import plugin as card
from corekit_card.plugin import DECLARES, MARK, CardSettings
from corekit_card.tables import mark, metadata, pile

HOOKS = ("corekit_prepare", "corekit_react", "corekit_export")


def changed(declares: Mapping[str, Any] | None = None, **hooks: Any) -> ModuleType:
    """Return the card with something else declared, or hooks in place of its own (None: without)."""
    own = {name: getattr(card, name) for name in HOOKS} | hooks
    kept = {name: hook for name, hook in own.items() if hook is not None}
    return plugin_module(evolve(DECLARES, **(declares or {})), "card", **kept)


def with_mark(**changes: Any) -> ModuleType:
    """Return the card with a mark that is applied otherwise."""
    return changed({"effects": [evolve(MARK, **changes)]})


def brought_by(package: str) -> ModuleType:
    """Return the card with the migrations of another package."""
    return changed({"lineage": Lineage(owner="card", package=package, metadata=metadata)})


class TestCard(PluginContract):
    """It keeps every promise."""

    plugin = "card"
    module: ClassVar = card
    breaks: ClassVar[str] = ""
    says: ClassVar[str] = ""
    """What the message has to say."""
    dialect: ClassVar[str] = "sqlite"
    """Where the fault shows."""


class TestStrayTable(TestCard):
    """A migration makes a table under another name."""

    module: ClassVar = brought_by("corekit_stray")
    breaks, says = "names", "loyalty_notes"


class TestAltersTheCore(TestCard):
    """A migration puts an index on a table of the core."""

    module: ClassVar = brought_by("corekit_greedy")
    breaks, says = "lineage", "core_member"


def with_a_table_more() -> MetaData:
    """Return the tables of the card and one for which there is no migration."""
    more = MetaData(naming_convention=NAMING)
    for each in metadata.tables.values():
        each.to_metadata(more)
    table("card_late", Column("id", Id, primary_key=True), meta=more)
    return more


class TestForgetsToMigrate(TestCard):
    """No migration makes a table that is declared."""

    module: ClassVar = changed({"lineage": Lineage(owner="card", package="corekit_card", metadata=with_a_table_more())})
    breaks, says = "lineage", "card_late"


class TestPrivateImport(TestCard):
    """It imports what is private."""

    module: ClassVar = corekit_nosy
    breaks, says = "company", "corekit.ledger.store.Store"


class CarelessSettings(CardSettings):
    """Settings that swallow what they do not know."""

    class Meta:
        """Of marshmallow."""

        unknown = EXCLUDE


class TestSwallowsSettings(TestCard):
    """A misspelt setting is taken."""

    module: ClassVar = changed({"settings": CarelessSettings})
    breaks, says = "settings", "surely_unknown = 1 is taken"


def by_the_clock(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Give more in the morning of whatever day it is."""
    for activity in batch.of("purchase"):
        yield Credit(activity, rule="clock@1", account="card", amount=10 + (datetime.now(tz=UTC).year < 2000))


class TestReadsTheClock(TestCard):
    """It looks at the clock."""

    module: ClassVar = changed(corekit_react=by_the_clock)
    breaks, says = "pure", "datetime.now"


def forgetful() -> Any:
    """Return a reaction that remembers whom it saw before."""
    seen: list[str] = []

    def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
        for activity in batch.of("purchase"):
            seen.append(activity.id)
            yield Credit(activity, rule="seen@1", account="card", amount=len(seen))

    return corekit_react


class TestRemembers(TestCard):
    """It counts in memory."""

    module: ClassVar = changed(corekit_react=forgetful())
    breaks, says = "pure", "same answer for the same input"


def for_the_first(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Give something to whoever stands first."""
    for activity in list(batch.of("purchase"))[:1]:
        yield Credit(activity, rule="first@1", account="card", amount=5)


class TestLooksAtNeighbours(TestCard):
    """What one gets depends on who else is in the batch."""

    module: ClassVar = changed(corekit_react=for_the_first)
    breaks, says = "pure", "does not depend on the batch"


def writing_payloads(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Leave a note in the payload."""
    for activity in batch.of("purchase"):
        payload: Any = activity.payload
        payload["seen"] = True
        yield Credit(activity, rule="note@1", account="card", amount=5)


class TestWritesInReact(TestCard):
    """It changes the activity that it is given."""

    module: ClassVar = changed(corekit_react=writing_payloads)
    breaks, says = "pure", "is failed"


def nothing(_write: PluginWrite, _effects: Sequence[Applied]) -> None:
    """Do nothing."""


class TestForgetsUndo(TestCard):
    """What is taken back stays on the card."""

    module: ClassVar = with_mark(undo=nothing)
    breaks, says = "exact", "card_mark"


LESS = 'UPDATE card_pile SET "left" = "left" - 1'


FILES: list[str] = []
"""Where the database is: it got hold of that somehow."""


def counting(batch: Batch, read: Reader) -> Mapping[str, int]:
    """Count by a connection of its own how often somebody asks."""
    with closing(sqlite3.connect(FILES[-1])) as connection:
        connection.execute(LESS)
        connection.commit()
    return card.corekit_prepare(batch, read)


class TestCountsQuestions(TestCard):
    """What is asked again is counted again."""

    module: ClassVar = changed(corekit_prepare=counting)
    breaks, says = "once", "card_pile"

    def history(self, house: House) -> Iterable[Activity]:
        """Tell where the database is."""
        FILES.append(str(house.kit.database.url.database))
        return super().history(house)


def as_before(marks: Any, _: Any) -> Any:
    """Foresee nothing."""
    return marks


class TestFoldsWrong(TestCard):
    """What it foresees is not what it will do."""

    module: ClassVar = with_mark(fold=as_before, unfold=as_before)
    breaks, says = "fold", "third@1"


def put_what_was_read(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Count the pile, and write down how many are left."""
    left = int(write.execute(select(pile.c.left)).scalar_one())
    write.execute(update(pile).values(left=left - len(effects)))
    rows = [{"effect_id": each.id, "member_id": each.member, "note": each.effect.note} for each in effects]
    write.execute(insert(mark), rows)
    return []


class TestLosesUpdates(TestCard):
    """It writes what it read before, whoever wrote meanwhile."""

    module: ClassVar = with_mark(apply=put_what_was_read)
    breaks, says = "crowd", "card_pile"
    dialect = "postgresql"


def a_year_later(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Let it expire on the same day of the next year."""
    for activity in batch.of("purchase"):
        at = facts.local(activity)
        until = at.replace(year=at.year + 1)
        yield Credit(activity, rule="year@1", account="card", amount=5, expires_at=until)


class TestKnowsNoLeapDays(TestCard):
    """There is no 29 February in the next year."""

    module: ClassVar = changed(corekit_react=a_year_later)
    breaks, says = "time", "of 2024-02-29"


def by_the_machine(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Give more in the evening, wherever the machine stands."""
    for activity in batch.of("purchase"):
        at = activity.occurred_at
        assert at is not None
        yield Credit(activity, rule="evening@1", account="card", amount=10 if at.astimezone().hour > 12 else 5)


class TestAsksTheMachine(TestCard):
    """It takes the zone of the machine for that of the program."""

    module: ClassVar = changed(corekit_react=by_the_machine)
    breaks, says = "time", "zone of the machine"


def put_one_by_one(write: PluginWrite, effects: Sequence[Applied]) -> list[str]:
    """Put marks on cards, a statement for each."""
    for each in effects:
        row = {"effect_id": each.id, "member_id": each.member, "note": each.effect.note}
        write.execute(insert(mark).values(row))
    return []


class TestQueriesInALoop(TestCard):
    """Each mark takes a statement."""

    module: ClassVar = with_mark(apply=put_one_by_one)
    breaks, says = "set_based", "statements for 3 members"


class TestSpeaksOneLanguage(TestCard):
    """A code has no Chinese."""

    module: ClassVar = changed({"errors": [ErrorText("CARD_EMPTY", "The pile is empty.", "The pile is empty.")]})
    breaks, says = "door", "Simplified Chinese"


class CardMember(Object, policy=public):
    """What takes a whole member along when it fails."""

    card_marks = Field(graphene.Int, required=True, description="Marks.")


def required() -> Graph:
    """Add it."""
    return Graph(extends={Member: CardMember})


class TestMayNotBeNull(TestCard):
    """A field on a type of others is never null."""

    module: ClassVar = changed(corekit_graph=required)
    breaks, says = "door", "must be nullable"


class CardPile(Object, policy=public):
    """What is asked for all members at once, for nothing."""

    card_pile = Field(graphene.Int, description="How many are left.")

    @staticmethod
    def resolve_card_pile(parents: Sequence[Any], info: Info) -> list[Any]:
        """Read it."""
        return [info.context.read.scalar(select(pile.c.left))] * len(parents)


def free() -> Graph:
    """Add it."""
    return Graph(extends={Member: CardPile})


class TestCostsNothing(TestCard):
    """A value that takes a statement is free."""

    module: ClassVar = changed(corekit_graph=free)
    breaks, says = "door", "Member.cardPile take statements"


class CardUntold(Object, policy=public):
    """What nobody describes."""

    card_untold = Field(graphene.Int)


def untold() -> Graph:
    """Add it."""
    return Graph(extends={Member: CardUntold})


class TestDescribesNothing(TestCard):
    """A field has no description."""

    module: ClassVar = changed(corekit_graph=untold)
    breaks, says = "door", "has no description"


class CardNotes(Object, policy=public):
    """What is asked for each member alone."""

    card_note = Field(graphene.String, description="A note.", cost=1)

    @staticmethod
    def resolve_card_note(parents: Sequence[Any], info: Info) -> list[Any]:
        """Read them one by one."""
        read = info.context.read
        return [read.scalar(select(mark.c.note).where(mark.c.member_id == each.id).limit(1)) for each in parents]


def looping() -> Graph:
    """Add it."""
    return Graph(extends={Member: CardNotes})


class TestAsksForEachMember(TestCard):
    """A resolver asks in a loop."""

    module: ClassVar = changed(corekit_graph=looping)
    breaks, says = "pages", "2 items"


def offers_in_a_loop(members: Sequence[MemberNow], read: Reader) -> Iterator[Offer]:
    """Look at the marks of each member by itself."""
    for member in members:
        note = read.scalar(select(mark.c.note).where(mark.c.member_id == member.id).limit(1))
        yield Offer(member=member.id, kind="card.mark", code="mark", title={"en": str(note)})


class TestOffersInALoop(TestCard):
    """What members can have is read one by one."""

    module: ClassVar = changed(corekit_offers=offers_in_a_loop)
    breaks, says = "offers", "a fixed number of statements"


def offers_what_is_none(members: Sequence[MemberNow]) -> Iterator[Offer]:
    """Offer what has no English title."""
    yield Offer(member=members[0].id, kind="card.mark", code="mark", title={"zh": "印章"})


class TestOffersWhatNobodyCanShow(TestCard):
    """What it offers cannot be shown."""

    module: ClassVar = changed(corekit_offers=offers_what_is_none)
    breaks, says = "offers", "its offers are left out"


class TestTellsNothing(TestCard):
    """Nobody is told what is known."""

    module: ClassVar = changed(corekit_export=None)
    breaks, says = "privacy", "its export is None"


class TestForgetsNothing(TestCard):
    """Who is forgotten is still known."""

    module: ClassVar = changed({"members": ()})
    breaks, says = "privacy", "card_mark.note is"


class TestLeavesRowsBehind(TestCard):
    """Where two become one, the marks stay with who is gone."""

    module: ClassVar = changed({"members": [MemberRows(mark.c.member_id, merge="stay")]})
    breaks, says = "privacy", "still have rows of the other"


class TestIsHeavy(TestCard):
    """It loads what it need not."""

    module: ClassVar = corekit_heavy
    breaks, says = "frugal", "numpy"


class TestOverBudget(TestCard):
    """It costs more than it says."""

    module: ClassVar = changed({"budget": 1})
    breaks, says = "frugal", "budget=1"


class TestLeavesATrigger(TestCard):
    """Without it nobody goes on."""

    module: ClassVar = brought_by("corekit_spiteful")
    breaks, says = "broken", "--without card"


class TestDeviates(TestCard):
    """It says why it does not keep a promise."""

    module: ClassVar = with_mark(undo=nothing)
    deviations: ClassVar = {"exact": "a mark is for ever"}


class TestDeviatesForNothing(TestCard):
    """It says that it does not keep a promise, and keeps it."""

    deviations: ClassVar = {"once": "there was a reason"}
    breaks, says = "once", "there was a reason"
