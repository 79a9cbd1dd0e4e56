"""The terms under which activities are settled: everything static, looked up by what settlement asks for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeGuard
from zoneinfo import ZoneInfo

from attrs import evolve, field, frozen
from marshmallow import Schema

from corekit.activities.tenders import payload_schema
from corekit.clock import day_number, local_day
from corekit.declares import ActivityType, Declares, EffectKind
from corekit.jobs.declared import Sweep
from corekit.ledger.chart import Book, Chart
from corekit.members.profile import identity_schema
from corekit.metrics import Metric, Window
from corekit.registry import CORE
from corekit.suspension.suspensions import NOBODY, Suspensions
from corekit.tiers.ladder import asked
from corekit.tiers.policy import BALANCE, Growth

if TYPE_CHECKING:
    from corekit.hooks import Hooks
    from corekit.members.rules import MemberRules
    from corekit.program import Program, Versions
    from corekit.registry import Registry
    from corekit.settings import Settings


@lru_cache(maxsize=1024)
def window_of(text: str) -> Window:
    """Read a window that a rule asks for."""
    return Window.parse(text)


@lru_cache(maxsize=512)
def _instance(schema: type[Schema]) -> Schema:
    """Make a schema, which copies every field it declares, once for all terms."""
    return schema()


def expired(kind: str) -> str:
    """Return the activity type by which value of an account kind lapses."""
    return f"{kind}.expired"


@frozen(kw_only=True)
class Terms:
    """Registry and programs, arranged for settlement. Another version of the program makes other terms.

    Rules are those of the version that is valid when an activity occurred (:meth:`program_at`, :meth:`book`); what can
    be named at all (account kinds, metrics, windows) is what any version names.
    """

    zone: ZoneInfo
    currency: str
    historical: frozenset[str]
    """The sources whose activities settle at the time they occurred."""
    versions: Versions
    registry: Registry
    hooks: Hooks
    chart: Chart
    books: Mapping[int, Mapping[str, Book]]
    """The books as each version of the program has them kept, by code."""
    types: Mapping[str, ActivityType]
    schemas: Mapping[str, Schema | None]
    effects: Mapping[type, tuple[EffectKind, str]]
    """A plugin's own kinds of effects by class, with the owner."""
    effects_by_name: Mapping[str, tuple[EffectKind, str]]
    measured: Mapping[str, tuple[Metric, ...]]
    """The metrics that measure activities of a type."""
    credited: Mapping[str, tuple[Metric, ...]]
    """The metrics that measure credits to an account kind."""
    windows: Mapping[str, frozenset[Window]]
    """The windows, other than the lifetime, over which somebody asks for a metric."""
    ladder_metrics: frozenset[str]
    swept: Mapping[str, tuple[Sweep, str]]
    """The sweeps that are declared with an effect, by the type of their activities, with the owner."""
    reacting: Mapping[str, frozenset[str] | None]
    """The activity types to which each plugin reacts; None: it may react to all."""
    preparing: Mapping[str, frozenset[str] | None]
    """The activity types for which each plugin prepares; None: for all."""
    ladder_accounts: frozenset[str]
    """The account kinds whose balances ladders ask for."""
    members: MemberRules
    """What the program says of its members."""
    identity: Schema
    """How whom an activity names instead of a member is read."""
    suspensions: Suspensions
    """The plugins that are not called."""
    by_day: tuple[str, ...] = field(init=False)
    """The metrics of which single days are read."""
    _asked: frozenset[Window] = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "by_day", tuple(sorted(name for name, windows in self.windows.items() if windows)))
        object.__setattr__(self, "_asked", frozenset().union(*self.windows.values()))

    @classmethod
    def of(cls, settings: Settings, versions: Versions, hooks: Hooks, suspensions: Suspensions = NOBODY) -> Terms:
        """Arrange the versions of a program, each with what follows from it."""
        registry = versions.registry
        metrics = list(registry.metrics.values())
        windows: dict[str, set[Window]] = {metric.name: set() for metric in metrics}
        for metric in metrics:
            windows[metric.name].update(Window.parse(text) for text in metric.windows)
        ladder_metrics: set[str] = set()
        ladders = [ladder for edition in versions.editions for ladder in edition.program.ladders]
        for ladder in ladders:
            for metric_name, window in asked(ladder):
                windows.setdefault(metric_name, set()).add(window)
            ladder_metrics |= ladder.metrics
        types = dict(registry.types)
        for code in registry.kinds:
            types[expired(code)] = ActivityType(name=expired(code), description="Value lapsed.", internal=True)
        metrics += [_counting(name) for name in sorted(windows) if name.startswith("count:")]
        grown = {ladder.growth.name: ladder.growth for ladder in ladders if grows(ladder.growth)}
        metrics += [growing(growth, metrics) for growth in grown.values()]
        return cls(
            zone=settings.time_zone,
            currency=settings.currency.code,
            historical=frozenset(name for name, source in settings.sources.items() if source.historical),
            versions=versions,
            registry=registry,
            hooks=hooks,
            chart=_chart(registry),
            books={edition.version: _chart(edition.registry).books for edition in versions.editions},
            types=types,
            schemas={
                name: _instance(schema) if (schema := payload_schema(kind)) else None for name, kind in types.items()
            },
            effects={
                kind.effect: (kind, registry.owner("effect", kind.name) or CORE) for kind in registry.effects.values()
            },
            effects_by_name={
                name: (kind, registry.owner("effect", name) or CORE) for name, kind in registry.effects.items()
            },
            measured=_group((name, metric) for metric in metrics for name in metric.activities),
            credited=_group((metric.credits, metric) for metric in metrics if metric.credits is not None),
            windows={name: frozenset(w for w in found if w.bucket != "lifetime") for name, found in windows.items()},
            ladder_metrics=frozenset(ladder_metrics),
            swept={
                each.activity_type: (each, registry.owner("job", name) or CORE)
                for name, each in registry.jobs.items()
                if isinstance(each, Sweep) and each.effect is not None
            },
            reacting={
                plugin.name: _reacted(
                    plugin.declares,
                    versions.sections(plugin.name),
                    {name for name, kind in types.items() if kind.tenders},
                )
                for plugin in hooks.reacting
            },
            preparing={
                plugin.name: _prepared(plugin.declares, versions.sections(plugin.name)) for plugin in hooks.preparing
            },
            ladder_accounts=frozenset(
                name.removeprefix(BALANCE) for name in ladder_metrics if name.startswith(BALANCE)
            ),
            members=settings.members,
            identity=identity_schema(settings)(),
            suspensions=suspensions,
        )

    def reacts(self, plugin: str, type_: str) -> bool:
        """Say whether a plugin may react to activities of a type."""
        types = self.reacting.get(plugin)
        return types is None or type_ in types

    def prepares(self, plugin: str, type_: str) -> bool:
        """Say whether a plugin prepares for activities of a type."""
        types = self.preparing[plugin]
        return types is None or type_ in types

    def program_at(self, instant: int) -> Program:
        """Return the program that judges what occurred at an instant."""
        return self.versions.at(instant)

    def book(self, kind: str, instant: int) -> Book:
        """Return how an account kind is kept for what occurred at an instant: its expiry, its grace, its clawback.

        A kind that no version had by then is kept as the newest one that knows it says.
        """
        return self.books[self.versions.at(instant).version].get(kind) or self.chart.books[kind]

    def message(self, code: str, parameters: Mapping[str, Any]) -> str:
        """Return the English sentence of a code, filled in."""
        text = self.registry.errors.get(code)
        return text.en.format_map(_Filled(parameters)) if text else code

    def unit(self, kind: ActivityType) -> str | None:
        """Return the unit in which activities of a type are counted, or None."""
        if kind.amount in {"none", "own", "any"}:
            return None
        return self.currency if kind.amount == "money" else kind.amount

    def day(self, instant: int) -> date:
        """Return the calendar day of an instant in the program's time zone."""
        return local_day(instant, self.zone)

    def days(self, first: date, last: date) -> tuple[int, int]:
        """Return the first and last day number that any window asks for, seen from days ``first`` to ``last``."""
        return _span(self._asked, first, last)


