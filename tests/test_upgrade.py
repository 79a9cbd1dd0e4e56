"""From the tables of a version before to those of this one: what passed by a merge before can still go back."""

from __future__ import annotations

import importlib
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from sqlalchemy import Connection, Table, insert, select

from acme_stamps.tables import drink
from corekit import Activity, Kit, Lineage
from corekit.activities.tables import effect, moved_row
from corekit.db import migrate
from corekit.db.engine import Database
from corekit.ids import new_id
from corekit.testing.backends import Backend
from corekit.testing.plugin import MakeKit
from corekit_documents.tables import link
from corekit_medals.tables import award
from corekit_points.draws.tables import result
from corekit_points.rewards.tables import redemption
from corekit_stored_value.tables import request
from corekit_surveys.tables import answer, both, comment, draft, shelf, taken

OURS = ["points", "documents", "medals", "stored_value", "surveys"]
PLUGINS = [*OURS, "stamps"]
BEFORE = {"core": 2, "documents": 1, "medals": 1, "points": 3, "stamps": 1, "stored_value": 3, "surveys": 1}
"""How many revisions each had when plugins noted by themselves which rows passed."""
KINDS = {
    "documents": "documents.take_links",
    "medals": "medals.take_awards",
    "points": "points.take_redemptions",
    "stamps": "stamps.take_drinks",
    "stored_value": "stored_value.take_requests",
    "surveys": "surveys.take_answers",
}
"""By which effect they did; points did by another one too."""
PULLS = "points.take_pulls"
DAY, LATER, ITS, FEAST, LUNCH, TEA = "2026-01-15", "2026-01-20", *(new_id() for _ in range(4))
NOTHING: dict[str, Any] = {}
DRAFT: dict[str, Any] = {"survey_id": LUNCH, "ticket": ITS, "answers": NOTHING}
AWARD = {"medal": "regular", "level": 1, "rule": "regular@1", "reason": "met", "since": 0, "awarded_at": 0}
DRAWN: dict[str, Any] = {"draw": "wheel", "period": DAY, "ticket": ITS, "number": 1, "client_seed": "", "prize": "mug"}
OWN: Mapping[Table, dict[str, Any]] = {
    link: {"id": ITS, "document": "menu", "version_id": ITS, "issued_at": 0, "expires_at": 1},
    award: {"id": ITS, "activity_id": ITS, "pinned": False, **AWARD},
    redemption: {"id": ITS, "reward": "mug", "state": "fulfilled", "day": DAY, "money": 0, "redeemed_at": 0},
    result: {"effect_id": ITS, "no": 1, "weights": NOTHING, "day": DAY, "drawn_at": 0, **DRAWN}
    | dict.fromkeys(("guaranteed", "hit", "taken_back"), False),
    drink: {"effect_id": ITS, "day": DAY, "drink": "mocha"},
    request: {"activity_id": ITS, "unit": "CNY", "amount": 5, "lapses_at": 0, "state": "paid"},
    answer: {"id": ITS, "survey_id": FEAST, "version": 1, "day": DAY, "answers": NOTHING, "skipped": NOTHING},
    comment: {"id": ITS, "survey_id": FEAST, "text": "good", "created_at": 0, "state": "pending"},
    shelf: {**DRAFT, "id": ITS, "effect_id": ITS, "owner_id": ITS, "saved_at": 0, "survey_id": TEA},
    draft: {**DRAFT, "id": ITS, "saved_at": 1},
    taken: {"survey_id": LUNCH, "times": 1, "day": DAY},
}
"""What the member has that becomes a part of another: a row of each table whose rows pass."""


@pytest.fixture
def before(backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Before]:
    """A database of the version before."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    url = backend.empty()
    yield Before(url, tmp_path)
    backend.drop(url)


class Before:
    """A database as the version before made it and left it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._folder = folder

    def hold(self, kit: Kit, merge: str, *more: str) -> None:
        """Copy what there is, with what passed by a merge noted as the plugins did, and run statements besides."""
        database = Database(self.url)
        migrate.upgrade(database, [self._shortened(each) for each in kit.lineages()])
        with kit.read() as read, database.write() as connection:
            for each in _tables(kit):
                if rows := [row._asdict() for row in read.all(select(each))]:
                    connection.execute(insert(each), rows if each is not effect else [*map(_by_plugin, rows)])
            if read.dialect == "postgresql":  # what is written next comes after it
                connection.exec_driver_sql("SELECT setval('core_outbox_position_seq', max(position)) FROM core_outbox")
            _note(connection, merge)
            for statement in more:
                connection.exec_driver_sql(statement)
        database.close()

    def _shortened(self, lineage: Lineage) -> Lineage:
        """Return a lineage with the revisions that it had before; its guards are of tables that have not changed."""
        package = f"{lineage.owner}_before"
        versions = self._folder / package / "migrations/versions"
        versions.mkdir(parents=True)
        (self._folder / package / "__init__.py").touch()
        there = Path(str(importlib.import_module(lineage.package).__file__)).parent / "migrations/versions"
        for script in sorted(there.glob("*.py"))[: BEFORE[lineage.owner]]:
            shutil.copy(script, versions)
        importlib.invalidate_caches()
        return evolve(lineage, package=package)


def _tables(kit: Kit) -> Iterator[Table]:
    """Yield the tables that there were before."""
    for lineage in kit.lineages():
        yield from (each for each in lineage.metadata.sorted_tables if each not in {moved_row, both})


