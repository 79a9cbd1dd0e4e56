"""The registry: everything that the core and the plugins declare, by name, each with its one owner."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve, field, frozen

from corekit.activities.effects import Effect
from corekit.declares import AccountKind, ActivityType, Declares, EffectKind, ErrorText, Permission, Unit
from corekit.errors import Invalid, PluginError, Problem
from corekit.metrics import Metric
from corekit.plugins import Plugin

if TYPE_CHECKING:
    from corekit.db.lineage import Lineage

CORE = "core"
"""The owner of what belongs to the core; what it owns anybody may use."""

What = Literal["unit", "kind", "type", "effect", "metric", "permission", "error", "table"]

_WORDS: Mapping[What, str] = {
    "unit": "unit",
    "kind": "account kind",
    "type": "activity type",
    "effect": "effect kind",
    "metric": "metric",
    "permission": "permission",
    "error": "error code",
    "table": "table",
}


@frozen(kw_only=True)
class Registry:
    """Everything that is declared, by name. Names of plugins that are off are not here.

    ``owners`` says who declares what: {(what, name): ``core`` or plugin}; ``allies`` whose names a plugin may use.
    """

    plugins: tuple[Plugin, ...]
    units: Mapping[str, Unit]
    kinds: Mapping[str, AccountKind]
    types: Mapping[str, ActivityType]
    effects: Mapping[str, EffectKind]
    effect_classes: Mapping[type[Effect], EffectKind]
    metrics: Mapping[str, Metric]
    permissions: Mapping[str, Permission]
    errors: Mapping[str, ErrorText]
    owners: Mapping[tuple[What, str], str] = field(repr=False)
    allies: Mapping[str, frozenset[str]] = field(repr=False)

    @classmethod
    def of(cls, core: Declares, plugins: Sequence[Plugin]) -> Registry:
        """Merge what the core and the plugins declare.

        Raises one :class:`PluginError` that names both sides of every clash: a name without its owner's prefix, a name
        with two owners, a unit that is declared differently.
        """
        desk = _Desk({CORE: "corekit", **{plugin.name: plugin.label for plugin in plugins}})
        for owner, declares in [(CORE, core), *((plugin.name, plugin.declares) for plugin in plugins)]:
            desk.take(owner, declares)
        allies: dict[str, frozenset[str]] = {}
        for plugin in plugins:  # those it requires come first
            required = plugin.declares.requires
            allies[plugin.name] = frozenset({plugin.name, CORE, *required}).union(*(allies[name] for name in required))
        desk.refuse()
        return cls(
            plugins=tuple(plugins),
            units=desk.of("unit"),
            kinds=desk.of("kind"),
            types=desk.of("type"),
            effects=desk.of("effect"),
            effect_classes={effect: kind for effect, (_, kind) in desk.classes.items()},
            metrics=desk.of("metric"),
            permissions=desk.of("permission"),
            errors=desk.of("error"),
            owners=MappingProxyType(desk.owners),
            allies=allies,
        )

    def with_program(self, sections: Mapping[str, Any]) -> Registry:
        """Return this registry with the account kinds and metrics that follow from the program's sections.

        ``sections`` holds what each plugin's own schema made of its section, by plugin.
        """
        desk = _Desk({CORE: "corekit", **{plugin.name: plugin.label for plugin in self.plugins}})
        desk.keep(self.owners, {"unit": self.units, "kind": self.kinds, "metric": self.metrics})
        for plugin in self.plugins:
            section = plugin.declares.program
            if section is not None and plugin.name in sections:
                content = sections[plugin.name]
                accounts = section.accounts(content) if section.accounts is not None else ()
                metrics = section.metrics(content) if section.metrics is not None else ()
                desk.take(plugin.name, Declares(accounts=accounts, metrics=metrics))
        desk.refuse()
        return evolve(
            self,
            units=desk.of("unit"),
            kinds=desk.of("kind"),
            metrics=desk.of("metric"),
            owners=MappingProxyType(desk.owners),
        )

    def with_activities(self, types: Sequence[ActivityType]) -> Registry:
        """Return this registry with the program's own activity types.

        Raises :class:`Invalid` with the path of each whose name is taken.
        """
        known = dict(self.types)
        problems: list[Problem] = []
        for at, kind in enumerate(types):
            if kind.name in known:
                label = self.owner("type", kind.name)
                said = f"There is an activity type {kind.name!r} already" + (f", of {label}." if label else ".")
                problems.append(Problem(code="CONTRADICTION", path=("activities", at, "name"), message=said))
            known[kind.name] = kind
        if problems:
            raise Invalid(problems)
        owners = {**self.owners, **{("type", kind.name): CORE for kind in types}}
        return evolve(self, types=MappingProxyType(known), owners=MappingProxyType(owners))

    def owner(self, of: What, name: str) -> str | None:
        """Return who declares a name: ``core`` or a plugin; None where nobody does."""
        return self.owners.get((of, name))

    def may_use(self, plugin: str, name: str, of: What = "kind") -> bool:
        """Say whether a plugin may touch a name: its own, the core's, or one of a plugin that it requires.

        What a required plugin requires counts too. The core may touch everything; nobody what nobody declares.
        """
        owner = self.owner(of, name)
        return owner is not None and (plugin == CORE or owner in self.allies.get(plugin, ()))


class _Desk:
    """Takes declarations one by one and notes every clash."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self.owners: dict[tuple[What, str], str] = {}
        self.classes: dict[type[Effect], tuple[str, EffectKind]] = {}
        self._labels = labels
        self._values: dict[What, dict[str, Any]] = {what: {} for what in _WORDS}
        self._clashes: list[str] = []

    def of(self, what: What) -> Mapping[str, Any]:
        return MappingProxyType(self._values[what])

    def keep(self, owners: Mapping[tuple[What, str], str], values: Mapping[What, Mapping[str, Any]]) -> None:
        """Start with what was taken before."""
        self.owners.update(owners)
        for what, known in values.items():
            self._values[what].update(known)

    def refuse(self) -> None:
        if self._clashes:
            raise PluginError("; ".join(self._clashes), clashes=self._clashes)

    def take(self, owner: str, declares: Declares) -> None:
        for account in declares.accounts:
            self._put_unit(owner, account.unit)
            self.put(owner, "kind", account.code, account)
        named: Iterable[tuple[What, str, Any]] = (
            *(("type", each.name, each) for each in declares.activities),
            *(("effect", each.name, each) for each in declares.effects),
            *(("metric", each.name, each) for each in declares.metrics),
            *(("permission", each.name, each) for each in declares.permissions),
            *(("error", each.code, each) for each in declares.errors),
        )
        for what, name, value in named:
            self.put(owner, what, name, value)
        for kind in declares.effects:
            self._put_class(owner, kind)
        if declares.lineage is not None:
            self._put_lineage(owner, declares.lineage)

    def put(self, owner: str, what: What, name: str, value: Any) -> None:
        first = self.owners.get((what, name))
        if first == owner:
            self._clash(owner, f"declares the {_WORDS[what]} {name!r} twice", "drop one")
            return
        if first is not None:
            also = f"which {self._labels[first]} declares already"
            self._clash(owner, f"declares the {_WORDS[what]} {name!r}, {also}", "one of them must rename its own")
            return
        if owner != CORE and not self._prefixed(owner, what, name):
            wanted = " or ".join(f"{prefix!r}" for prefix in self._prefixes(owner, what))
            self._clash(owner, f"declares the {_WORDS[what]} {name!r}, which is not its own", f"begin it with {wanted}")
            return
        self.owners[what, name] = owner
        self._values[what][name] = value

    def _put_unit(self, owner: str, unit: Unit) -> None:
        """Units are shared: whoever declares one again must mean the same."""
        known = self._values["unit"].get(unit.code)
        if known is not None and known != unit:
            first = self._labels[self.owners["unit", unit.code]]
            mine, theirs = (f"scale {each.scale}, {each.kind}" for each in (unit, known))
            also = f"declares the unit {unit.code!r} otherwise than {first} ({mine}; {theirs})"
            self._clash(owner, also, "use another code")
        elif known is None:
            self.owners["unit", unit.code] = owner
            self._values["unit"][unit.code] = unit

    def _put_class(self, owner: str, kind: EffectKind) -> None:
        """A class says which kind an effect is of, so it stands for one."""
        first = self.classes.setdefault(kind.effect, (owner, kind))
        if first[1] is not kind:
            also = f"declares the effect kind {kind.name!r} for the class {kind.effect.__name__}"
            theirs = f"which {self._labels[first[0]]} has for {first[1].name!r}"
            self._clash(owner, f"{also}, {theirs}", "use a class of its own")

    def _put_lineage(self, owner: str, lineage: Lineage) -> None:
        if lineage.owner != owner:
            self._clash(owner, f"brings a lineage of {lineage.owner!r}", f"call its owner {owner!r}")
        for name in sorted(lineage.metadata.tables):
            self.put(owner, "table", name, lineage)

    def _clash(self, owner: str, what: str, way: str) -> None:
        self._clashes.append(f"{self._labels[owner]} {what}; {way}")

    @staticmethod
    def _prefixes(owner: str, what: What) -> tuple[str, ...]:
        if what == "error":
            return (f"{owner.upper()}_",)
        return (f"{owner}_",) if what == "table" else (owner, f"{owner}.")

    def _prefixed(self, owner: str, what: What, name: str) -> bool:
        *whole, prefix = self._prefixes(owner, what)
        return name in whole or (name.startswith(prefix) and name != prefix)
