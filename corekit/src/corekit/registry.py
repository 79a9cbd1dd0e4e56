"""The registry: everything that the core and the plugins declare, by name, each with its one owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve, field, frozen

from corekit.activities.effects import Effect
from corekit.declares import AccountKind, ActivityType, BenefitKind, Declares, EffectKind, ErrorText, Permission, Unit
from corekit.errors import Invalid, PluginError, Problem, start_without
from corekit.metrics import Metric
from corekit.plugins import Plugin

if TYPE_CHECKING:
    from corekit.db.lineage import Lineage
    from corekit.jobs.declared import Job, Sweep

CORE = "core"
"""The owner of what belongs to the core; what it owns anybody may use."""

What = Literal["unit", "kind", "type", "effect", "metric", "job", "benefit", "permission", "error", "tender", "table"]

_WORDS: Mapping[What, str] = {
    "unit": "unit",
    "kind": "account kind",
    "type": "activity type",
    "effect": "effect kind",
    "metric": "metric",
    "job": "job",
    "benefit": "kind of benefit",
    "permission": "permission",
    "error": "error code",
    "tender": "tender",
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
    jobs: Mapping[str, Sweep | Job]
    benefits: Mapping[str, BenefitKind]
    permissions: Mapping[str, Permission]
    errors: Mapping[str, ErrorText]
    tenders: Mapping[str, str]
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
            jobs=desk.of("job"),
            benefits=desk.of("benefit"),
            permissions=desk.of("permission"),
            errors=desk.of("error"),
            tenders=desk.of("tender"),
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

    def covering(self, later: Iterable[Registry]) -> Registry:
        """Return this registry with everything that others of the same plugins have, from other programs.

        Of one name the last one counts; a metric is kept over the windows of all.
        """
        units, kinds, metrics, owners = dict(self.units), dict(self.kinds), dict(self.metrics), dict(self.owners)
        types = dict(self.types)
        for other in later:
            units.update(other.units)
            kinds.update(other.kinds)
            types.update(other.types)
            owners.update(other.owners)
            for name, metric in other.metrics.items():
                windows = (*metrics[name].windows, *metric.windows) if name in metrics else metric.windows
                metrics[name] = evolve(metric, windows=tuple(dict.fromkeys(windows)))
        return evolve(
            self,
            units=MappingProxyType(units),
            kinds=MappingProxyType(kinds),
            types=MappingProxyType(types),
            metrics=MappingProxyType(metrics),
            owners=MappingProxyType(owners),
        )

    def clashes(self, later: Registry) -> Iterator[tuple[What, str, str, str]]:
        """Yield what another program says of a name otherwise than the books can bear: what, name, old, new."""
        known = self._kept()
        for (what, name), new in later._kept().items():
            for said, says in zip(known.get((what, name), new), new, strict=True):
                if said != says:
                    yield what, name, said, says

    def _kept(self) -> dict[tuple[What, str], tuple[str, ...]]:
        """Return in words what a program may never say otherwise of what an earlier one said."""
        kept: dict[tuple[What, str], tuple[str, ...]] = {}
        for name, unit in self.units.items():
            kept["unit", name] = (f"scale {unit.scale}", f"class {unit.kind}")
        for name, kind in self.kinds.items():
            owner = self.owner("kind", name) or CORE
            kept["kind", name] = (f"unit {kind.unit.code}", "lots" if kind.lots else "no lots", f"owner {owner}")
        for name, type_ in self.types.items():
            kept["type", name] = (f"amount {type_.amount}",)
        for name, metric in self.metrics.items():
            by = "" if metric.rule is None else f" by {metric.rule}"
            of = f"{metric.measure} of {', '.join(metric.activities)}"
            kept["metric", name] = (f"credits to {metric.credits}{by}" if metric.credits else of,)
        return kept

    def has(self, what: What, name: str) -> bool:
        """Say whether anybody declares a name."""
        return (what, name) in self.owners

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
        self.swept: dict[str, Sweep] = {}
        self._labels = labels
        self._values: dict[What, dict[str, Any]] = {what: {} for what in _WORDS}
        self._clashes: list[str] = []
        self._clashing: list[str] = []

    def of(self, what: What) -> Mapping[str, Any]:
        return MappingProxyType(self._values[what])

    def keep(self, owners: Mapping[tuple[What, str], str], values: Mapping[What, Mapping[str, Any]]) -> None:
        """Start with what was taken before."""
        self.owners.update(owners)
        for what, known in values.items():
            self._values[what].update(known)

    def refuse(self) -> None:
        if self._clashes:
            way = f", or {start_without(*self._clashing)}" if self._clashing else ""
            raise PluginError("; ".join(self._clashes) + way, clashes=self._clashes)

    def take(self, owner: str, declares: Declares) -> None:
        effects = [*declares.effects, *self._passing(owner, declares)]
        for account in declares.accounts:
            self._put_unit(owner, account.unit)
            self.put(owner, "kind", account.code, account)
        named: Iterable[tuple[What, str, Any]] = (
            *(("type", each.name, each) for each in declares.activities),
            *(("effect", each.name, each) for each in effects),
            *(("metric", each.name, each) for each in declares.metrics),
            *(("job", each.name, each) for each in declares.sweeps),
            *(("job", each.name, each) for each in declares.jobs),
            *(("benefit", each.name, each) for each in declares.benefits),
            *(("permission", each.name, each) for each in declares.permissions),
            *(("error", each.code, each) for each in declares.errors),
            *(("tender", each, each) for each in declares.tenders),
        )
        for what, name, value in named:
            self.put(owner, what, name, value)
        for kind in effects:
            self._put_class(owner, kind)
        for type_ in declares.activities:
            if type_.tenders and (type_.amount != "money" or type_.signed):
                said = f"lets activities of type {type_.name!r} be paid with tenders, but they have no amount of money"
                self._clash(owner, said, "declare amount='money', without signed")
        for sweep in declares.sweeps:
            self._check_sweep(owner, sweep)
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

    def _check_sweep(self, owner: str, sweep: Sweep) -> None:
        """A sweep records a type of its own plugin, one sweep each, so that what it does is known by the type."""
        what = f"sweeps by activities of type {sweep.activity_type!r}"
        type_: ActivityType | None = self._values["type"].get(sweep.activity_type)
        if type_ is None or self.owners["type", sweep.activity_type] != owner:
            self._clash(owner, f"{what}, which it does not declare", "declare it")
        elif sweep.effect is not None and not type_.internal:
            self._clash(owner, f"{what}, which anybody may record", "declare it with internal=True")
        elif (sweep.effect is None) != (sweep.account is None):
            self._clash(
                owner, f"has a sweep {sweep.name!r} with an effect or an account alone", "give it both, or neither"
            )
        elif self.swept.setdefault(sweep.activity_type, sweep) is not sweep:
            also = f"by which {self.swept[sweep.activity_type].name!r} sweeps already"
            self._clash(owner, f"{what}, {also}", "give each sweep a type of its own")

    def _passing(self, owner: str, declares: Declares) -> Iterator[EffectKind]:
        """Yield the effect by which rows of members pass; they are the plugin's own, and known one by one."""
        if not declares.members:
            return
        from corekit.activities.member_rows import key_of, passing  # noqa: PLC0415 - who has tables has SQLAlchemy

        for rows in declares.members:
            name = rows.member.table.name
            if declares.lineage is None or declares.lineage.metadata.tables.get(name) is not rows.member.table:
                self._clash(owner, f"declares rows of members in {name}, which is no table of its own", "add it")
            elif rows.merge == "move" and key_of(rows) is None:
                said = f"declares rows of members in {name} that pass, but by no column of type Id they are known"
                self._clash(owner, said, "name one with key=, or let them stay with merge='stay'")
        yield from passing(owner, declares.members)

    def _put_lineage(self, owner: str, lineage: Lineage) -> None:
        if lineage.owner != owner:
            self._clash(owner, f"brings a lineage of {lineage.owner!r}", f"call its owner {owner!r}")
        for name in sorted(lineage.metadata.tables):
            self.put(owner, "table", name, lineage)

    def _clash(self, owner: str, what: str, way: str) -> None:
        self._clashes.append(f"{self._labels[owner]} {what}; {way}")
        if owner != CORE and owner not in self._clashing:
            self._clashing.append(owner)

    @staticmethod
    def _prefixes(owner: str, what: What) -> tuple[str, ...]:
        if what == "error":
            return (f"{owner.upper()}_",)
        if what == "benefit":
            return (owner, f"{owner}_")
        return (f"{owner}_",) if what == "table" else (owner, f"{owner}.")

    def _prefixed(self, owner: str, what: What, name: str) -> bool:
        *whole, prefix = self._prefixes(owner, what)
        return name in whole or (name.startswith(prefix) and name != prefix)
