"""How many pieces of a reward there are: staff says so, each change once, with a reason that is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from corekit import ErrorText, Invalid, Problem, Reader, micros
from corekit.audit import leave
from corekit_points.rewards import declared, stock
from corekit_points.rewards.tables import restock as _restock
from corekit_points.rewards.tables import stock as _stock

if TYPE_CHECKING:
    from corekit import Kit
    from corekit_points.rules import Book


@frozen
class Stock:
    """How many pieces of a reward are left."""

    reward: str
    left: int


def restock(kit: Kit, actor: str, reward: str, amount: int, reason: str, key: str) -> Stock:
    """Add pieces of a reward, or take some away where ``amount`` is negative; return what is left.

    The same ``key`` changes nothing again. Raises :class:`corekit.Invalid`: there is no such reward
    (``POINTS_REWARD_UNKNOWN``), nobody counts it (``POINTS_NOT_STOCKED``), or there are fewer pieces than are to go
    (``POINTS_STOCK_SHORT``).
    """
    book: Book = kit.program.sections["points"]
    found = book.rewards.get(reward)
    if found is None:
        raise _invalid(declared.REWARD_UNKNOWN, "reward", reward=reward)
    if not found.stocked:
        raise _invalid(declared.NOT_STOCKED, "reward", reward=reward)
    now = kit.now()
    with kit.database.write() as connection:
        row = {"key": key, "reward": reward, "amount": amount, "reason": reason, "at": micros(now)}
        made = _insert(connection, _restock).values(row).on_conflict_do_nothing()
        if connection.execute(made.returning(_restock.c.key)).first() is not None:
            if amount > 0:
                _add(connection, reward, amount, key)
            else:
                _take_away(connection, reward, -amount)
            leave(connection, now, actor, "points.reward_restocked", reward, amount=amount, reason=reason)
        left = stock.left(Reader(connection), [reward])[reward]
    return Stock(reward, left)


def _add(connection: Connection, reward: str, amount: int, key: str) -> None:
    parts = stock.spread(amount, key)
    rows = [{"reward": reward, "shard": f"{at:02}", "pieces": part} for at, part in enumerate(parts) if part]
    add = _insert(connection, _stock)
    more = {"pieces": _stock.c.pieces + add.excluded.pieces}
    connection.execute(add.on_conflict_do_update(index_elements=list(_stock.primary_key), set_=more), rows)


def _take_away(connection: Connection, reward: str, amount: int) -> None:
    """Take pieces away, wherever they lie."""
    rows = connection.execute(stock.held([reward])).all()
    left = sum(int(row.pieces) for row in rows)
    if left < amount:
        raise _invalid(declared.STOCK_SHORT, "amount", left=left, asked=amount)
    taken: dict[tuple[str, str], int] = {}
    for row in rows:
        if part := min(amount, int(row.pieces)):
            taken[row.reward, row.shard] = part
            amount -= part
    stock.less(connection, taken)
    stock.clear(connection)


def _insert(connection: Connection, table: Any) -> postgresql.Insert | sqlite.Insert:
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


def _invalid(text: ErrorText, *path: str, **parameters: Any) -> Invalid:
    message = text.en.format(**parameters)
    return Invalid([Problem(code=text.code, message=message, path=path, parameters=parameters)])
