"""The hooks: one typed method for each, and the only place that touches pluggy's manager."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import metadata
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import pluggy

from corekit import hookspecs
from corekit.activities.effects import Effect
from corekit.declares import Declares
from corekit.deprecations import warn_plugin
from corekit.errors import PluginError, PluginRaised, Refusal, reason_of
from corekit.validation import suggest

if TYPE_CHECKING:
    from corekit.activities.activity import Batch
    from corekit.activities.enrolment import Applicant
    from corekit.activities.facts import Facts
    from corekit.activities.plugin_write import PluginWrite
    from corekit.db.reader import Reader
    from corekit.outbox.event import Event
    from corekit.plugins import Plugin

SPECS_GROUP = "corekit.specs"
"""Entry points of modules with hook specifications; they count whenever their distribution is installed."""


class Hooks:
    """The hooks of the plugins that are on, called in the plugins' order."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        """Register the plugins; :class:`PluginError` for a hook that is misspelt or takes what it is not given."""
        self._plugins = tuple(plugins)
        brought = [(plugin.label, module) for plugin in plugins for module in plugin.declares.specs]
        self._manager = _manager([*_installed_specs(), *brought])
        for plugin in plugins:
            for module in plugin.declares.specs:
                _check_brought(plugin, module)
        for plugin in reversed(plugins):  # pluggy calls the last first
            _check(self._manager, plugin)
            self._manager.register(plugin.module, plugin.name)
            if not self.names(plugin.name):
                way = "let the entry point name the module that has them, and mark each with @hookimpl"
                raise plugin.broken(f"has no hook in the module {plugin.module.__name__}", way)
            warn_plugin(plugin)
        self._manager.check_pending()
        self._functions: dict[str, dict[str, tuple[Callable[..., Any] | None, Sequence[str]]]] = {}
        self.preparing = self._implementing("corekit_prepare")
        """The plugins that prepare, in order."""
        self.reacting = self._implementing("corekit_react")
        """The plugins that react, in order."""
        self.happening = self._implementing("corekit_happened")
        """The plugins that are told what happened, in order."""
        self.vetoing = self._implementing("corekit_may_enrol")
        """The plugins that have a say in who becomes a member, in order."""

    def prepare(self, batch: Batch, reader: Reader, facts: Callable[[Plugin], Facts]) -> dict[str, Mapping[str, Any]]:
        """Return what each preparing plugin returns for the members of the batch: {plugin: {member id: value}}.

        Raises :class:`PluginRaised` that names the plugin.
        """
        prepared: dict[str, Mapping[str, Any]] = {}
        for plugin in self.preparing:
            try:
                told = {"batch": batch, "read": reader, "facts": facts(plugin)}
                answer = self.call("corekit_prepare", plugin, told)
            except Exception as error:
                raise _raised(plugin, "corekit_prepare", error) from error
            if answer is not None and not isinstance(answer, Mapping):
                raise _raised(plugin, "corekit_prepare", TypeError(f"{answer!r} is no mapping of member id to value"))
            prepared[plugin.name] = cast("Mapping[str, Any]", answer or {})
        return prepared

    def react(self, plugin: Plugin, batch: Batch, facts: Facts) -> list[Effect]:
        """Return the effects that one plugin yields for the batch, as yielded.

        A :class:`Refusal` passes; anything else that the plugin raises becomes :class:`PluginRaised`.
        """
        try:
            answer = self.call("corekit_react", plugin, {"batch": batch, "facts": facts})
            effects: list[Effect] = list(answer) if answer is not None else []
        except Refusal:
            raise
        except Exception as error:
            raise _raised(plugin, "corekit_react", error) from error
        for effect in effects:
            if not isinstance(effect, Effect):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise _raised(plugin, "corekit_react", TypeError(f"{effect!r} is no effect"))
        return effects

    def happened(self, plugin: Plugin, event: Event) -> None:
        """Tell one plugin what happened; :class:`PluginRaised` that names it where it raises."""
        try:
            self.call("corekit_happened", plugin, {"event": event})
        except Exception as error:
            raise _raised(plugin, "corekit_happened", error) from error

    def may_enrol(self, plugin: Plugin, applicant: Applicant, facts: Facts) -> Refusal | None:
        """Return why one plugin does not let somebody become a member, or None; a Refusal may be raised as well.

        Anything else that the plugin raises, or returns, becomes :class:`PluginRaised`.
        """
        try:
            answer = self.call("corekit_may_enrol", plugin, {"applicant": applicant, "facts": facts})
        except Refusal as refusal:
            return refusal
        except Exception as error:
            raise _raised(plugin, "corekit_may_enrol", error) from error
        if answer is not None and not isinstance(answer, Refusal):
            raise _raised(plugin, "corekit_may_enrol", TypeError(f"{answer!r} is no Refusal"))
        return answer

    def export(self, member: str, read: Reader) -> dict[str, Any]:
        """Return what each plugin knows of a member: {plugin: document}.

        Raises :class:`PluginRaised` that names the plugin.
        """
        found: dict[str, Any] = {}
        for plugin in self._implementing("corekit_export"):
            try:
                document = self.call("corekit_export", plugin, {"member": member, "read": read})
            except Exception as error:
                raise _raised(plugin, "corekit_export", error) from error
            if document is not None:
                found[plugin.name] = document
        return found

    @property
    def erasing(self) -> tuple[Plugin, ...]:
        """The plugins that erase what they know of a member, in order."""
        return self._implementing("corekit_erase")

    def erase(self, plugin: Plugin, member: str, write: PluginWrite) -> None:
        """Let one plugin erase what it knows of a member; what it raises becomes :class:`PluginRaised`."""
        try:
            self.call("corekit_erase", plugin, {"member": member, "write": write})
        except Exception as error:
            raise _raised(plugin, "corekit_erase", error) from error

    def each(self, name: str, **arguments: Any) -> list[tuple[str, Any]]:
        """Call a hook of a specification that another distribution brings; return (plugin, result) in order.

        What a plugin raises becomes a :class:`PluginError` that names it.
        """
        results: list[tuple[str, Any]] = []
        for plugin in self._implementing(name):
            try:
                results.append((plugin.name, self.call(name, plugin, arguments)))
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raise plugin.broken(f"raised in {name}: {reason_of(error)}", "repair it") from error
        return results

    def first(self, name: str, **arguments: Any) -> Any:
        """Call a hook until a plugin answers other than None, and return that; None where nobody does."""
        for plugin in self._implementing(name):
            answer = self.call(name, plugin, arguments)
            if answer is not None:
                return answer
        return None

    def names(self, plugin: str) -> list[str]:
        """Return the names of the hooks that a plugin implements, sorted."""
        callers = self._manager.get_hookcallers(self._manager.get_plugin(plugin)) or []
        return sorted(caller.name for caller in callers)

    def _implementing(self, hook: str) -> tuple[Plugin, ...]:
        caller = getattr(self._manager.hook, hook, None)
        if caller is None:
            known = [name for name in vars(self._manager.hook) if not name.startswith("_")]
            raise PluginError(f"there is no hook {hook}{suggest(hook, known)}")
        names = {implementation.plugin_name for implementation in caller.get_hookimpls()}
        return tuple(plugin for plugin in self._plugins if plugin.name in names)

    def call(self, hook: str, plugin: Plugin, arguments: Mapping[str, Any]) -> Any:
        """Call one plugin's implementation with the arguments it takes."""
        if hook not in self._functions:
            hookimpls = getattr(self._manager.hook, hook).get_hookimpls()
            self._functions[hook] = {each.plugin_name: (each.function, each.argnames) for each in hookimpls}
        function, names = self._functions[hook].get(plugin.name, (None, ()))
        return function(*[arguments[name] for name in names]) if function is not None else None


