"""One activity as it was planned: everything that will be written for it, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from zoneinfo import ZoneInfo

from attrs import evolve

from corekit.activities.activity import Activity, Line
from corekit.activities.effects import (
    Across,
    Capture,
    Credit,
    Debit,
    Effect,
    Enrol,
    Hold,
    PersonEffect,
    Receive,
    Release,
    Transfer,
    values_of,
)
from corekit.activities.incoming import Incoming
from corekit.activities.outcome import SkippedRule
from corekit.clock import day_number, local_day, moment
from corekit.declares import EffectKind
from corekit.ids import child_id, new_id
from corekit.ledger.journal import Journal
from corekit.ledger.voucher import Voucher


class PlannedEffect:
    """An effect of a planned activity; ``value`` is set for a plugin's own kind, which is applied when written."""

    __slots__ = (
        "account",
        "amount",
        "code",
        "data",
        "id",
        "kind",
        "owner",
        "rule",
        "shares",
        "state",
        "undoes",
        "unfunded",
        "value",
    )

    def __init__(  # noqa: PLR0913 - the columns of a row
        self,
        owner: str,
        kind: str,
        rule: str,
        *,
        account: str | None = None,
        amount: int = 1,
        shares: Mapping[int, int] | None = None,
        data: Mapping[str, Any] | None = None,
        undoes: str | None = None,
        value: Effect | None = None,
    ) -> None:
        self.id = new_id()
        self.owner = owner
        self.kind = kind
        self.rule = rule
        self.account = account
        self.amount = amount
        self.shares = shares
        self.data = data
        self.state = "applied"
        self.code: str | None = None
        self.undoes = undoes
        self.unfunded = 0
        self.value = value

    @classmethod
    def of(cls, owner: str, effect: Effect, own: Mapping[type, tuple[EffectKind, str]]) -> PlannedEffect:
        """Plan an effect as it was yielded; ``own`` are the plugins' own kinds by class."""
        name = type(effect).__name__
        if isinstance(effect, Credit | Debit):
            return cls(owner, name, effect.rule, account=effect.account, amount=effect.amount, shares=effect.shares)
        if isinstance(effect, Hold | Receive | Transfer):
            told: dict[str, Any] | None = {"to": effect.to} if isinstance(effect, Transfer) else None
            return cls(owner, name, effect.rule, account=effect.account, amount=effect.amount, data=told)
        if isinstance(effect, Across):
            told = {"accounts": list(effect.accounts), "split": effect.split}
            return cls(owner, name, effect.rule, amount=effect.amount, data=told)
        if isinstance(effect, Capture | Release):
            return cls(owner, name, effect.rule, data={"hold": effect.hold})
        if type(effect) in own:
            kind, value = own[type(effect)][0], cast("Any", effect)
            divided = {"amount": value.amount, "shares": value.shares} if kind.divisible else {}
            values = values_of(effect, divisible=kind.divisible)
            return cls(owner, kind.name, effect.rule, data=values, value=effect, **divided)
        # Who somebody is has tables of its own, from which it can be erased.
        data = None if isinstance(effect, Enrol | PersonEffect) else values_of(effect)
        return cls(owner, name, effect.rule, data=data)

    def drop(self, code: str) -> None:
        """Record that it could not be applied."""
        self.state = "dropped"
        self.code = code


Place = tuple[str, str, str, int]
"""What tells an own effect of an activity from its others: the kind, what is done to it, its rule, which of those.

An activity that is planned again knows more and may have other effects, so a mere position could be that of another.
"""


class Planned:
    """A settled activity with its effects, its voucher, and what it measures."""

    __slots__ = (
        "amount",
        "effects",
        "incoming",
        "kernel_time",
        "lines",
        "measured_on",
        "measures",
        "own",
        "seq",
        "shifted",
        "skipped",
        "stored",
        "unit",
        "voucher",
    )

    def __init__(self, incoming: Incoming, at: int, *, kernel_time: bool) -> None:
        self.incoming = incoming
        self.amount = incoming.activity.amount
        self.unit = incoming.activity.unit
        self.lines = incoming.activity.lines
        # The activity as it will be stored.
        self.stored = incoming.activity
        if self.stored.occurred_at is None:
            self.stored = evolve(self.stored, occurred_at=moment(incoming.occurred))
        self.seq = 0
        self.voucher = Voucher(incoming.activity.id, at, incoming.kind.name, incoming.kept, incoming.inherits)
        # The instant is the kernel's clock (to be taken again under the lock), not that of a historical source.
        self.kernel_time = kernel_time
        self.effects: list[PlannedEffect] = []
        self.skipped: list[SkippedRule] = []
        self.measures: dict[str, int] = {}
        # The day on which it counts; a reversal counts on the day of what it takes back.
        self.measured_on = 0
        # What it counts on other days: by metric and number of the day.
        self.shifted: dict[tuple[str, int], int] = {}
        # What is to be done with effects of plugins' own, by what tells them apart.
        self.own: dict[Place, tuple[EffectKind, PlannedEffect]] = {}

    def put(self, kind: EffectKind, verb: str, effect: PlannedEffect) -> Place:
        """Add what is to be done with an effect of a plugin's own; return what tells it from the others."""
        number = 0
        while (place := (kind.name, verb, effect.rule, number)) in self.own:
            number += 1
        self.own[place] = kind, effect
        return place

    def take_back(self, amount: int, unit: str | None, lines: tuple[Line, ...]) -> None:
        """Say what it takes back: that is kept as its own amount and lines."""
        self.amount, self.unit, self.lines = amount, unit, lines
        self.stored = evolve(self.stored, amount=amount, unit=unit, lines=lines)

    def add(self, journal: Journal, effect: PlannedEffect) -> PlannedEffect:
        """Add an effect."""
        journal.push(self.effects, effect)
        return effect

    def measured(self, zone: ZoneInfo) -> dict[tuple[str, int], int]:
        """Return everything that it adds to metrics, by metric and number of the day."""
        day = day_number(local_day(self.measured_on, zone)) if self.measures else 0
        found = {(name, day): value for name, value in self.measures.items() if value}
        if not self.shifted:
            return found
        for key, value in self.shifted.items():
            found[key] = found.get(key, 0) + value
        return {key: value for key, value in found.items() if value}

    def child(self, kind: str, name: str, member: str | None = None, **values: Any) -> Activity:
        """Make an activity that follows from this one, known among its siblings by ``name``: the same in every plan."""
        parent = self.incoming.activity
        return Activity(
            id=child_id(parent.id, name),
            type=kind,
            member=member or parent.member,
            members=parent.members if member is None else (parent.member,),
            occurred_at=parent.occurred_at,
            source="core",
            external_id=f"{parent.id}:{name}",
            parent=parent.id,
            depth=parent.depth + 1,
            actor=parent.actor,
            **values,
        )