def _by_plugin(row: dict[str, Any]) -> dict[str, Any]:
    """Return an effect by which rows passed as the plugin yielded it, and any other as it is."""
    return {**row, "kind": KINDS[row["owner"]]} if row["kind"].endswith(".member_rows") else row


def _note(connection: Connection, merge: str) -> None:
    found = connection.execute(select(effect).where(effect.c.activity_id == merge, effect.c.kind.in_(KINDS.values())))
    noting = {row.owner: row._asdict() for row in found}
    pulls = {**noting["points"], "id": new_id(), "kind": PULLS, "no": 99}
    connection.execute(insert(effect), pulls)
    by = {owner: row["id"] for owner, row in noting.items()}
    for table in ("documents_move", "medals_move", "points_redemption_move", "stamps_move", "stored_value_move"):
        owner = next(owner for owner in KINDS if table.startswith(owner))
        connection.exec_driver_sql(f"INSERT INTO {table} VALUES ('{by[owner]}', '{ITS}')")
    connection.exec_driver_sql(f"INSERT INTO points_draw_move VALUES ('{pulls['id']}', '{ITS}')")
    for what, row in [*((what, ITS) for what in ("answer", "comment", "shelf", "draft")), ("taken", LUNCH)]:
        connection.exec_driver_sql(_of_surveys(by["surveys"], what, row))
    connection.exec_driver_sql(_of_surveys(by["surveys"], "both", FEAST, f"2, '{LATER}', '{DAY}'"))


def _of_surveys(merge: str, what: str, row: str, part: str = "NULL, NULL, NULL") -> str:
    return f"INSERT INTO surveys_move VALUES ('{merge}', '{what}', '{row}', {part})"


def joined(kit: Kit) -> str:
    return kit.record(Activity(type="member.registered")).member


def stands(kit: Kit) -> dict[str, list[Any]]:
    """Return all rows that may pass."""
    with kit.read() as read:
        return {each.name: sorted(map(str, read.all(select(each)))) for each in OWN}


def noted(kit: Kit) -> list[Any]:
    with kit.read() as read:
        return [*read.all(select(moved_row)), *read.all(select(both))]


def merged(kit: Kit) -> tuple[str, str, str]:
    """Let two members become one who both had taken part in the feast, and had a draft of lunch; return the merge."""
    taker, giver = joined(kit), joined(kit)
    part = {"survey_id": FEAST, "times": 1, "day": DAY}
    with kit.database.write() as connection:
        for each in _tables(kit):
            if each in OWN:
                connection.execute(insert(each), {**OWN[each], "member_id": giver})
        connection.execute(insert(draft), {**DRAFT, "id": new_id(), "saved_at": 0, "member_id": taker})
        connection.execute(insert(taken), {**part, "member_id": taker})
        connection.execute(insert(taken), {**part, "times": 2, "day": LATER, "member_id": giver})
    answer = kit.merge(taker, giver)
    assert answer.settled
    return taker, giver, answer.activity_id or ""


def test_what_passed_by_a_merge_before_goes_back_by_this_version(make_kit: MakeKit, before: Before) -> None:
    kit = make_kit(PLUGINS)
    taker, _, merge = merged(kit)
    after, note = stands(kit), noted(kit)
    assert len(note) == len(OWN) + 1
    before.hold(kit, merge)

    new = make_kit(PLUGINS, database=before.url)
    assert migrate.check(new.database, new.lineages()) == []
    assert stands(new) == after
    assert len(noted(new)) == len(note)
    with new.database.write() as connection:  # what the survivor got since stays with it
        connection.execute(insert(link), {**OWN[link], "id": new_id(), "member_id": taker})

    assert kit.reverse(merge).settled
    assert new.reverse(merge).settled
    assert noted(new) == noted(kit) == []
    wanted, found = stands(kit), stands(new)
    assert len(found.pop(link.name)) == len(wanted.pop(link.name)) + 1
    assert found == wanted
    assert new.verify().clean


def test_tables_that_had_no_notes_of_plugins_from_the_first_are_brought_up_to_date(make_kit: MakeKit) -> None:
    kit = make_kit(OURS)
    _, _, merge = merged(kit)
    with kit.database.write() as connection:
        for owner in ("core", *OURS):
            revision = f"{owner}_{BEFORE[owner]:04d}"
            connection.exec_driver_sql(f"UPDATE {owner}_alembic_version SET version_num = '{revision}'")

    new = make_kit(OURS, database=kit.database.url.render_as_string(hide_password=False))
    assert [each for each in migrate.status(new.database, new.lineages()) if each.pending] == []
    assert migrate.check(new.database, new.lineages()) == []
    assert new.reverse(merge).settled
    assert noted(new) == []


def test_of_a_survivor_that_was_forgotten_no_note_is_taken_over(make_kit: MakeKit, before: Before) -> None:
    kit = make_kit(PLUGINS)
    _, _, merge = merged(kit)
    gone = joined(kit)
    other = kit.merge(gone, joined(kit)).activity_id
    assert kit.erase(gone).state == "done"
    with kit.read() as read:
        of_surveys = (effect.c.activity_id == other) & (effect.c.owner == "surveys")
        by = read.scalar(select(effect.c.id).where(of_surveys))
    before.hold(kit, merge, _of_surveys(by, "answer", new_id()))
    new = make_kit(PLUGINS, database=before.url)
    assert len(noted(new)) == len(OWN) + 1
    assert by not in {note.effect_id for note in noted(new)}
