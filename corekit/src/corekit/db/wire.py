"""Prepared statements straight on libpq: for few rows a cursor's machinery costs more than the server does.

Parameters travel as text; results are read by the type that the server names. Every statement is prepared once per
connection, unless the connection says that it may not prepare (behind a pooler that shares connections).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, Protocol
from weakref import WeakKeyDictionary

import orjson
import psycopg
from psycopg import errors, generators
from psycopg.pq import ConnStatus, ExecStatus, PipelineStatus, TransactionStatus

from corekit.db.guard import check_kernel
from corekit.db.waiting import here

MOST_PREPARED = 512
"""Statements that a connection keeps prepared."""
_NUMBERS = count()
_CLOCK = "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
_DONE = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
_SYNC = ExecStatus.PIPELINE_SYNC
Decoder = Callable[[bytes], Any]
_PREPARED: WeakKeyDictionary[psycopg.Connection[Any], dict[str, bytes]] = WeakKeyDictionary()
_READ: dict[str, tuple[Decoder, ...]] = {}
"""How the columns of a statement's result are read: that follows from its text."""
_DECODERS: dict[int, Decoder] = {
    16: lambda value: value == b"t",  # boolean
    20: int,  # bigint
    21: int,  # smallint
    23: int,  # integer
    114: orjson.loads,  # json
    3802: orjson.loads,  # jsonb
}
Parameter = str | bytes | int | None


class Others(Protocol):
    """Who reads on the same connection side by side, in the same thread."""

    running: bool
    """Whether there is anybody now."""

    def pause(self) -> object:
        """Let them run until the answers to all that was sent before are there."""
        ...