@lru_cache(maxsize=1024)
def _span(windows: frozenset[Window], first: date, last: date) -> tuple[int, int]:
    least = min([first, *(window.days(first)[0] for window in windows)])
    most = max([last, *(window.days(last)[1] for window in windows)])
    return day_number(least), day_number(most)


class _Filled(dict[str, Any]):
    """Parameters for a sentence; one that is missing stays as it stands."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


def _chart(registry: Registry) -> Chart:
    return Chart.of((kind, registry.owner("kind", kind.code) or CORE) for kind in registry.kinds.values())


def grows(growth: Growth | None) -> TypeGuard[Growth]:
    """Say whether a growth value is a metric of its own, and so has to be counted."""
    return growth is not None and growth.metric is not None


def growing(growth: Growth, metrics: list[Metric]) -> Metric:
    """Return the metric that is a ladder's growth value: it grows as its source does."""
    counted = growth.source or ""
    source = next((each for each in metrics if each.name == counted), None) or _counting(counted)
    return evolve(source, name=growth.name, windows=(), description="Growth value of a ladder.")


def _counting(name: str) -> Metric:
    """``count:<type>`` counts the activities of a type, for a ladder that asks for it."""
    return Metric(name=name, activities=(name.removeprefix("count:"),), measure="count")


def _reacted(declares: Declares, contents: Sequence[Any], paid: Collection[str]) -> frozenset[str] | None:
    """Return the activity types to which a plugin reacts under any version; None where it does not say.

    Who takes a tender reacts to all those that are ``paid`` with tenders.
    """
    section = declares.program
    said = _said(declares.reacts, section.reacts if section is not None else None, contents)
    return said.union(paid) if said is not None and declares.tenders else said


def _prepared(declares: Declares, contents: Sequence[Any]) -> frozenset[str] | None:
    """Return the activity types for which a plugin prepares under any version; None where it does not say."""
    section = declares.program
    return _said(declares.prepares, section.prepares if section is not None else None, contents)


def _said(
    always: Collection[str] | None, asked: Callable[[Any], Collection[str]] | None, contents: Sequence[Any]
) -> frozenset[str] | None:
    """Return what a plugin says always, and of any content of its section; None where it says neither."""
    if always is None and asked is None:
        return None
    by_program = (asked(content) for content in contents) if asked is not None else ()
    return frozenset(always or ()).union(*by_program)


def _group(pairs: Any) -> dict[str, tuple[Metric, ...]]:
    found: dict[str, list[Metric]] = {}
    for name, metric in pairs:
        found.setdefault(name, []).append(metric)
    return {name: tuple(metrics) for name, metrics in found.items()}