def declare(plugin: Plugin) -> Declares:
    """Ask a plugin what it declares; an empty :class:`Declares` where it says nothing."""
    manager = _manager([])
    _check(manager, plugin, ("corekit_declare",))
    function = getattr(plugin.module, "corekit_declare", None)
    if function is None or manager.parse_hookimpl_opts(plugin.module, "corekit_declare") is None:
        return Declares()
    try:
        answer = function()
    except KeyboardInterrupt:  # whoever waits for it has had enough
        raise
    except BaseException as error:
        raise plugin.broken(f"raised in corekit_declare: {reason_of(error)}", "repair it") from error
    if not isinstance(answer, Declares):
        raise plugin.broken(f"returns {answer!r} from corekit_declare, which is no Declares", "repair it")
    return answer


def _manager(specs: Iterable[tuple[str, ModuleType]]) -> pluggy.PluginManager:
    manager = pluggy.PluginManager(hookspecs.NAMESPACE)
    manager.add_hookspecs(hookspecs)
    for owner, module in specs:
        try:
            manager.add_hookspecs(module)
        except ValueError as error:
            raise PluginError(f"{owner} brings hook specifications in {module.__name__} that fail: {error}") from None
    return manager


def _installed_specs() -> list[tuple[str, ModuleType]]:
    """Return the specifications of installed distributions, by the name of the distribution."""
    specs: list[tuple[str, ModuleType]] = []
    for point in sorted(metadata.entry_points(group=SPECS_GROUP), key=lambda point: point.value):
        owner = f"{point.dist.name} {point.dist.version}" if point.dist else point.value
        try:
            specs.append((owner, point.load()))
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            said = f"{owner} offers hook specifications in {point.value}, which cannot be imported: {reason_of(error)}"
            raise PluginError(f"{said}; repair or uninstall it") from error
    return specs


