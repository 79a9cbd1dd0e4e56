"""What the rogue does: acts by name, each with the places in which it makes sense and the answers that it may get."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn

import psycopg
from attrs import evolve, frozen
from sqlalchemy import Column, Integer, MetaData, Table, delete, insert, literal, null, select, table, text, update
from sqlalchemy import column as sql_column

from corekit import Credit, Follow, Refusal, Transfer
from corekit.activities.tables import intake, outbox
from corekit.ledger.tables import account
from corekit_rogue import tables
from corekit_rogue.plugin import Act, Given, Mark

RELEASED = threading.Event()
"""Whoever hangs goes on when this is set."""
PURE = ("prepare", "react")
WRITING = ("apply", "undo", "erase")
READING = ("prepare", "export")
UNIT = ("apply", "undo")
EVERYWHERE = (*PURE, *UNIT, "may_enrol", "happened", "export", "erase")
CARE = {
    "may_enrol": {"refused ENROLMENT_REFUSED"},
    "happened": {"put off"},
    "export": {"raised PLUGIN_RAISED"},
    "erase": {"open"},
}
"""What is answered by the hooks that stand aside of settlement, whatever is done in them."""


@frozen
class Deed:
    """An act, where it is done, and what may be answered to an activity for which it is done."""

    do: Act
    places: tuple[str, ...]
    answers: frozenset[str]

    def expected(self, place: str) -> set[str]:
        """Return what may be answered."""
        return {*self.answers} | CARE.get(place, set()) if place in CARE else {*self.answers}


FAILED = "failed PLUGIN_FAILED"
INVALID = "failed EFFECT_INVALID"
FORBIDDEN = "failed WRITE_NOT_ALLOWED"
ENDED = "failed TRANSACTION_ENDED"
SUSPENDED = "busy PLUGIN_SUSPENDED"
SETTLED = "settled"


class Fatal(BaseException):
    """Nothing that an ``except Exception`` catches."""


FATAL: tuple[type[BaseException], ...] = (
    SystemExit,
    KeyboardInterrupt,
    GeneratorExit,
    asyncio.CancelledError,
    Fatal,
)


class Untold(Exception):
    """What it says cannot be told."""

    def __str__(self) -> str:
        raise RuntimeError("secret of the rogue")


RAISABLE: tuple[type[BaseException], ...] = (RuntimeError, MemoryError, *FATAL, StopIteration, Untold)


def _raise(error: type[BaseException], _: Given) -> NoReturn:
    raise error


def _returns(value: object, _: Given) -> object:
    return value


def _deeply(given: Given) -> Any:
    return _deeply(given)


# --------------------------------------------------------------------------------------------------- it hangs


def hang(_: Given) -> None:
    """Loop in Python until it is let go."""
    while not RELEASED.wait(0.005):
        pass


def hang_stubbornly(_: Given) -> None:
    """Loop in Python, and take no exception for an answer, three times."""
    for _attempt in range(3):
        with suppress(BaseException):
            while not RELEASED.wait(0.005):
                pass


# ---------------------------------------------------------------------------------------- it returns rubbish


class Lying(int):
    """A number that is none."""

    def __add__(self, other: object) -> NoReturn:
        raise RuntimeError("secret of the rogue")

    __radd__ = __sub__ = __rsub__ = __lt__ = __add__


class Endless(dict[str, Any]):
    """A mapping that never ends."""

    def __iter__(self) -> Iterator[str]:
        return (str(number) for number in itertools.count())

    def items(self) -> Any:
        return ((str(number), number) for number in itertools.count())


def _credits(given: Given, **values: Any) -> list[Any]:
    told: dict[str, Any] = {"rule": "r@1", "account": "toy", "amount": 5, **values}
    return [Credit(activity, **told) for activity in given.activities]


def _for_victim(given: Given) -> list[Any]:
    """Credit somebody whose activity is not in the batch."""
    return [
        Credit(evolve(activity, member=given.others["victim"]), rule="r@1", account="toy", amount=5)
        for activity in given.activities
    ]


def _another_id(given: Given) -> list[Any]:
    return [Credit(evolve(activity, id="0" * 32), rule="r@1", account="toy", amount=5) for activity in given.activities]


def _take_of_named(given: Given) -> list[Any]:
    """Name a member in the activity who was not named, and move value there."""
    victim = given.others["victim"]
    forged = [evolve(activity, members=(victim,)) for activity in given.activities]
    return [Transfer(each, rule="r@1", account="toy", amount=1, to=victim, otherwise="refuse") for each in forged]


def _follow_named(given: Given) -> list[Any]:
    victim = given.others["victim"]
    forged = [evolve(activity, members=(victim,)) for activity in given.activities]
    return [Follow(each, rule="r@1", type="toy.earn", name="x", amount=5, member=victim) for each in forged]


def _endless_effects(given: Given) -> Iterator[Any]:
    return (Credit(given.activities[0], rule="r@1", account="toy", amount=1) for _ in itertools.count())


def _refuses_oddly(given: Given) -> NoReturn:
    raise Refusal("TOY_SOLD_OUT", item=object())


def _refuses_in_no_words(given: Given) -> NoReturn:
    nothing: Any = None
    raise Refusal(nothing)


def _refuses_unheard_of(given: Given) -> NoReturn:
    raise Refusal("NO_SUCH_CODE")


def _raises_late(given: Given) -> Iterator[Any]:
    yield from _credits(given)
    raise Fatal


# ------------------------------------------------------------------------------------------------- it writes


def _account(given: Given) -> Any:
    return account.c.id == given.others["account"]


def _rich(given: Given) -> Any:
    return update(account).where(_account(given)).values(credits_posted=10**6)


def _alias(given: Given) -> Any:
    alias: Any = account.alias("rogue_accounts")
    return update(alias).where(alias.c.id == given.others["account"]).values(credits_posted=10**6)


def _namesake(given: Given) -> Any:
    """Write to a table that only says that it is the rogue's."""
    other = Table('rogue_x" SET credits_posted = 1; --', MetaData(), Column("id", Integer))
    return delete(other)


