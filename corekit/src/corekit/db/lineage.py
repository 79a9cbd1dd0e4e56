"""Lineages: the migrations of one owner, its tables, and the version table that says how far they went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from graphlib import CycleError, TopologicalSorter
from importlib import import_module
from typing import TYPE_CHECKING

from attrs import evolve, field, frozen
from sqlalchemy import MetaData

from corekit.db.base import metadata
from corekit.errors import PluginError
from corekit.migrations.guards import GUARDS, Guard

if TYPE_CHECKING:
    from corekit.plugins import Plugin

CORE = "core"
"""The owner of corekit's own tables."""

ROOMS = ("members", "ledger", "activities", "tiers", "program", "outbox", "jobs", "audit", "suspension")
"""Where the core's tables are declared."""

VERSION_TABLE = "_alembic_version"


@frozen(kw_only=True)
class Lineage:
    """The migrations of one owner.

    ``owner`` is ``core`` or the plugin's name, and the prefix of its tables. The scripts stand in
    ``<package>/migrations/versions``. ``after`` names other owners whose tables the owner's refer to (the core's always
    come first). ``guards`` protect tables that only grow; they are set up anew after each migration. ``label`` is how
    errors name the owner; corekit fills it in.
    """

    owner: str
    package: str
    metadata: MetaData = field(repr=False)
    after: Sequence[str] = ()
    guards: Sequence[Guard] = ()
    label: str = field(default="", repr=False)

    @property
    def named(self) -> str:
        """The owner as an error names it."""
        return self.label or repr(self.owner)

    @property
    def version_table(self) -> str:
        """The table that holds the owner's revision."""
        return f"{self.owner}{VERSION_TABLE}"


def core() -> Lineage:
    """Return the core's own lineage, with every table of the core."""
    for room in ROOMS:
        import_module(f"corekit.{room}.tables")
    return Lineage(owner=CORE, package="corekit", metadata=metadata, guards=GUARDS)


def lineages(plugins: Iterable[Plugin]) -> list[Lineage]:
    """Return the lineages of the core and of plugins, in the plugins' order."""
    own = ((plugin.declares.lineage, plugin.label) for plugin in plugins)
    return [core(), *(evolve(lineage, label=label) for lineage, label in own if lineage is not None)]


def ordered(lineages: Iterable[Lineage]) -> list[Lineage]:
    """Return lineages so that each comes after those whose tables it refers to, the core's first."""
    by_owner = {lineage.owner: lineage for lineage in lineages}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for owner in sorted(by_owner):
        first = () if owner == CORE else (CORE,)
        sorter.add(owner, *(other for other in (*first, *by_owner[owner].after) if other in by_owner))
    try:
        return [by_owner[owner] for owner in sorter.static_order()]
    except CycleError as error:
        circle = " -> ".join(error.args[1])
        raise PluginError(f"the tables of these plugins refer to each other: {circle}; break the circle") from None


def owner_of(table: str, owners: Iterable[str]) -> str | None:
    """Return whose table it is: the longest of ``owners`` that its name begins with."""
    fitting = (owner for owner in owners if table.startswith(f"{owner}_"))
    return max(fitting, key=len, default=None)
