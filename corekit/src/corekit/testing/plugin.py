"""The pytest plugin: databases, clocks and kits for tests.

Every test that takes ``url``, ``database``, ``kit`` or ``make_kit`` runs on SQLite and on PostgreSQL. To run one on a
single database, say ``@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)``. The setting ``corekit_plugins``
of pytest lists the plugins that are on in ``kit``.
"""

# pytest loads this module in every project where corekit is installed, so it imports nothing that costs.
from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

if TYPE_CHECKING:
    from types import ModuleType

    from corekit.clock import Clock
    from corekit.db.engine import Database
    from corekit.kit import Entropy, Kit
    from corekit.testing.backends import Backend
    from corekit.testing.clock import SettableClock
    from corekit.testing.contract.trial import Trial
    from corekit.testing.recorder import Recorder

_PLUGINS = "corekit_plugins"
_DEVIATIONS: pytest.StashKey[set[tuple[str, str, str]]] = pytest.StashKey()

__all__ = ["MakeKit"]


class MakeKit(Protocol):
    """Makes a kit on a migrated database of its own.

    ``plugins`` are installed ones, ``modules`` further ones by name, ``program`` is the text of a program file or its
    path, ``clock`` another clock than the ``clock`` fixture, ``entropy`` another source of randomness than the
    system's, ``sections`` the settings of plugins, and ``settings`` any other key of ``[corekit]``. With ``database``
    the kit opens an existing database, such as that of another kit.
    """

    def __call__(
        self,
        plugins: list[str] = ...,
        *,
        modules: Mapping[str, ModuleType] | None = ...,
        program: str | Path | None = ...,
        clock: Clock | None = ...,
        entropy: Entropy | None = ...,
        sections: Mapping[str, Any] | None = ...,
        **settings: Any,
    ) -> Kit:
        """Make the kit."""
        ...


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the setting."""
    parser.addini(_PLUGINS, "The plugins that are on in the fixture kit.", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Prepare for what contracts deviate in."""
    config.stash[_DEVIATIONS] = set()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Expect of promises from which a contract deviates that they are broken."""
    for item in items:
        contract: Any = getattr(item, "cls", None)
        deviations: Mapping[str, str] = getattr(contract, "deviations", {})
        promise = getattr(item, "originalname", "").removeprefix("test_")
        if promise in deviations and hasattr(contract, "plugin"):
            item.add_marker(pytest.mark.xfail(reason=deviations[promise], strict=True))
            config.stash[_DEVIATIONS].add((contract.plugin, promise, deviations[promise]))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """List what contracts deviate in, and why."""
    if found := config.stash[_DEVIATIONS]:
        terminalreporter.section("deviations from the plugin contract")
        for plugin, promise, reason in sorted(found):
            terminalreporter.line(f"{plugin}: {promise}: {reason}")


@pytest.fixture(params=["sqlite", "postgresql"])
def dialect(request: pytest.FixtureRequest) -> str:
    """The database that the test runs on."""
    return str(request.param)


@pytest.fixture(scope="session")
def corekit_backends() -> Iterator[dict[str, Backend]]:
    """The servers of this process, each started when it is first wanted."""
    backends: dict[str, Backend] = {}
    yield backends
    for backend in backends.values():
        backend.close()


@pytest.fixture
def backend(dialect: str, corekit_backends: dict[str, Backend]) -> Backend:
    """Where the databases of the test come from."""
    from corekit.testing.backends import PostgreSQLBackend, SQLiteBackend

    if dialect not in corekit_backends:
        corekit_backends[dialect] = SQLiteBackend() if dialect == "sqlite" else PostgreSQLBackend()
    return corekit_backends[dialect]


@pytest.fixture
def empty_url(backend: Backend) -> Iterator[str]:
    """The URL of a database without tables."""
    url = backend.empty()
    yield url
    backend.drop(url)


@pytest.fixture
def url(backend: Backend) -> Iterator[str]:
    """The URL of a database with the tables of the core."""
    from corekit.db.lineage import core

    url = backend.migrated([core()])
    yield url
    backend.drop(url)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """A database with the tables of the core."""
    from corekit.db.engine import Database

    database = Database(url)
    yield database
    database.close()


@pytest.fixture
def clock() -> SettableClock:
    """A clock that stands still until the test moves it."""
    from corekit.testing.clock import SettableClock

    return SettableClock()


@pytest.fixture
def make_kit(backend: Backend, clock: SettableClock, tmp_path: Path) -> Iterator[MakeKit]:
    """Make kits for the test, each on a database of its own; they are closed after it."""
    from corekit.db.lineage import lineages
    from corekit.kit import Kit
    from corekit.plugins import discover
    from corekit.settings import Settings

    kits: list[Kit] = []
    urls: list[str] = []
    own_clock = clock

    def make(
        plugins: list[str] | None = None,
        *,
        modules: Mapping[str, ModuleType] | None = None,
        program: str | Path | None = None,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
        sections: Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Kit:
        settings["plugins"] = plugins or []
        if "database" not in settings:
            found = discover(Settings.of(sections=sections, **settings), modules=modules)
            urls.append(backend.migrated(lineages(found)))
            settings["database"] = urls[-1]
        chosen = Settings.of(sections=sections, **settings)
        kit = Kit(chosen, clock=clock or own_clock, entropy=entropy, modules=modules)
        kits.append(kit)
        kit.upgrade()
        if program is not None:
            from corekit.program import apply

            file = program if isinstance(program, Path) else tmp_path / "program.toml"
            if isinstance(program, str):
                file.write_text(program, encoding="utf-8")
            apply(kit, file)
        return kit

    yield make
    for kit in kits:
        kit.close()
    for url in urls:
        backend.drop(url)


@pytest.fixture
def kit(make_kit: MakeKit, request: pytest.FixtureRequest) -> Kit:
    """A kit with the plugins that pytest's setting ``corekit_plugins`` lists, by default none."""
    plugins: list[str] = request.config.getini(_PLUGINS)
    return make_kit(plugins)


@pytest.fixture
def member(kit: Kit) -> str:
    """The id of a member of ``kit``."""
    from corekit.activities.activity import Activity

    return kit.record(Activity(type="member.registered")).member


@pytest.fixture
def recorder(kit: Kit) -> Iterator[Recorder]:
    """What the plugins of ``kit`` are asked and answer, and how many statements they send."""
    from corekit.testing.recorder import recording

    with recording(kit) as recorder:
        yield recorder


@pytest.fixture
def contract(request: pytest.FixtureRequest, make_kit: MakeKit, clock: SettableClock) -> Trial:
    """What a test of a :class:`corekit.testing.PluginContract` works with."""
    from corekit.testing.contract.trial import Trial

    test: Any = request.instance
    return Trial(test, make_kit, clock)
