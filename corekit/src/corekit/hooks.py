"""The hooks: one typed method for each, and the only place that touches pluggy's manager."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import metadata
from itertools import islice
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

import orjson
import pluggy

from corekit import hookspecs
from corekit.activities.effects import Effect
from corekit.calling import is_of_plugin
from corekit.declares import Declares
from corekit.deprecations import warn_plugin
from corekit.errors import PluginError, PluginRaised, Refusal, reason_of
from corekit.installed import points
from corekit.offers import MOST_OFFERS
from corekit.validation import suggest

if TYPE_CHECKING:
    from datetime import datetime

    from corekit.activities.activity import Batch
    from corekit.activities.enrolment import Applicant
    from corekit.activities.facts import Facts
    from corekit.activities.plugin_write import PluginWrite
    from corekit.db.reader import Reader
    from corekit.offers import MemberNow, Offer
    from corekit.outbox.event import Event
    from corekit.plugins import Plugin

SPECS_GROUP = "corekit.specs"
"""Entry points of modules with hook specifications; they count whenever their distribution is installed."""
MOST_EFFECTS = 10_000
"""Effects that a plugin may yield for one activity: who yields more does not end."""
MOST_KEYS = 10_000
"""Entries of a document that a plugin exports."""


class Hooks:
    """The hooks of the plugins that are on, called in the plugins' order."""

    def __init__(self, plugins: Sequence[Plugin]) -> None:
        """Register the plugins; :class:`PluginError` for a hook that is misspelt or takes what it is not given."""
        self._plugins = tuple(plugins)
        self._by_name = {plugin.name: plugin for plugin in plugins}
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
        self.preparing = self.implementing("corekit_prepare")
        """The plugins that prepare, in order."""
        self.reacting = self.implementing("corekit_react")
        """The plugins that react, in order."""
        self.happening = self.implementing("corekit_happened")
        """The plugins that are told what happened, in order."""
        self.vetoing = self.implementing("corekit_may_enrol")
        """The plugins that have a say in who becomes a member, in order."""

    def prepare(self, plugin: Plugin, batch: Batch, read: Reader, facts: Facts) -> dict[str, Any]:
        """Return what one plugin prepares for the members of the batch: {member id: value}.

        A :class:`Refusal` passes; anything else that the plugin raises, or returns, becomes :class:`PluginRaised`.
        """
        try:
            answer = self.call("corekit_prepare", plugin, {"batch": batch, "read": read, "facts": facts})
            return _by_member(answer, batch) if answer is not None else {}
        except Refusal:
            raise
        except BaseException as error:
            raise _raised(plugin, "corekit_prepare", error) from error

    def react(self, plugin: Plugin, batch: Batch, facts: Facts) -> list[Effect]:
        """Return the effects that one plugin yields for the batch, as yielded.

        A :class:`Refusal` passes; anything else that the plugin raises becomes :class:`PluginRaised`.
        """
        most = MOST_EFFECTS * len(batch)
        try:
            answer = self.call("corekit_react", plugin, {"batch": batch, "facts": facts})
            effects: list[Effect] = list(islice(answer, most + 1)) if answer is not None else []
        except Refusal:
            raise
        except BaseException as error:
            raise _raised(plugin, "corekit_react", error) from error
        if len(effects) > most:
            raise _raised(plugin, "corekit_react", ValueError(f"it yields more than {most} effects"))
        for effect in effects:
            if not isinstance(effect, Effect):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise _raised(plugin, "corekit_react", TypeError(f"{effect!r} is no effect"))
        return effects

    def happened(self, plugin: Plugin, event: Event) -> None:
        """Tell one plugin what happened; :class:`PluginRaised` that names it where it raises."""
        try:
            self.call("corekit_happened", plugin, {"event": event})
        except BaseException as error:
            raise _raised(plugin, "corekit_happened", error) from error

    def may_enrol(self, plugin: Plugin, applicant: Applicant, facts: Facts) -> Refusal | None:
        """Return why one plugin does not let somebody become a member, or None; a Refusal may be raised as well.

        Anything else that the plugin raises, or returns, becomes :class:`PluginRaised`.
        """
        try:
            answer = self.call("corekit_may_enrol", plugin, {"applicant": applicant, "facts": facts})
        except Refusal as refusal:
            return refusal
        except BaseException as error:
            raise _raised(plugin, "corekit_may_enrol", error) from error
        if answer is not None and not isinstance(answer, Refusal):
            raise _raised(plugin, "corekit_may_enrol", TypeError(f"{answer!r} is no Refusal"))
        return answer

    @property
    def exporting(self) -> tuple[Plugin, ...]:
        """The plugins that say what they know of a member, in order."""
        return self.implementing("corekit_export")

    def export(self, plugin: Plugin, member: str, read: Reader) -> dict[str, Any] | None:
        """Return what one plugin knows of a member.

        What the plugin raises, or returns that JSON cannot hold, becomes :class:`PluginRaised`.
        """
        try:
            document = self.call("corekit_export", plugin, {"member": member, "read": read})
            return None if document is None else _document(document)
        except BaseException as error:
            raise _raised(plugin, "corekit_export", error) from error

    @property
    def offering(self) -> tuple[Plugin, ...]:
        """The plugins that say what members can have, in order."""
        return self.implementing("corekit_offers")

    def offers(
        self,
        plugin: Plugin,
        members: Sequence[MemberNow],
        read: Reader,
        at: datetime,
        program: Any,
        check: Callable[[Sequence[Any]], object],
    ) -> list[Offer]:
        """Return what one plugin says that members can have, if ``check`` finds nothing wrong with it.

        What the plugin raises, and what is wrong, becomes :class:`PluginRaised`.
        """
        given = {"members": members, "read": read, "at": at, "program": program, "settings": plugin.settings}
        try:
            answer = self.call("corekit_offers", plugin, given)
            made: list[Offer] = list(islice(answer, MOST_OFFERS * len(members) + 1)) if answer is not None else []
            check(made)
        except BaseException as error:
            raise _raised(plugin, "corekit_offers", error) from error
        return made

    @property
    def erasing(self) -> tuple[Plugin, ...]:
        """The plugins that keep something of members to be erased, in order."""
        called = {plugin.name for plugin in self.implementing("corekit_erase")}
        return tuple(plugin for plugin in self._plugins if plugin.name in called or plugin.declares.members)

    def erase(self, plugin: Plugin, member: str, write: PluginWrite) -> None:
        """Erase what one plugin knows of a member; what it raises becomes :class:`PluginRaised`."""
        from corekit.activities.member_rows import forget  # noqa: PLC0415 - hardly anybody is forgotten

        try:
            self.call("corekit_erase", plugin, {"member": member, "write": write})
            forget(write, plugin.declares.members, member)
        except BaseException as error:
            raise _raised(plugin, "corekit_erase", error) from error

    def each(self, name: str, **arguments: Any) -> list[tuple[str, Any]]:
        """Call a hook of a specification that another distribution brings; return (plugin, result) in order.

        What a plugin raises becomes a :class:`PluginError` that names it.
        """
        results: list[tuple[str, Any]] = []
        for plugin in self.implementing(name):
            try:
                results.append((plugin.name, self.call(name, plugin, arguments)))
            except KeyboardInterrupt:
                raise
            except BaseException as error:
                raise plugin.broken(f"raised in {name}: {reason_of(error)}", "repair it") from error
        return results

    def first(self, name: str, **arguments: Any) -> Any:
        """Call a hook until a plugin answers other than None, and return that; None where nobody does."""
        for plugin in self.implementing(name):
            answer = self.call(name, plugin, arguments)
            if answer is not None:
                return answer
        return None

    def named(self, name: str) -> Plugin:
        """Return a plugin that is on, by its name."""
        return self._by_name[name]

    def names(self, plugin: str) -> list[str]:
        """Return the names of the hooks that a plugin implements, sorted."""
        callers = self._manager.get_hookcallers(self._manager.get_plugin(plugin)) or []
        return sorted(caller.name for caller in callers)

    def implementing(self, hook: str) -> tuple[Plugin, ...]:
        """Return the plugins that implement a hook, in order; PluginError where there is no such hook."""
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
    for point, distribution in sorted(points(SPECS_GROUP), key=lambda side: side[0].value):
        owner = f"{distribution.name} {distribution.version}"
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


