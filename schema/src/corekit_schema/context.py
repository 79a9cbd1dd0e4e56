"""What a resolver knows of its request: :class:`Context`, and of its field: :class:`Info`."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cached_property
from threading import Lock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from graphql import FieldNode, GraphQLError, GraphQLField

from corekit.values import maker
from corekit_schema.chart import Chart
from corekit_schema.execution.selection import Fragments, selected_names
from corekit_schema.inputs import ERRORS
from corekit_schema.languages import ENGLISH, Language, Speech
from corekit_schema.scalars import AmountValue
from corekit_schema.viewer import Viewer

if TYPE_CHECKING:
    from corekit import Kit
    from corekit.activities.terms import Terms
    from corekit.db.reader import Reader
    from corekit_schema.execution.together import Together
    from corekit_schema.nodes import NodeLoader

T = TypeVar("T")
_amount = maker(AmountValue)
_NOW = object()
_NOT_MADE, _BEING_MADE = object(), object()


class Interrupted(GraphQLError):
    """The request took too long, or nobody waits for its answer any more."""


class Selected(Protocol):
    """A field as it is selected at one place of an operation."""

    @property
    def type_name(self) -> str:
        """The type that has the field."""
        ...

    @property
    def name(self) -> str:
        """The name of the field."""
        ...

    @property
    def path(self) -> tuple[str, ...]:
        """The response names from the root, without positions in lists."""
        ...

    @property
    def definition(self) -> GraphQLField:
        """The field of the schema."""
        ...

    @property
    def nodes(self) -> Sequence[FieldNode]:
        """Where the operation selects it, under one response name."""
        ...

    @property
    def fragments(self) -> Fragments:
        """The fragments of the operation."""
        ...


class Context:
    """One request: the kit, who asks, the instant, and one snapshot of the database for everything that is read.

    ``nodes`` loads the objects of each type that has ids. ``seconds`` is how long it may take, ``language`` the one
    that the client reads. Use it as a context manager: leaving it ends the snapshot.
    """

    def __init__(
        self,
        kit: Kit,
        viewer: Viewer,
        nodes: Mapping[str, NodeLoader] | None = None,
        seconds: float | None = None,
        *,
        language: Language = "en",
    ) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds
        self._seconds = seconds
        self.is_cancelled = False
        self._snapshot_lock = Lock()
        self.kit = kit
        self.viewer = viewer
        self.nodes = nodes or {}
        self.language: Language = language
        self._snapshot: AbstractContextManager[Reader] | None = None
        self._reader: Reader | None = None
        self._made: dict[Hashable, Any] = {}
        self.together: Together | None = None

    def check(self) -> None:
        """Raise :class:`Interrupted` where the request took too long, or nobody waits for its answer any more."""
        if self.is_cancelled:
            raise Interrupted("Nobody waits for the answer.", extensions={"code": "CANCELLED"})
        if self._until is not None and time.monotonic() > self._until:
            message = f"This took longer than {self._seconds:g} seconds; ask for less at once."
            raise Interrupted(message, extensions={"code": "TOO_SLOW", "limit": self._seconds})

    def cancel(self) -> None:
        """Give up: what the database does for a reading is stopped. Called from another thread, since it may block."""
        with self._snapshot_lock:
            self.is_cancelled = True
            if self._reader is not None:
                self._reader.cancel()

    @property
    def now(self) -> datetime:
        """The instant of the request, by the kit's clock: that of its snapshot."""
        return self.once(_NOW, lambda: self.kit.now(self.read))

    @property
    def read(self) -> Reader:
        """The reader of the request's snapshot, which begins when it is first asked for."""
        if self._reader is None:
            self.check()
            snapshot = self.kit.read()
            reader = snapshot.__enter__()
            self._snapshot = snapshot
            reader.share(self.together)
            with self._snapshot_lock:
                self._reader = reader
            self.check()  # somebody may have given up meanwhile
        return self._reader

    @property
    def terms(self) -> Terms:
        """The terms that hold now, also where another process changed the program: for whoever tells of the program."""
        return self.once("terms", self._terms)

    def _terms(self) -> Terms:
        self.kit.look_again()
        return self.kit.terms()

    @cached_property
    def speech(self) -> Speech:
        """What says sentences in the client's language."""
        own = {text.code: text for text in ERRORS}
        return ENGLISH if self.language == "en" else Speech(self.language, {**self.kit.declared.errors, **own})

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what ``make`` made for this key in this snapshot; several fields can share one read."""
        made = self._made.get(key, _NOT_MADE)
        while made is _BEING_MADE and self.together is not None:  # by another field, which waits for the database
            self.together.wait_for(key)
            made = self._made.get(key, _NOT_MADE)
        if made is _NOT_MADE or made is _BEING_MADE:
            self._made[key] = _BEING_MADE
            try:
                made = self._made[key] = make()
            except BaseException:
                self._made.pop(key, None)
                raise
            finally:
                if self.together is not None:
                    self.together.tell(key)
        found: T = made
        return found

    def run_in(self, together: Together) -> None:
        """Let fields run side by side from now on, in this thread."""
        self.together = together
        if self._reader is not None:
            self._reader.share(together)

    def refresh(self) -> None:
        """End the snapshot and forget the instant, so that what was just written is seen."""
        if self._snapshot_lock.acquire(blocking=False):
            self._reader = None
            self._snapshot_lock.release()
        elif self._reader is not None:  # who cancels its statement must not find another's on the same connection
            self._reader.abandon()
            self._reader = None
        self._made.clear()
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            snapshot.__exit__(None, None, None)

    def amount(self, minor: int, unit: str) -> AmountValue:
        """Return the value of an ``Amount`` field: ``minor`` minor units of a unit."""
        return AmountValue(minor, unit, self.chart.scale(unit))

    def amounts(self, minors: Sequence[int], units: Sequence[str | None]) -> list[AmountValue | None]:
        """Return the values of a column of amounts; None where there is no unit, since then there is no amount."""
        scale = {unit: 0 if unit is None else self.chart.scale(unit) for unit in set(units)}
        each = zip(minors, units, map(scale.__getitem__, units), strict=True)
        if None not in scale:
            return list(map(_amount, each))
        return [None if amount[1] is None else _amount(amount) for amount in each]

    @property
    def chart(self) -> Chart:
        """The units and account kinds: those declared, and those of plugins that are off."""
        return self.once("chart", lambda: Chart(self))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refresh()


class Info:
    """What a resolver knows of its field.

    ``type_name`` and ``field_name`` are names of GraphQL. ``path`` holds the response names from the root, without
    positions in lists.
    """

    __slots__ = ("_memo", "context", "field")

    def __init__(self, context: Context, field: Selected, memo: dict[Hashable, Any]) -> None:
        self.context = context
        self.field = field
        self._memo = memo

    @property
    def type_name(self) -> str:
        """The type that has the field."""
        return self.field.type_name

    @property
    def field_name(self) -> str:
        """The name of the field."""
        return self.field.name

    @property
    def path(self) -> tuple[str, ...]:
        """The response names from the root."""
        return self.field.path

    @property
    def selected(self) -> frozenset[str]:
        """Names of the fields below this one, dotted (``edges``, ``edges.node``, ``edges.node.name``).

        They are names of GraphQL, not aliases, of every type that a fragment names; a field that a directive leaves
        out may be among them. So reads can fetch only what is asked for.
        """
        return self._once("selected", lambda: selected_names(self.field.nodes, self.field.fragments))

    def needs(self, *ways: str) -> frozenset[str] | None:
        """Return the attributes of the field's objects that will be looked at; None where anything may be.

        ``ways`` lead to the objects where they are further down: ``nodes`` and ``edges.node`` of a connection.
        """
        return self._once(ways, lambda: _needed(self.field, ways or ("",)))

    def _once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is the same each time that the operation runs."""
        if key not in self._memo:
            self._memo[key] = make()
        made: T = self._memo[key]
        return made


def _needed(field: Selected, ways: Sequence[str]) -> frozenset[str] | None:
    from corekit_schema.execution.needs import needed  # noqa: PLC0415 - resolvers, which it knows, know Info

    return needed(field.definition, field.nodes, field.fragments, ways)
