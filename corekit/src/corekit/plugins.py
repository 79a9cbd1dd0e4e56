"""Plugins: find those that the settings enable, check that they fit together, put them in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import EntryPoint
from types import ModuleType
from typing import Any, cast

from attrs import evolve, field, frozen
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from corekit import hooks, installed
from corekit.declares import Declares
from corekit.errors import PluginError, SettingsError, reason_of, start_without
from corekit.installed import Distribution
from corekit.settings import Settings, read_section
from corekit.validation import suggest

GROUP = "corekit"
"""The entry points of plugins: name = module."""

RESERVED = ("core", "corekit")
"""What no plugin may be called."""
_UNREAD = ModuleType("unread")


@frozen(kw_only=True, eq=False)
class Plugin:
    """A plugin that is on.

    ``distribution`` and ``version`` say what offers it; a module that was handed over directly has no version.
    ``settings`` is what its schema made of ``[plugins.<name>]``, None without a schema.
    """

    name: str
    module: ModuleType
    distribution: str
    version: str = ""
    declares: Declares = field(factory=Declares)
    settings: Any = None

    @property
    def label(self) -> str:
        """The plugin as an error names it: name, distribution and version."""
        return label_of(self.name, self.distribution, self.version)

    def broken(self, what: str, way: str) -> PluginError:
        """Return the error that says what is wrong with the plugin, how to mend it, and how to start without it."""
        return PluginError(f"{self.label} {what}; {way}, or {start_without(self.name)}", plugin=self.name)


def label_of(name: str, distribution: str, version: str) -> str:
    """Return a plugin as an error names it."""
    return f"plugin {name!r} ({f'{distribution} {version}'.strip()})"


def discover(
    settings: Settings, without: Iterable[str] = (), modules: Mapping[str, ModuleType] | None = None
) -> tuple[Plugin, ...]:
    """Return the plugins that the settings enable, less those ``without``, in the order in which they are asked.

    A plugin comes after those it requires; beyond that the order is by name. ``modules`` are further plugins, by name,
    that no distribution offers. Raises :class:`PluginError` naming both sides and the way out, :class:`SettingsError`
    for what a plugin's own section holds.
    """
    given = dict(modules or {})
    enabled = [*settings.plugins, *(name for name in given if name not in settings.plugins)]
    for name in without:
        if name not in enabled:
            raise PluginError(f"--without {name}: no such plugin is enabled{suggest(name, enabled)}")
    names = [name for name in enabled if name not in without]
    found = find(names, given)
    found = [evolve(plugin, declares=hooks.declare(plugin)) for plugin in found]
    plugins = _ordered(found, without)
    _check_sections(settings, enabled)
    return tuple(evolve(plugin, settings=_own_settings(plugin, settings)) for plugin in plugins)


def find(names: Sequence[str], modules: Mapping[str, ModuleType] | None = None) -> list[Plugin]:
    """Return the named plugins as installed distributions offer them, not yet asked what they declare.

    Refused are a name that nothing offers or that two distributions offer, a module that cannot be imported, and a
    distribution that needs other versions than those that run.
    """
    given = modules or {}
    known = installed.installed()
    offers = _offers(known)
    found: list[Plugin] = []
    for name in names:
        if name in RESERVED:
            raise PluginError(f"no plugin may be called {name!r}: the name is the core's own; rename the plugin")
        if name in given:
            found.append(Plugin(name=name, module=given[name], distribution=f"module {given[name].__name__}"))
            continue
        sides = offers.get(name, [])
        if not sides:
            said = f"plugin {name!r} is enabled but not installed{suggest(name, offers)}"
            way = f"install its distribution, take {name!r} off the list of plugins in corekit.toml"
            raise PluginError(f"{said}; {way}, or {start_without(name)}", plugin=name)
        if len(sides) > 1:
            both = " and by ".join(f"{side.name} {side.version}" for _, side in sides)
            way = f"uninstall all but one, or {start_without(name)}"
            raise PluginError(f"plugin {name!r} is offered by {both}; {way}", plugin=name)
        found.append(_load(name, *sides[0], known))
    return found


def offered() -> dict[str, list[Distribution]]:
    """Return the plugins that are installed, by name, each with the distributions that offer it."""
    return {
        name: [distribution for _, distribution in sides]
        for name, sides in sorted(_offers(installed.installed()).items())
    }


def _offers(known: Mapping[str, Distribution]) -> dict[str, list[tuple[EntryPoint, Distribution]]]:
    """Return who offers which plugin."""
    offers: dict[str, list[tuple[EntryPoint, Distribution]]] = {}
    for point, distribution in sorted(installed.points(GROUP, known), key=lambda side: canonicalize_name(side[1].name)):
        offers.setdefault(point.name, []).append((point, distribution))
    return offers


def _load(name: str, point: EntryPoint, distribution: Distribution, known: Mapping[str, Distribution]) -> Plugin:
    plugin = Plugin(name=name, module=_UNREAD, distribution=distribution.name, version=distribution.version)
    for text in distribution.requires:
        _check_version(plugin, Requirement(text), known)
    try:
        module = point.load()
    except KeyboardInterrupt:  # whoever waits for it has had enough
        raise
    except BaseException as error:
        raise plugin.broken(f"cannot be imported ({reason_of(error)})", "repair the installation") from error
    return evolve(plugin, module=module)


def _check_version(plugin: Plugin, requirement: Requirement, known: Mapping[str, Distribution]) -> None:
    """Refuse a distribution whose requirement on corekit, or on what belongs to it, is not what runs.

    An extra's requirement counts if what it asks for is installed: then the plugin will use it. What is missing beyond
    corekit is said by the import.
    """
    other = known.get(canonicalize_name(requirement.name))
    if other is not None and not requirement.specifier.contains(other.version, prereleases=True):
        needs = f"{requirement.name}{requirement.specifier}"
        way = f"install a version of one of them that fits the other (pip install '{needs}' says whether there is)"
        raise plugin.broken(f"needs {needs}, but {other.name} {other.version} runs", way)


def _ordered(found: Iterable[Plugin], without: Iterable[str]) -> list[Plugin]:
    waiting = {plugin.name: plugin for plugin in sorted(found, key=lambda plugin: plugin.name)}
    left_out = set(without)
    for plugin in waiting.values():
        for name in plugin.declares.requires:
            if name not in waiting:
                state = "left out by --without" if name in left_out else "not enabled"
                way = f"add {name!r} to the plugins in corekit.toml, take {plugin.name!r} off"
                near = suggest(name, waiting)
                raise plugin.broken(f"requires plugin {name!r}, which is {state}{near}", way)
    order: list[Plugin] = []
    done: set[str] = set()
    while waiting:
        ready = next((plugin for plugin in waiting.values() if done.issuperset(plugin.declares.requires)), None)
        if ready is None:
            raise _circle(waiting)
        order.append(waiting.pop(ready.name))
        done.add(ready.name)
    return order


def _circle(waiting: Mapping[str, Plugin]) -> PluginError:
    """Return the error that names a circle of requirements, given plugins that all wait for one another."""
    walk = [next(iter(waiting.values()))]
    while True:
        following = next(waiting[name] for name in walk[-1].declares.requires if name in waiting)
        if following in walk:
            circle = walk[walk.index(following) :]
            said = ", and ".join(
                f"{plugin.label} requires {other.name!r}"
                for plugin, other in zip(circle, [*circle[1:], circle[0]], strict=True)
            )
            way = start_without(*(plugin.name for plugin in circle))
            return PluginError(f"{said}; one of them must do without the other, or {way}")
        walk.append(following)


def _check_sections(settings: Settings, enabled: Sequence[str]) -> None:
    """Refuse a section of a plugin that nothing knows; that of a plugin which is off may stay."""
    unknown = [name for name in settings.sections if name not in enabled]
    if unknown:
        known = {*enabled, *_offers(installed.installed())}
        for name in unknown:
            if name not in known:
                raise PluginError(
                    f"corekit.toml has a section [plugins.{name}], but no plugin of that name is enabled or installed"
                    f"{suggest(name, known)}; remove or rename the section"
                )


def _own_settings(plugin: Plugin, settings: Settings) -> Any:
    section = settings.sections.get(plugin.name, {})
    if plugin.declares.settings is None:
        if section:
            said = f"corekit.toml has a section [plugins.{plugin.name}], but {plugin.label} has no settings"
            raise PluginError(f"{said}; remove the section, or {start_without(plugin.name)}", plugin=plugin.name)
        return None
    try:
        return read_section(plugin.declares.settings(), cast("Any", section), ("plugins", plugin.name))
    except SettingsError as error:
        way = f"correct what {plugin.label} is told, or {start_without(plugin.name)}"
        raise SettingsError(f"{error.message}; {way}", plugin=plugin.name, **error.parameters) from None
    except Exception as error:
        raise plugin.broken(f"cannot read its settings ({reason_of(error)})", "repair it") from error
