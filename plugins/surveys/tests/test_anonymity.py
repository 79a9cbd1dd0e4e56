"""Who answered an anonymous survey, and what was answered, are not brought together again, whatever is tried.

Each attack sees all tables as they lie there: every value, the order of the rows, and on PostgreSQL which transaction
wrote which row. Against what is planted it finds something, so that it would find it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import shake_256
from itertools import count
from typing import Any

import pytest
from attrs import frozen
from sqlalchemy import select, text

from corekit import Invalid, Kit, new_id
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_surveys import answering, catalogue, drafts, finding, storing, tables, taking
from corekit_surveys.settings import SurveysSettings
from corekit_surveys.terms import Terms

from .conftest import LUNCH, Canteen

Open = Callable[..., Canteen]
KEY = "a key of the tests that is long enough for it"
PROGRAM = '[program]\nname = "Canteen"\n'
MEMBERS = 12
LEAST = 3


@frozen
class Row:
    """A row as it lies there: at which place, written by which transaction (0 where nobody knows)."""

    table: str
    place: int
    by: int
    values: dict[str, Any]

    @property
    def text(self) -> str:
        return json.dumps(self.values, default=str)


def seen(shop: Canteen) -> list[Row]:
    """Return all rows of all tables in the order in which they lie."""
    rows: list[Row] = []
    with shop.kit.database.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        named = (
            "SELECT name FROM sqlite_master WHERE type = 'table'"
            if sqlite
            else "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        )
        for name in connection.execute(text(named)).scalars().all():
            chosen = f"SELECT * FROM {name}" if sqlite else f"SELECT xmin::text AS xmin_, * FROM {name} ORDER BY ctid"
            for place, row in enumerate(connection.execute(text(chosen)).mappings()):
                values = {key: str(value).replace("-", "") for key, value in row.items() if key != "xmin_"}
                rows.append(Row(name, place, 0 if sqlite else int(row["xmin_"]), values))
    return rows


def answers_of(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.table == "surveys_answer"]


def waiting_of(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row.table == "surveys_waiting"]


# Attacks. Each returns what it brings together.


def by_value(mine: list[Row], rows: list[Row]) -> list[tuple[str, str]]:
    """Find what only one row says, and a row of another table says, too, but for what belongs to answers itself."""
    told: dict[str, int] = defaultdict(int)
    for row in mine:
        for value in set(row.values.values()):
            told[value] += 1
    others = [row for row in rows if row.table != mine[0].table and "answer_id" not in row.values]
    own = {value for value, times in told.items() if times == 1 and value not in ("", "None", "0", "1")}
    return [(value[:40], other.table) for value in own for other in others if value in other.text]


def by_transaction(mine: list[Row], rows: list[Row]) -> list[int]:
    """Find a transaction that wrote just one of the rows, and something of a member."""
    written: dict[int, int] = defaultdict(int)
    for row in mine:
        written[row.by] += 1
    about = {row.by for row in rows if row.table in ("core_activity", "surveys_taken") and row.by}
    return [by for by, times in written.items() if times == 1 and by in about]


def by_group(mine: list[Row], least: int) -> list[Any]:
    """Find answers that were written with fewer others than is promised, or on a day with fewer."""
    groups: dict[Any, int] = defaultdict(int)
    for row in mine:
        groups[row.by, row.values["version"]] += 1
        groups[row.values["day"], row.values["version"]] += 1
    return [key for key, number in groups.items() if number < least]


def by_order(mine: list[Row], members: list[str]) -> int:
    """Guess that the rows lie, or are numbered, as members took part; return how many are right at best."""
    orders = (sorted(mine, key=lambda row: row.place), sorted(mine, key=lambda row: row.values["id"]))
    best = 0
    for order in orders:
        for guess in (order, order[::-1]):
            pairs = zip(guess, members, strict=True)
            best = max(best, sum(f"it was {member}" in row.text for row, member in pairs))
    return best


# What happens


def ordered() -> Callable[[int], bytes]:
    """Return a source of chance that is the same with each run."""
    numbers = count(1)

    def entropy(size: int) -> bytes:
        return shake_256(str(next(numbers)).encode()).digest(size)

    return entropy


@pytest.fixture
def party(canteen: Open, clock: SettableClock) -> Callable[..., Canteen]:
    """Let members answer an anonymous survey, each on a day of its own; each says which it was."""

    def make(members: int = MEMBERS, *, after: Callable[[Canteen], object] = lambda _shop: None) -> Canteen:
        clock.set(datetime(2026, 1, 15, 12, tzinfo=UTC))
        sections = {"surveys": {"keys": [KEY], "smallest_group": LEAST}}
        shop = canteen(sections=sections, entropy=ordered())
        catalogue.change(shop.kit, "staff:ada", "lunch", Terms(anonymous=True))
        shop.people = [shop.join() for _ in range(members)]
        for member in shop.people:
            clock.set(clock() + timedelta(days=1))
            assert shop.answer(member, stars=1, why=f"it was {member}").settled
            after(shop)
        clock.set(clock() + timedelta(days=1))
        return shop

    return make


def stored(shop: Canteen) -> list[Row]:
    """Store what is enough, and return all rows."""
    shop.kit.jobs.run(storing.STORE.name)
    return seen(shop)


def test_nothing_brings_members_and_answers_together(
    party: Callable[..., Canteen], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        shop = party()
        before = seen(shop)
        rows = stored(shop)
    assert "it was" not in "".join(row.text for row in before) + caplog.text
    waiting = waiting_of(before)
    assert len(waiting) == MEMBERS
    assert [*by_value(waiting, before), *by_transaction(waiting, before)] == []
    assert [row.values["id"] for row in waiting] == sorted(row.values["id"] for row in waiting)

    mine = answers_of(rows)
    assert len(mine) == MEMBERS - LEAST
    answer_of = {row.values["id"]: row for row in mine}
    for table in {row.table for row in rows if row.values.get("answer_id") in answer_of}:
        parts = [row for row in rows if row.table == table]
        assert by_value(parts, rows) == []
        lie = dict.fromkeys(row.values["answer_id"] for row in parts)
        assert list(lie) == sorted(answer_of), table
    assert [*by_value(mine, rows), *by_transaction(mine, rows), *by_group(mine, LEAST)] == []
    told = [member for member in shop.people if any(f"it was {member}" in row.text for row in mine)]
    assert by_order(mine, told) < len(told) / 2
    assert {row.values["member_id"] for row in mine} == {"None"}
    assert {len(row.values["sealed"]) for row in waiting} == {len(waiting[0].values["sealed"])}


def numbered_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def drawn(_kit: Kit) -> str:
        return new_id()

    for module in (drafts, storing):
        monkeypatch.setattr(module, "drawn", drawn)


def unmixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking, "MIXED", 0)


def named_by_the_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    sealed: Callable[[Any, Any], dict[str, Any]] = vars(taking)["_sealed"]

    def named(effect: Any, draft: Any) -> dict[str, Any]:
        return {**sealed(effect, draft), "id": draft.id}

    monkeypatch.setattr(taking, "_sealed", named)


def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    def settings(_kit: Kit) -> SurveysSettings:
        return SurveysSettings(keys=(KEY,), smallest_group=1)

    monkeypatch.setattr(storing, "settings_of", settings)


@pytest.mark.parametrize("dialect", ["postgresql"], indirect=True)
@pytest.mark.parametrize("plant", [numbered_in_their_order, unmixed, named_by_the_effect, one_by_one])
def test_what_would_bring_them_together_is_found(
    party: Callable[..., Canteen], monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    plant(monkeypatch)
    shop = party(after=stored) if plant is one_by_one else party()
    before = seen(shop)
    rows = stored(shop)
    waiting, mine = waiting_of(before), answers_of(rows)
    told = [member for member in shop.people if any(f"it was {member}" in row.text for row in mine)]
    found: dict[str, Callable[[], object]] = {
        "named_by_the_effect": lambda: by_value(waiting, before),
        "unmixed": lambda: by_transaction(waiting, before),
        "numbered_in_their_order": lambda: by_order(mine, told) == len(told),
        "one_by_one": lambda: by_group(mine, LEAST),
    }
    assert found[plant.__name__]()


def test_few_wait_until_no_more_come_and_fewer_stay(party: Callable[..., Canteen]) -> None:
    shop = party(2 * LEAST - 1)

    def number() -> tuple[int, int]:
        rows = stored(shop)
        return len(waiting_of(rows)), len(answers_of(rows))

    assert number() == (2 * LEAST - 1, 0)
    catalogue.revise(shop.kit, "staff:ada", "lunch", LUNCH)  # nobody answers that version any more
    assert number() == (0, 2 * LEAST - 1)
    for _ in range(LEAST - 1):
        assert shop.answer(shop.join(), stars=1).settled
    catalogue.move(shop.kit, "staff:ada", "lunch", "closed")
    assert number() == (LEAST - 1, 2 * LEAST - 1)


def test_an_anonymous_answer_stays_when_its_member_is_forgotten_or_taking_part_is_taken_back(
    party: Callable[..., Canteen],
) -> None:
    shop = party(LEAST)
    assert shop.kit.erase(shop.people[0]).state == "done"
    outcome = shop.answer(shop.member, stars=1)
    shop.kit.reverse(outcome.activity_id or "")
    with pytest.raises(Invalid, match="SURVEYS_ANSWERED_BEFORE"):
        shop.answer(shop.member, stars=2)
    assert len(shop.rows(select(tables.taken))) == LEAST
    assert len(waiting_of(seen(shop))) == LEAST + 1
    assert shop.rows(select(tables.draft)) == []


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_the_key_seals_and_another_one_takes_over(party: Callable[..., Canteen], make_kit: MakeKit) -> None:
    shop = party(2 * LEAST)
    drafts.save(shop.kit, shop.member, "lunch", {"stars": 1})

    def with_keys(*keys: str) -> Kit:
        database = shop.kit.settings.database
        return make_kit(["surveys"], sections={"surveys": {"keys": list(keys)}}, database=database)

    none = with_keys()
    with pytest.raises(Invalid, match="SURVEYS_NO_KEY"):
        catalogue.create(none, "staff:ada", "tea", LUNCH, Terms(anonymous=True))
    with pytest.raises(Invalid, match="SURVEYS_NO_KEY"):
        drafts.save(none, shop.member, "lunch", {"stars": 1})
    other = with_keys("another key that is long enough to be one")
    assert answering.send(other, shop.member, "lunch").code == "SURVEYS_SEALED"
    catalogue.move(other, "staff:ada", "lunch", "closed")
    with other.read() as read:
        survey = finding.find(read, ["lunch"])["lunch"].id
    with pytest.raises(Invalid, match="SURVEYS_SEALED"):
        storing.store(other, survey)
    assert storing.store(with_keys("another key that is long enough to be one", KEY), survey) == 2 * LEAST


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_what_was_promised_stays_once_somebody_has_begun(canteen: Open) -> None:
    shop = canteen(sections={"surveys": {"keys": [KEY]}})
    catalogue.change(shop.kit, "staff:ada", "lunch", Terms(anonymous=True))
    catalogue.change(shop.kit, "staff:ada", "lunch", Terms())
    drafts.save(shop.kit, shop.member, "lunch", {"stars": 1})
    with pytest.raises(Invalid, match="SURVEYS_ANONYMITY"):
        catalogue.change(shop.kit, "staff:ada", "lunch", Terms(anonymous=True))
    with pytest.raises(Invalid, match="SURVEYS_BEGUN"):
        catalogue.remove(shop.kit, "staff:ada", "lunch")