def _light(given: Given) -> Any:
    return delete(table("rogue_accounts", sql_column("id")))


def _view(given: Given) -> Any:
    return update(tables.view).where(tables.view.c.id == given.others["account"]).values(credits_posted=10**6)


def _in_cte(given: Given) -> Any:
    return select(literal(1)).add_cte(_rich(given).returning(account.c.id).cte("rich"))


def _text_in_cte(given: Given) -> Any:
    words = text("DELETE FROM core_intake RETURNING 1 AS one").columns(sql_column("one")).cte("gone")
    return select(words.c.one)


def _own_insert_with_cte(given: Given) -> Any:
    gone = delete(intake).returning(intake.c.member_id).cte("gone")
    source = select(gone.c.member_id, gone.c.member_id)
    return insert(tables.mark).from_select(["effect_id", "member_id"], source)


def _from_select(given: Given) -> Any:
    columns = [column.name for column in outbox.columns if column.name != "position"]
    return insert(outbox).from_select(columns, select(*(outbox.c[name] for name in columns)))


def _two_at_once(given: Given) -> Any:
    return select(text("1; UPDATE core_account SET credits_posted = 1000000"))


def _after_a_comment(given: Given) -> Any:
    return select(literal(1)).prefix_with("1; UPDATE core_account SET credits_posted = 9 --")


def _commits_in_text(given: Given) -> Any:
    return select(text("1; COMMIT; SELECT 1"))


def _commit_text(given: Given) -> Any:
    return text("COMMIT")


def _new_table(given: Given) -> Any:
    return select(text("1 INTO core_spoil"))


STATEMENTS: dict[str, Callable[[Given], Any]] = {
    "an update of an account": _rich,
    "an update by an own-named alias": _alias,
    "a table with SQL for a name": _namesake,
    "a light table with an own name": _light,
    "an own-named view": _view,
    "a write in a CTE of a select": _in_cte,
    "text in a CTE of a select": _text_in_cte,
    "a write in a CTE of an own insert": _own_insert_with_cte,
    "an insert from a select": _from_select,
    "two statements in one": _two_at_once,
    "a second statement before a comment": _after_a_comment,
    "a COMMIT in a select": _commits_in_text,
    "COMMIT as text": _commit_text,
    "a select into a new table": _new_table,
}


def _write(statement: Callable[[Given], Any], given: Given) -> None:
    assert given.write is not None
    given.write.execute(statement(given))


def _read(statement: Callable[[Given], Any], given: Given) -> None:
    assert given.read is not None
    given.read.all(statement(given))


# ------------------------------------------------------------------------------- it reaches for the connection


