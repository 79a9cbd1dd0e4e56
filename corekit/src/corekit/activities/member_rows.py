"""Rows of plugins' own tables that are a member's: they pass to another one, go back, and are forgotten.

They pass by an effect of the plugin's, which the kernel yields and writes, so that it is undone, explained and refused
like any other. It notes what passed, for the survivor may have got rows of its own when the merge is taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

from attrs import field, frozen
from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    delete,
    false,
    insert,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)

from corekit.activities.effects import Effect
from corekit.activities.tables import activity, effect, moved_row
from corekit.db.reader import any_of
from corekit.db.types import Id
from corekit.declares import EffectKind, MemberRows

if TYPE_CHECKING:
    from corekit.activities.plugin_write import Applied, PluginWrite


@frozen
class TakeRows(Effect):
    """What a plugin keeps of another member is this one's; the base of one class for each plugin."""

    giver: str = field(kw_only=True)


def passing(owner: str, rows: Sequence[MemberRows]) -> Iterator[EffectKind]:
    """Yield the effect by which rows of a plugin pass to another member; none where they stay."""
    if moving := [each for each in rows if each.merge == "move"]:
        class_: type[TakeRows] = type("TakeRows", (TakeRows,), {})
        take, give_back = partial(_take, moving), partial(_give_back, moving)
        yield EffectKind(name=kind_of(owner), effect=class_, apply=take, undo=give_back)


def kind_of(owner: str) -> str:
    """Return the name of the effect by which rows of a plugin pass."""
    return f"{owner}.member_rows"


def forget(write: PluginWrite, rows: Sequence[MemberRows], member: str) -> None:
    """Delete the rows of a member, or let them name nobody."""
    for each in rows:
        table, theirs = each.member.table, each.member == member
        gone = delete(table) if each.erase == "delete" else update(table).values({each.member: None})
        write.execute(gone.where(theirs))


def forget_merges(connection: Connection, members: Collection[str]) -> None:
    """Forget what passed to members: none of these merges can be taken back any more."""
    of_them = any_of(activity.c.member_id, members) & (activity.c.type == "member.merged")
    merges = select(effect.c.id).join(activity, activity.c.id == effect.c.activity_id).where(of_them)
    connection.execute(delete(moved_row).where(moved_row.c.effect_id.in_(merges)))


def key_of(rows: MemberRows) -> Any:
    """Return the column by which rows are known besides the member; None where there is none that could do."""
    if rows.key is not None:
        return rows.key if rows.key.table is rows.member.table and isinstance(rows.key.type, Id) else None
    keys = [each for each in rows.member.table.primary_key if each is not rows.member]
    return keys[0] if len(keys) == 1 and isinstance(keys[0].type, Id) else None


_MERGE, _GIVER, _TAKER = (bindparam(name, type_=Id) for name in ("its_merge", "its_giver", "its_taker"))


def _take(moving: Sequence[MemberRows], write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Note which rows pass, and let them."""
    for rows in moving:
        if rows.before is not None:
            rows.before(write, effects)
        for statement in _taking(rows, write.dialect):
            write.execute(statement, _bound(effects))
        if rows.after is not None:
            rows.after(write, effects)


def _give_back(moving: Sequence[MemberRows], write: PluginWrite, effects: Sequence[Applied]) -> None:
    """Let just those go back."""
    for rows in moving:
        write.execute(_giving_back(rows), _bound(effects))
        if rows.back is not None:
            rows.back(write, effects)
    write.execute(delete(moved_row).where(any_of(moved_row.c.effect_id, [each.id for each in effects])))


def _bound(effects: Sequence[Applied]) -> list[dict[str, str]]:
    return [{"its_merge": each.id, "its_giver": each.effect.giver, "its_taker": each.member} for each in effects]


@lru_cache(maxsize=256)
def _taking(rows: MemberRows, dialect: str) -> Sequence[Any]:
    name, theirs = rows.member.table.name, rows.member == _GIVER
    stays = or_(false(), *_in_both(rows.member, dialect))
    noted = select(_MERGE, literal(name), key_of(rows)).where(theirs, stays.is_not(true())).distinct()
    return (
        insert(moved_row).from_select(["effect_id", "relation", "row_id"], noted),
        update(rows.member.table).where(theirs, _noted(rows)).values({rows.member: _TAKER}),
    )


@lru_cache(maxsize=256)
def _giving_back(rows: MemberRows) -> Any:
    return update(rows.member.table).where(rows.member == _TAKER, _noted(rows)).values({rows.member: _GIVER})


def _noted(rows: MemberRows) -> ColumnElement[bool]:
    of_this = (moved_row.c.effect_id == _MERGE) & (moved_row.c.relation == rows.member.table.name)
    noted: ColumnElement[bool] = key_of(rows).in_(select(moved_row.c.row_id).where(of_this))
    return noted


def _in_both(member: Any, dialect: str) -> Iterator[ColumnElement[bool]]:
    """Yield for each unique key with the member in it whether the survivor has a row under the same."""
    for columns, among in _unique(member.table, dialect):
        others = [each for each in columns if each is not member]
        if others and len(others) < len(columns):
            also = select(*others).where(member == _TAKER, among).correlate(None)
            yield and_(among, tuple_(*others).in_(also))


def _unique(table: Table, dialect: str) -> Iterator[tuple[list[Any], Any]]:
    """Yield the columns of each unique key, with the condition on which it is one."""
    yield list(table.primary_key), true()
    for each in table.constraints:
        if isinstance(each, UniqueConstraint):
            yield list(each.columns), true()
    for index in table.indexes:
        if index.unique:
            among = index.dialect_options[dialect]["where"]
            yield list(index.expressions), true() if among is None else among
