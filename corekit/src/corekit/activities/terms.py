"""The terms under which activities are settled: everything static, looked up by what settlement asks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from attrs import field, frozen
from marshmallow import Schema

from corekit.clock import day_number, local_day
from corekit.declares import ActivityType, EffectKind
from corekit.ledger.chart import Chart
from corekit.members.profile import identity_schema
from corekit.metrics import Metric, Window
from corekit.registry import CORE
from corekit.tiers.ladder import Ladder

if TYPE_CHECKING:
    from corekit.hooks import Hooks
    from corekit.members.rules import MemberRules
    from corekit.program import Program
    from corekit.registry import Registry
    from corekit.settings import Settings


@lru_cache(maxsize=1024)
def window_of(text: str) -> Window:
    """Read a window that a rule asks for."""
    return Window.parse(text)


def expired(kind: str) -> str:
    """Return the activity type by which value of an account kind lapses."""
    return f"{kind}.expired"


@frozen(kw_only=True)
class Terms:
    """Registry and program, arranged for settlement. Another version of the program makes other terms."""

    zone: ZoneInfo
    currency: str
    historical: frozenset[str]
    """The sources whose activities settle at the time they occurred."""
    program: Program
    registry: Registry
    hooks: Hooks
    chart: Chart
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
    ladders: tuple[Ladder, ...]
    ladder_metrics: frozenset[str]
    members: MemberRules
    """What the program says of its members."""
    identity: Schema
    """How whom an activity names instead of a member is read."""
    by_day: tuple[str, ...] = field(init=False)
    """The metrics of which single days are read."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "by_day", tuple(sorted(name for name, windows in self.windows.items() if windows)))

    @classmethod
    def of(cls, settings: Settings, registry: Registry, program: Program, hooks: Hooks) -> Terms:
        """Arrange a registry (with the program's own kinds and metrics) and a program."""
        metrics = list(registry.metrics.values())
        windows: dict[str, set[Window]] = {metric.name: set() for metric in metrics}
        for metric in metrics:
            windows[metric.name].update(Window.parse(text) for text in metric.windows)
        ladder_metrics: set[str] = set()
        for ladder in program.ladders:
            for tier in ladder.tiers:
                for criterion in tier.criteria:
                    ladder_metrics.add(criterion.metric)
                    windows.setdefault(criterion.metric, set()).add(criterion.window)
        types = dict(registry.types)
        for code in registry.kinds:
            types[expired(code)] = ActivityType(name=expired(code), description="Value lapsed.", internal=True)
        metrics += [_counting(name) for name in sorted(ladder_metrics) if name.startswith("count:")]
        return cls(
            zone=settings.time_zone,
            currency=settings.currency.code,
            historical=frozenset(name for name, source in settings.sources.items() if source.historical),
            program=program,
            registry=registry,
            hooks=hooks,
            chart=Chart.of((kind, registry.owner("kind", kind.code) or CORE) for kind in registry.kinds.values()),
            types=types,
            schemas={name: kind.schema() if kind.schema else None for name, kind in types.items()},
            effects={
                kind.effect: (kind, registry.owner("effect", kind.name) or CORE) for kind in registry.effects.values()
            },
            effects_by_name={
                name: (kind, registry.owner("effect", name) or CORE) for name, kind in registry.effects.items()
            },
            measured=_group((name, metric) for metric in metrics for name in metric.activities),
            credited=_group((metric.credits, metric) for metric in metrics if metric.credits is not None),
            windows={name: frozenset(w for w in found if w.bucket != "lifetime") for name, found in windows.items()},
            ladders=tuple(program.ladders),
            ladder_metrics=frozenset(ladder_metrics),
            members=settings.members,
            identity=identity_schema(settings)(),
        )

    def message(self, code: str, parameters: Mapping[str, Any]) -> str:
        """Return the English sentence of a code, filled in."""
        text = self.registry.errors.get(code)
        return text.en.format_map(_Filled(parameters)) if text else code

    def unit(self, kind: ActivityType) -> str | None:
        """Return the unit in which activities of a type are counted, or None."""
        if kind.amount == "none":
            return None
        return self.currency if kind.amount == "money" else kind.amount

    def day(self, instant: int) -> date:
        """Return the calendar day of an instant in the program's time zone."""
        return local_day(instant, self.zone)

    def days(self, first: date, last: date) -> tuple[int, int]:
        """Return the first and last day number that any window asks for, seen from days ``first`` to ``last``."""
        least, most = first, last
        for windows in self.windows.values():
            for window in windows:
                least = min(least, window.days(first)[0])
                most = max(most, window.days(last)[1])
        return day_number(least), day_number(most)


class _Filled(dict[str, Any]):
    """Parameters for a sentence; one that is missing stays as it stands."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


def _counting(name: str) -> Metric:
    """``count:<type>`` counts the activities of a type, for a ladder that asks for it."""
    return Metric(name=name, activities=(name.removeprefix("count:"),), measure="count")


def _group(pairs: Any) -> dict[str, tuple[Metric, ...]]:
    found: dict[str, list[Metric]] = {}
    for name, metric in pairs:
        found.setdefault(name, []).append(metric)
    return {name: tuple(metrics) for name, metrics in found.items()}