def reached(root: Any, *kinds: type[Any]) -> list[Any]:
    """Return what of these kinds can be reached from a value by attributes, closures and methods, the nearest first."""
    found: list[Any] = []
    seen: set[int] = set()
    coming: deque[tuple[Any, int]] = deque([(root, 0)])
    while coming and len(seen) < 500 and not found:
        value, depth = coming.popleft()
        if id(value) in seen or depth > 5:
            continue
        seen.add(id(value))
        if isinstance(value, kinds):
            found.append(value)
        below: list[Any] = []
        if isinstance(value, dict):
            below += value.values()
        elif isinstance(value, list | tuple | set | frozenset):
            below += value
        elif not isinstance(value, type | str | bytes | int):
            below += getattr(value, "__dict__", {}).values()
            slots = (name for each in type(value).__mro__ for name in getattr(each, "__slots__", ()))
            for name in slots:
                with suppress(Exception):
                    below.append(getattr(value, name))
            below += [cell.cell_contents for cell in getattr(value, "__closure__", None) or () if cell is not None]
            below.append(getattr(value, "__self__", None))
        coming.extend((each, depth + 1) for each in below if each is not None)
    return found


def _drivers(given: Given) -> list[Any]:
    """Return the driver's connections that can be reached from what was given."""
    roots: list[Any] = [given.write, given.read]
    if given.read is not None:
        given.read.all(select(null()))
    if given.write is not None:
        roots.append(given.write.execute(select(null())))
    found: list[Any] = []
    for root in roots:
        found += reached(root, sqlite3.Connection, psycopg.Connection)
    if not found:
        raise LookupError("there is no connection to be reached")
    return found


def _send(words: str, given: Given) -> None:
    driver: Any = _drivers(given)[0]
    driver.execute(words.format(**given.others))


def _send_by_cursor(words: str, given: Given) -> None:
    driver: Any = _drivers(given)[0]
    driver.cursor().execute(words.format(**given.others))


def _send_below_the_driver(words: str, given: Given) -> None:
    driver: Any = _drivers(given)[0]
    result: Any = driver.pgconn.exec_(words.format(**given.others).encode())
    if result.status == 7:  # PGRES_FATAL_ERROR
        raise RuntimeError(result.error_message)


def _call_of_driver(name: str, given: Given) -> None:
    driver: Any = _drivers(given)[0]
    getattr(driver, name)()


def _connection_of_result(name: str, given: Given) -> None:
    """End the transaction by SQLAlchemy's connection, which each result knows."""
    assert given.write is not None
    result = given.write.execute(select(null()))
    connection: Any = result.connection
    if name == "execute":
        connection.execute(_rich(given))
    elif name == "text":
        connection.execute(text("DELETE FROM core_intake"))
    elif name == "raw":
        connection.exec_driver_sql("UPDATE core_account SET credits_posted = 1000000")
    elif name == "begin_nested":
        connection.begin_nested()
    else:
        getattr(connection, name)()


def _private(name: str, given: Given) -> None:
    write: Any = given.write
    getattr(write._connection, name)()


def _source(words: str, given: Given) -> None:
    read: Any = given.read
    read.source.driver.execute(words.format(**given.others))


def _source_connection(given: Given) -> None:
    read: Any = given.read
    read.source.connection.execute(_rich(given))


def _commit_and_begin(given: Given) -> None:
    driver: Any = _drivers(given)[0]
    driver.execute("COMMIT")
    driver.execute("BEGIN")


def _rollback_and_begin_below(given: Given) -> None:
    _send_below_the_driver("ROLLBACK", given)
    _send_below_the_driver("BEGIN", given)


RAW = {
    "COMMIT": "COMMIT",
    "ROLLBACK": "ROLLBACK",
    "SAVEPOINT": "SAVEPOINT rogue",
    "an update of accounts": "UPDATE core_account SET credits_posted = 1000000 WHERE id = '{account}'",
    "a delete of what waits": "DELETE FROM core_intake",
}


def _loudly(act: Act) -> Act:
    """Do it as it is."""
    return act


def quietly(act: Act) -> Act:
    """Do it, and say nothing of what is raised."""

    def do(given: Given) -> None:
        with suppress(Exception):
            act(given)

    return do


# ------------------------------------------------------------------------------------------ it opens threads


LATE: list[threading.Thread] = []
RAISED: list[BaseException] = []


def _later(what: Callable[[Given], object], given: Given) -> None:
    """Let a thread go on with what was given when the call has returned: the test says when, and waits for it."""

    def run() -> None:
        RELEASED.wait()
        try:
            what(given)
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            RAISED.append(error)

    LATE.append(threading.Thread(target=run, daemon=True))
    LATE[-1].start()


def _writes_on(given: Given) -> None:
    assert given.write is not None
    given.write.execute(insert(tables.mark).values(effect_id="1" * 32, member_id="1" * 32))


def _reads_on(given: Given) -> None:
    assert given.read is not None
    given.read.all(select(tables.mark.c.effect_id))