def _check_brought(plugin: Plugin, module: ModuleType) -> None:
    """Refuse a specification that does not carry the name of the plugin that brings it."""
    prefix = f"{hookspecs.NAMESPACE}_{plugin.name}_"
    for name, member in vars(module).items():
        if hasattr(member, f"{hookspecs.NAMESPACE}_spec") and not name.startswith(prefix):
            raise plugin.broken(f"brings the hook {name}; its hooks must begin with {prefix}", "rename it")


def _check(manager: pluggy.PluginManager, plugin: Plugin, only: Sequence[str] = ()) -> None:
    """Refuse a plugin with a hook that is misspelt, takes what it is not given, or wraps those of others."""
    known = {name: caller for name, caller in vars(manager.hook).items() if isinstance(caller, pluggy.HookCaller)}
    for name in only or dir(plugin.module):
        options = manager.parse_hookimpl_opts(plugin.module, name)
        caller = known.get(name)
        if options is None:
            if caller is not None and inspect.isfunction(vars(plugin.module).get(name)):
                raise plugin.broken(f"has a function {name} that is not marked as a hook", "put @hookimpl above it")
            continue
        if caller is None or caller.spec is None:
            if options["optionalhook"]:
                continue
            said = f"implements {name}, which is no hook of corekit or what is installed{suggest(name, known)}"
            newer = f" (corekit {metadata.version('corekit')} runs)" if plugin.version else ""
            raise plugin.broken(said, f"rename it, install what brings it{newer}")
        if options["wrapper"] or options["hookwrapper"]:
            said = f"wraps {name}, but no plugin may come between corekit and another"
            raise plugin.broken(said, "return what it has to say itself")
        taken = list(inspect.signature(getattr(plugin.module, name)).parameters)
        strange = [argument for argument in taken if argument not in caller.spec.argnames]
        if strange:
            given = ", ".join(caller.spec.argnames) or "nothing"
            near = suggest(strange[0], caller.spec.argnames)
            said = f"takes {strange[0]!r} in {name}, but corekit gives {given}{near}"
            raise plugin.broken(said, "rename it, leave it out")


def _raised(plugin: Plugin, hook: str, error: Exception) -> PluginRaised:
    return PluginRaised(f"{plugin.label} raised in {hook}: {reason_of(error)}", plugin=plugin.name, hook=hook)
