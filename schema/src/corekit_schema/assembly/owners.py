"""Who brought what: the owner of each type and field, and every problem found on the way."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from attrs import define, field
from graphene.utils.str_converters import to_camel_case

from corekit.errors import start_without
from corekit_schema.graph import Graph

CORE = "core"
"""The owner of what corekit_schema itself brings."""

_SHARED = ("corekit_schema", "graphene")
"""Packages whose types anybody may use, and nobody but the core owns."""


@define
class Owners:
    """The plugins' graphs by name of plugin, the owners of types and fields, and the problems found so far.

    ``labels`` name plugins as errors do; ``blamed`` are those who have to mend the problems. A type belongs to
    whoever's field first led to it, unless it stands in a package that all share.
    """

    graphs: Mapping[str, Graph]
    labels: Mapping[str, str] = field(factory=dict[str, str])
    types: dict[str, str] = field(factory=dict[str, str])
    fields: dict[tuple[str, str], str] = field(factory=dict[tuple[str, str], str])
    problems: list[str] = field(factory=list[str])
    blamed: set[str] = field(factory=set[str])
    current: str = CORE

    @contextmanager
    def acting(self, owner: str) -> Generator[None]:
        """Count what is met inside as brought by an owner."""
        before, self.current = self.current, owner
        try:
            yield
        except Exception:
            self.blame(self.current)
            raise
        finally:
            self.current = before

    def meet(self, type_: type) -> str:
        """Return who brings a type that is met now."""
        return CORE if type_.__module__.partition(".")[0] in _SHARED else self.current

    def extensions(self, type_: type) -> Iterator[tuple[str, Any]]:
        """Yield what plugins add to a type, with their names, in the order of the plugins."""
        for owner, graph in self.graphs.items():
            if type_ in graph.extends:
                yield owner, graph.extends[type_]

    def claim(self, type_name: str, name: str, owner: str, place: str) -> bool:
        """Note who brings a field; False, and a problem, where the type has such a field already."""
        holder = self.fields.get((type_name, name))
        if holder is not None:
            self.problem(owner, f"field {type_name}.{name} is brought by both {holder} and {owner} ({place})")
            return False
        self.fields[type_name, name] = owner
        return True

    def problem(self, owner: str, message: str) -> None:
        """Note a problem, once, and who has to mend it."""
        self.blame(owner)
        if message not in self.problems:
            self.problems.append(message)

    def blame(self, owner: str) -> None:
        """Note who has to mend something; the core is never to be left out."""
        if owner != CORE:
            self.blamed.add(owner)

    @property
    def way(self) -> str:
        """Who has to mend the problems, and how the rest starts; where nobody is to blame, anybody may be."""
        blamed = [name for name in self.graphs if name in self.blamed] or list(self.graphs)
        labels = " and ".join(self.labels.get(name, f"plugin {name!r}") for name in blamed)
        return f"; repair {labels}, or {start_without(*blamed)}" if blamed else ""


def begins_with(name: str, plugin: str) -> bool:
    """Say whether a GraphQL name begins with the whole name of a plugin: ``pointsAdjust``, not ``pointsman``."""
    prefix = to_camel_case(plugin).lower()
    rest = name[len(prefix) :]
    return name.lower().startswith(prefix) and not (rest[:1].islower())


def where(type_: type) -> str:
    """Say where a class is written."""
    return f"{type_.__module__}.{type_.__qualname__}"