class Wire:
    """Runs statements with ``$1`` parameters on one connection, and returns whole results."""

    def __init__(self, connection: psycopg.Connection[Any], *, prepare: bool = True) -> None:
        self._connection = connection
        self._prepares = prepare and connection.prepare_threshold is not None
        self._pgconn = connection.pgconn
        self._prepared = _PREPARED.setdefault(connection, {})
        self._beginning: bytes | None = None
        self._instant: int | None = None
        self._announced: list[str] = []
        self.in_flight = 0
        """Statements that were sent and whose answers nobody has asked for yet."""
        self.others: Others | None = None
        """Who else may send something between the two."""

    def begin(self, text: bytes) -> None:
        """Begin a transaction with the first statement that is run: each wait costs as much as a small statement."""
        with suppress(psycopg.OperationalError):  # where it is lost, the first statement will say so
            while self._result() is not None:
                pass  # the end of the last one, for which nobody waited
        self._beginning = text
        self._instant = None

    def instant(self) -> int:
        """Return when the transaction began, by the server's clock; that comes with the first statement's result."""
        if self._instant is None:
            self._instant = int(self.rows(_CLOCK, ())[0][0])
        return self._instant

    def start(self) -> None:
        """Begin at once what was to begin with the first statement."""
        if self._beginning is not None:
            text, self._beginning = self._beginning, None
            self.control(text)

    def leave(self) -> None:
        """End a transaction in which nothing was written, and do not wait for the server to say so."""
        pgconn = self._pgconn
        if pgconn.pipeline_status != PipelineStatus.OFF or pgconn.transaction_status == TransactionStatus.ACTIVE:
            self._connection.close()  # somebody was stopped who would have asked
        elif self._beginning is None:
            pgconn.send_query(b"ROLLBACK")
        self._beginning = None

    def rows(self, text: str, parameters: Sequence[Parameter]) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows. Raises what psycopg raises."""
        return self._read(text, self._run(text, parameters))

    def document(self, text: str, parameters: Sequence[Parameter]) -> Any:
        """Run a statement that returns one JSON value, and return that. Raises what psycopg raises."""
        result = self._run(text, parameters)
        if result.status != ExecStatus.TUPLES_OK:
            self._fail(result)
        return orjson.loads(result.get_value(0, 0))

    def _run(self, text: str, parameters: Sequence[Parameter]) -> Any:
        """Run a statement and return its result: with the beginning of a transaction, or with what others send."""
        check_kernel()
        if self._beginning is not None:
            return self._run_first(self._beginning, text, parameters)
        others = self.others
        if here.wait is not None or (others is not None and others.running):
            self._send_on(text, parameters)
            if others is not None:
                others.pause()
            return self._answers()[-1]
        if not self._prepares:
            return self._pgconn.exec_params(text.encode(), _encoded(parameters))
        return self._pgconn.exec_prepared(self._prepared.get(text) or self._prepare(text), _encoded(parameters))

    def _run_first(self, begin: bytes, text: str, parameters: Sequence[Parameter]) -> Any:
        """Begin, ask for the time, and run a statement, all in one message; return the statement's result."""
        self._beginning = None
        self._pgconn.enter_pipeline_mode()
        self._pgconn.send_query_params(begin, None)
        self._add(_CLOCK, ())
        self._send_on(text, parameters)
        found = self._answers()
        if len(found) > 1:
            clock = next(each for each in found if each.status == ExecStatus.TUPLES_OK)
            self._instant = int(clock.get_value(0, 0))
        return found[-1]

    def _send_on(self, text: str, parameters: Sequence[Parameter]) -> None:
        """Send a statement behind those whose answers are still to come."""
        if self._pgconn.pipeline_status == PipelineStatus.OFF:
            self._pgconn.enter_pipeline_mode()
        self._add(text, parameters)
        self._pgconn.pipeline_sync()
        self.in_flight += 1

    def _add(self, text: str, parameters: Sequence[Parameter]) -> None:
        """Add a statement to a message, and before it what prepares it."""
        pgconn = self._pgconn
        if not self._prepares:
            pgconn.send_query_params(text.encode(), _encoded(parameters))
            return
        name = self._prepared.get(text)
        if name is None:
            name = self._new_name(lambda old: pgconn.send_query_params(b"DEALLOCATE " + old, None))
            pgconn.send_prepare(name, text.encode())
            self._prepared[text] = name
            self._announced.append(text)
        pgconn.send_query_prepared(name, _encoded(parameters))

    def _answers(self) -> list[Any]:
        """Return the results of the first message whose answers are still to come; the one that failed alone."""
        found: list[Any] = []
        with suppress(psycopg.OperationalError):
            while True:
                result = self._result()
                if result is None:
                    if self._pgconn.status != ConnStatus.OK:
                        break
                elif result.status == _SYNC:
                    return self._answered(found)
                else:
                    found.append(result)
        self.in_flight = 0  # nothing more will come
        raise psycopg.OperationalError("the connection is lost")

    def _answered(self, found: list[Any]) -> list[Any]:
        self.in_flight -= 1
        failed = [each for each in found if each.status not in _DONE]
        if failed:  # whatever was to be prepared may not be
            for text in self._announced:
                self._prepared.pop(text, None)
        if not self.in_flight:
            self._pgconn.exit_pipeline_mode()
            self._announced.clear()
        return failed[:1] or found

    def _read(self, text: str, result: Any) -> list[tuple[Any, ...]]:
        if result.status == ExecStatus.COMMAND_OK:
            return []
        if result.status != ExecStatus.TUPLES_OK:
            self._fail(result)
        decoders = _READ.get(text)
        if decoders is None:
            types = map(result.ftype, range(result.nfields))
            decoders = _READ[text] = tuple(_DECODERS.get(type_, bytes.decode) for type_ in types)
        get = result.get_value
        return [
            tuple(
                [
                    None if (value := get(row, column)) is None else decode(value)
                    for column, decode in enumerate(decoders)
                ]
            )
            for row in range(result.ntuples)
        ]

    def send(self, text: str, parameters: Sequence[Parameter]) -> None:
        """Let the server begin with a statement; :meth:`received` returns its rows. Raises what psycopg raises."""
        check_kernel()
        if not self._prepares:
            self._pgconn.send_query_params(text.encode(), _encoded(parameters))
        else:
            self._pgconn.send_query_prepared(self._prepared.get(text) or self._prepare(text), _encoded(parameters))

    def send_copy(self, text: str, rows: bytes) -> None:
        """Send a ``COPY ... FROM STDIN`` with rows in its text format, which the server takes in meanwhile."""
        result = self._pgconn.exec_(text.encode())
        if result.status != ExecStatus.COPY_IN:
            self._fail(result)
        self._pgconn.put_copy_data(rows)
        self._pgconn.put_copy_end()

    def received(self, text: str = "") -> list[tuple[Any, ...]]:
        """Wait for what was sent, and return the rows of a statement. Raises what psycopg raises."""
        rows: list[tuple[Any, ...]] = []
        while (result := self._result()) is not None:
            rows += self._read(text, result)
        return rows

    def _result(self) -> Any:
        """Return the next result of what was sent, once it is there; None where there is no more.

        Asked for before that, libpq waits, and the interpreter with it: no other thread would run meanwhile.
        """
        pgconn = self._pgconn
        if not pgconn.is_busy():
            return pgconn.get_result()
        if pgconn.flush():  # more was sent than the server has taken so far
            self._connection.wait(generators.send(pgconn))
        pgconn.consume_input()  # to wait for what has come costs ten times as much as to read it
        return self._connection.wait(generators.fetch(pgconn)) if pgconn.is_busy() else pgconn.get_result()

    def control(self, text: bytes) -> None:
        """Begin, commit or roll back."""
        check_kernel()
        result = self._pgconn.exec_(text) if here.wait is None else self._executed(text)
        if result.status != ExecStatus.COMMAND_OK:
            self._fail(result)
        if text.endswith(b"COMMIT") and result.command_status == b"ROLLBACK":
            message = "the transaction had failed before it was committed"
            raise errors.InFailedSqlTransaction(message)

    def _executed(self, text: bytes) -> Any:
        """Return the result of a command, without blocking."""
        self._pgconn.send_query(text)
        found = None
        while (result := self._result()) is not None:
            found = result
        return found

    @property
    def in_transaction(self) -> bool:
        """Whether a transaction is open; a lost connection has none."""
        return self._pgconn.transaction_status not in {TransactionStatus.IDLE, TransactionStatus.UNKNOWN}

    def _prepare(self, text: str) -> bytes:
        name = self._new_name(lambda old: self.control(b"DEALLOCATE " + old))
        result = self._pgconn.prepare(name, text.encode())
        if result.status != ExecStatus.COMMAND_OK:
            self._fail(result)
        self._prepared[text] = name
        return name

    def _new_name(self, deallocate: Callable[[bytes], object]) -> bytes:
        """Return a name for a statement, in place of the one that was prepared first where there are too many."""
        if len(self._prepared) >= MOST_PREPARED:
            deallocate(self._prepared.pop(next(iter(self._prepared))))
        return b"corekit_%d" % next(_NUMBERS)

    def _fail(self, result: Any) -> None:
        error = errors.error_from_result(result)
        if isinstance(error, errors.InvalidSqlStatementName | errors.DuplicatePreparedStatement):
            # Somebody deallocated what was prepared: another connection starts afresh.
            self._connection.close()
        if self._connection.closed:  # what is said of a lost connection has no code of its own
            raise psycopg.OperationalError("the connection is lost") from error
        raise error


def _encoded(parameters: Sequence[Parameter]) -> list[Any]:
    """Write parameters as text; more than a hundred go with a purchase, so their types are looked at cheaply."""
    return [
        value
        if value is None
        else value.encode()
        if type(value) is str
        else str(value).encode()
        if type(value) is int
        else _encoded_otherwise(value)
        for value in parameters
    ]


def _encoded_otherwise(value: Parameter) -> Any:
    """Write what is bytes already, or of a type that is a kind of text or number, such as a boolean."""
    return value.encode() if isinstance(value, str) else b"%d" % value if isinstance(value, int) else value


def array(values: Sequence[str]) -> str:
    """Return texts as PostgreSQL writes an array of them."""
    return "{" + ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values) + "}"