def _streams_on(given: Given) -> None:
    assert given.read is not None
    list(given.read.stream(select(tables.mark.c.effect_id)))


# ------------------------------------------------------------------------------------ it changes what it is given


def _each(change: Callable[[Any], object], given: Given) -> None:
    for activity in given.activities:
        change(activity)


def _payload(activity: Any) -> None:
    activity.payload["note"] = "changed"


def _nested(activity: Any) -> None:
    activity.payload["deep"]["list"].append("changed")


def _update(activity: Any) -> None:
    activity.payload.update(note="changed")


def _amount(activity: Any) -> None:
    activity.amount = 10**6


def _by_force(activity: Any) -> None:
    object.__setattr__(activity, "member", "0" * 32)


def _more_lines(activity: Any) -> None:
    object.__setattr__(activity, "amount", 10**6)


def _emptied(given: Given) -> None:
    batch: Any = given.batch
    batch._activities = ()
    batch._by_type.clear()


def _attributes(given: Given) -> None:
    facts: Any = given.facts
    _each(lambda activity: facts.member(activity).attributes.update(vip=True), given)


def _seq(given: Given) -> None:
    facts: Any = given.facts

    def change(activity: Any) -> None:
        facts.member(activity).seq = 10**6

    _each(change, given)


def _effects_list(given: Given) -> None:
    effects: Any = given.effects
    effects.clear()


def _effects_value(given: Given) -> None:
    for each in given.effects:
        object.__setattr__(each, "id", "0" * 32)


def _deed(do: Act, places: tuple[str, ...], *answers: str) -> Deed:
    return Deed(do, places, frozenset(answers))