def _by_member(answer: object, batch: Batch) -> dict[str, Any]:
    """Return what was prepared, if it is a mapping of members of the batch."""
    if type(answer) is dict and not answer:
        return {}
    members = {activity.member for activity in batch}
    if not isinstance(answer, Mapping):
        message = f"{answer!r} is no mapping of member id to value"
        raise TypeError(message)
    found: dict[str, Any] = {}
    for member, value in cast("Mapping[str, Any]", answer).items():
        if member not in members:
            message = f"{member!r} is no member of the batch"
            raise ValueError(message)
        found[member] = value
    return found


def _document(answer: object) -> dict[str, Any]:
    """Return a document as JSON has it, if it is one."""
    if not isinstance(answer, Mapping):
        message = f"{type(answer).__name__} is no mapping"
        raise TypeError(message)
    document: dict[str, Any] = dict(islice(cast("Mapping[str, Any]", answer).items(), MOST_KEYS + 1))
    if len(document) > MOST_KEYS:
        message = f"it has more than {MOST_KEYS} entries"
        raise ValueError(message)
    orjson.dumps(document, option=orjson.OPT_NON_STR_KEYS)
    return document


def _raised(plugin: Plugin, hook: str, error: BaseException) -> PluginRaised:
    if not is_of_plugin(error):
        raise error
    return PluginRaised(f"{plugin.label} raised in {hook}: {reason_of(error)}", plugin=plugin.name, hook=hook)
