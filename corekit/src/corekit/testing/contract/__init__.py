"""The contract suite: one test for each promise that a plugin makes, on SQLite and on PostgreSQL.

::

    class TestStamps(PluginContract):
        plugin = "stamps"

Each test says in its message what the promise is, what was seen, and what to do. Further promises come with what else
is installed: entry points of ``corekit.promises`` name classes whose tests are added to every contract.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

from corekit.activities.activity import Activity
from corekit.testing.contract.alone import Broken, Company, Frugal
from corekit.testing.contract.declared import Names, SettingsRead
from corekit.testing.contract.history import usual
from corekit.testing.contract.offering import Offering
from corekit.testing.contract.personal import Privacy
from corekit.testing.contract.purity import Pure
from corekit.testing.contract.settled import Crowd, Exact, Fold, Once, SetBased, Time
from corekit.testing.contract.tables import LineageKept
from corekit.testing.house import House

GROUP = "corekit.promises"
"""Entry points of classes with further promises: name = module:class."""


class PluginContract(
    Names,
    LineageKept,
    Company,
    SettingsRead,
    Pure,
    Exact,
    Once,
    Fold,
    Crowd,
    Time,
    SetBased,
    Offering,
    Privacy,
    Frugal,
    Broken,
):
    """What every plugin promises. Subclass it in a test module, and name the plugin.

    ``plugin`` is the name under which it is installed; with ``module`` it is that module instead. What it requires is
    on as well, and so is what ``also`` names. ``program`` is the text of a program file or its path, ``sections`` are
    settings of plugins, by name, and ``settings`` any other key of ``[corekit]``.

    ``kept`` says of tables of the plugin, or of columns of them (``stamps_stock``, ``stamps_won.prize``), why what
    stands there stays when everything is taken back, or when a member is forgotten. ``deviations`` says of promises
    (``{"crowd": "..."}``) why they are not kept: those tests are expected to fail, and the report lists them.
    """

    plugin: ClassVar[str]
    module: ClassVar[ModuleType | None] = None
    also: ClassVar[Sequence[str]] = ()
    program: ClassVar[str | Path | None] = None
    sections: ClassVar[Mapping[str, Any]] = {}
    settings: ClassVar[Mapping[str, Any]] = {}
    kept: ClassVar[Mapping[str, str]] = {}
    deviations: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        """Add the promises that other distributions bring."""
        super().__init_subclass__(**options)
        for point in metadata.entry_points(group=GROUP):
            brought: type = point.load()
            for name, test in vars(brought).items():
                if name.startswith("test_") and not hasattr(cls, name):
                    setattr(cls, name, test)

    def history(self, house: House) -> Iterable[Activity]:
        """Give activities that make the plugin act, in their order, of the members of a house.

        By default each member joins, buys four times, and does once whatever the plugin declares that needs no
        payload. Add what makes the plugin act: ``yield from super().history(house)`` and then its own, made by
        :meth:`House.does`. The same houses must be given the same activities.
        """
        return usual(house)