DEEDS: dict[str, dict[str, Deed]] = {
    "raises": {error.__name__: _deed(partial(_raise, error), EVERYWHERE, FAILED) for error in RAISABLE}
    | {"endless recursion": _deed(_deeply, EVERYWHERE, FAILED)},
    "hangs": {
        "a loop": _deed(hang, EVERYWHERE, SUSPENDED),
        "a stubborn loop": _deed(hang_stubbornly, EVERYWHERE, SUSPENDED),
    },
    "rubbish of prepare": {
        repr(value): _deed(partial(_returns, value), ("prepare",), FAILED)
        for value in (5, "text", [1], {"0" * 32: 1}, {None: 1}, object, iter([1]))
    }
    | {"an endless mapping": _deed(lambda _: Endless(), ("prepare",), FAILED)},
    "rubbish of react": {
        "a number": _deed(lambda _: 5, ("react",), FAILED),
        "a text": _deed(lambda _: "Credit", ("react",), FAILED),
        "a class": _deed(lambda _: Credit, ("react",), FAILED),
        "a nested list": _deed(lambda given: [_credits(given)], ("react",), FAILED),
        "nothing in a list": _deed(lambda _: [None], ("react",), FAILED),
        "an endless generator": _deed(_endless_effects, ("react",), FAILED),
        "a generator that raises at its end": _deed(_raises_late, ("react",), FAILED),
        "a number that is none": _deed(lambda given: _credits(given, amount=Lying(5)), ("react",), INVALID),
        "a rule that is none": _deed(lambda given: _credits(given, rule=5), ("react",), INVALID),
        "shares that are none": _deed(lambda given: _credits(given, shares=5), ("react",), INVALID),
        "an effect of another member": _deed(_for_victim, ("react",), INVALID),
        "an effect of no activity": _deed(_another_id, ("react",), INVALID),
        "value for whom nobody named": _deed(_take_of_named, ("react",), INVALID),
        "a follow-on of whom nobody named": _deed(_follow_named, ("react",), INVALID),
        "a refusal with an object": _deed(_refuses_oddly, PURE, INVALID),
        "a refusal without a code": _deed(_refuses_in_no_words, PURE, INVALID),
        "a refusal that nobody declares": _deed(_refuses_unheard_of, PURE, INVALID),
        "marks of a foreign activity": _deed(
            lambda given: [Mark(evolve(each, id="1" * 32), rule="r@1") for each in given.activities],
            ("react",),
            INVALID,
        ),
    },
    "rubbish of apply": {
        name: _deed(partial(_returns, value), UNIT, FAILED)
        for name, value in {
            "a number": 5,
            "strange ids": ["0" * 32],
            "nothing in a list": [None],
            "lists in a list": [[""]],
            "a text": "abc",
        }.items()
    }
    | {"an endless list": _deed(lambda _: itertools.repeat("0" * 32), UNIT, FAILED)},
    "rubbish of the others": {
        "a number": _deed(lambda _: 5, ("may_enrol", "export"), "-"),
        "no JSON": _deed(lambda _: {"x": object()}, ("export",), "-"),
        "an endless document": _deed(lambda _: Endless(), ("export",), "-"),
        "a reason with an object": _deed(lambda _: Refusal("TOY_SOLD_OUT", item=object()), ("may_enrol",), "-"),
        "a reason without a code": _deed(_refuses_in_no_words, ("may_enrol",), "-"),
    },
    "writes": {
        f"{name}{how}": _deed(wrap(partial(_write, statement)), WRITING, FORBIDDEN)
        for name, statement in STATEMENTS.items()
        for how, wrap in {"": _loudly, ", quietly": quietly}.items()
    }
    | {
        f"{name}, by the result's connection": _deed(partial(_connection_of_result, name), WRITING, FORBIDDEN)
        for name in ("execute", "text", "raw")
    }
    | {
        f"{name}, reading": _deed(partial(_read, statement), READING, FAILED, FORBIDDEN)
        for name, statement in STATEMENTS.items()
    }
    | {
        "by the source's connection": _deed(_source_connection, READING, FAILED, FORBIDDEN),
        "by the source's driver": _deed(partial(_source, RAW["an update of accounts"]), READING, FAILED, FORBIDDEN),
        "by the source's driver, COMMIT": _deed(partial(_source, "COMMIT"), READING, FAILED),
    },
    "ends the transaction": {
        f"{name} by SQLAlchemy{how}": _deed(wrap(partial(_connection_of_result, name)), WRITING, FORBIDDEN, ENDED)
        for name in ("commit", "rollback", "begin_nested", "close", "invalidate")
        for how, wrap in {"": _loudly, ", quietly": quietly}.items()
    }
    | {
        f"{name} by a private name": _deed(partial(_private, name), WRITING, FAILED, FORBIDDEN)
        for name in ("commit", "rollback")
    },
    "sends": {
        f"{name}{by}{how}": _deed(wrap(partial(send, words)), (*WRITING, *READING), FORBIDDEN, ENDED, FAILED)
        for name, words in RAW.items()
        for by, send, how, wrap in (("", _send, ", quietly", quietly), (" by a cursor", _send_by_cursor, "", _loudly))
    }
    | {
        f"{name} of the driver{how}": _deed(
            wrap(partial(_call_of_driver, name)), (*WRITING, *READING), FORBIDDEN, ENDED, FAILED
        )
        for name in ("commit", "rollback", "close")
        for how, wrap in {"": _loudly, ", quietly": quietly}.items()
    }
    | {"COMMIT and BEGIN, quietly": _deed(quietly(_commit_and_begin), UNIT, FORBIDDEN, ENDED)},
    "sends below the driver": {
        f"{name}{how}": _deed(wrap(partial(_send_below_the_driver, words)), UNIT, ENDED, FAILED)
        for name, words in {"COMMIT": "COMMIT", "ROLLBACK": "ROLLBACK"}.items()
        for how, wrap in {"": _loudly, ", quietly": quietly}.items()
    }
    | {"ROLLBACK and BEGIN, quietly": _deed(quietly(_rollback_and_begin_below), UNIT, ENDED)},
    "opens threads": {
        "one that writes on": _deed(partial(_later, _writes_on), WRITING, SETTLED, "done"),
        "one that reads on": _deed(partial(_later, _reads_on), READING, SETTLED, "exported"),
        "one that streams on": _deed(partial(_later, _streams_on), READING, SETTLED, "exported"),
    },
    "changes what it is given": {
        "a payload": _deed(partial(_each, _payload), PURE, FAILED),
        "a payload, by update": _deed(partial(_each, _update), PURE, FAILED),
        "a payload, quietly": _deed(quietly(partial(_each, _payload)), PURE, SETTLED),
        "a payload, deeply": _deed(partial(_each, _nested), PURE, FAILED),
        "an amount": _deed(partial(_each, _amount), PURE, FAILED),
        "whose it is, by force": _deed(partial(_each, _by_force), PURE, FAILED),
        "an amount, by force": _deed(partial(_each, _more_lines), PURE, FAILED),
        "the batch": _deed(quietly(_emptied), PURE, SETTLED, FAILED),
        "attributes of a member": _deed(_attributes, PURE, FAILED),
        "the number of a member": _deed(_seq, PURE, FAILED),
        "the list of effects": _deed(quietly(_effects_list), UNIT, SETTLED, FAILED),
        "ids of effects": _deed(_effects_value, UNIT, SETTLED, FAILED),
    },
}
"""Every act, by what kind of act it is."""
