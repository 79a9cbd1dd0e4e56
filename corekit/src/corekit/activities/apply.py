"""Settling one activity of a plan: its effects in order, what it measures, the tier it leads to, what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from corekit.activities.activity import Activity
from corekit.activities.checks import check
from corekit.activities.effects import Credit, Debit, Effect, Enrol, Follow, SetState, SetTier, Skipped, TakeBack
from corekit.activities.incoming import Incoming, internal, loaded
from corekit.activities.lives import enrol, set_state
from corekit.activities.measuring import measure
from corekit.activities.outcome import EffectOutcome, Outcome, SkippedRule
from corekit.activities.own_kinds import Guarded, calling, foresee
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.activities.reactions import Yielded
from corekit.activities.terms import expired
from corekit.activities.tiering import Tiering
from corekit.activities.undo import Undoing
from corekit.clock import micros, moment
from corekit.errors import PluginError, Refusal
from corekit.ledger.books import Teller, due_lots
from corekit.ledger.state import Lot, Member

MOST_DEPTH = 8
"""How deep activities may follow from each other."""


class Applier:
    """Applies to a plan what the plugins made of a wave. A refusal takes back its own activity's changes only."""

    def __init__(self, plan: Plan, guarded: Guarded) -> None:
        self.plan = plan
        self.terms = plan.terms
        self.guarded = guarded
        self._tiering = Tiering(plan)
        self._undoing = Undoing(plan, self._tiering, guarded)

    # ------------------------------------------------------------------------------------------------- expiry

    def expire(self, member: Member, at: int, *, kernel_time: bool) -> None:
        """Let the member's due lots lapse, one activity per account kind, before what comes at ``at``."""
        self.plan.need_lots_of_idle(member, at)
        for kind, lots in due_lots(member, at).items():
            if kind not in self.terms.chart.books:  # its plugin is off: its books rest
                continue
            self._expire(member, kind, lots, max(member.last_at + 1, at), kernel_time=kernel_time)

    def _expire(self, member: Member, kind: str, lots: Sequence[Lot], at: int, *, kernel_time: bool) -> None:
        book = self.terms.chart.books[kind]
        # Lots only ever move forward: the first lot and its count of movements name this expiry for ever.
        key = f"{expired(kind)}:{lots[0].id}:{lots[0].seq}"
        activity = Activity(
            type=expired(kind), member=member.id, occurred_at=moment(at), source="core", external_id=key
        )
        incoming = internal(activity, self.terms.types[activity.type], at, historical=not kernel_time)
        planned = Planned(incoming, at, kernel_time=kernel_time)
        amount = sum(lot.open for lot in lots)
        effect = planned.add(
            member.journal, PlannedEffect(book.owner, "Expire", "expiry@1", account=kind, amount=amount)
        )
        Teller(member, planned.voucher, effect.id, book, self.terms.zone).expire(lots)
        self._done(member, planned)

    # ------------------------------------------------------------------------------------------------ settling

    def settle(self, member: Member, incoming: Incoming, yielded: Sequence[Yielded]) -> list[Incoming]:
        """Plan one activity; return its follow-ons in order. A refusal becomes its answer."""
        at, kernel_time = self.plan.instant(member, incoming)
        planned = Planned(incoming, at, kernel_time=kernel_time)
        planned.measured_on = incoming.occurred
        follow_ons: list[Activity] = []
        if incoming.activity.depth > MOST_DEPTH:
            member.journal.roll_back()
            self.refuse(incoming, "FOLLOW_TOO_DEEP", {"most": MOST_DEPTH})
            return []
        try:
            if incoming.activity.reverses is not None:
                self._undoing.take_back(member, planned, incoming.activity.reverses, follow_ons)
            for owner, effect in yielded:
                self._apply(member, planned, owner, effect, follow_ons)
            measure(self.terms, member, planned)
            follow_ons.extend(self._tiering.changes(member, planned))
        except Refusal as refusal:
            member.journal.roll_back()
            self.refuse(incoming, refusal.code, refusal.parameters)
            return []
        self._done(member, planned)
        member.journal.keep()
        self.plan.answer(incoming, self._outcome(member, planned))
        return [self._following(planned, activity) for activity in follow_ons]

    def _done(self, member: Member, planned: Planned) -> None:
        journal = member.journal
        journal.set(member, "seq", member.seq + 1)
        journal.set(member, "last_at", planned.voucher.at)
        planned.seq = member.seq
        journal.push(member.planned, planned)

    def refuse(self, incoming: Incoming, code: str, parameters: Mapping[str, Any] | None = None) -> None:
        """Answer no, with the reason."""
        outcome = self.plan.refusal(incoming, code, parameters or {})
        self.plan.refused.append((incoming, outcome))
        self.plan.answer(incoming, outcome)

    def _outcome(self, member: Member, planned: Planned) -> Outcome:
        activity = planned.incoming.activity
        return Outcome(
            outcome="settled",
            source=activity.source,
            external_id=activity.external_id,
            member=member.id,
            activity_id=activity.id,
            type=activity.type,
            seq=planned.seq,
            effects=tuple(
                EffectOutcome(e.id, e.kind, e.rule, e.account, e.amount, e.state, e.code, e.undoes)
                for e in planned.effects
            ),
            skipped=tuple(planned.skipped),
        )

    def _following(self, planned: Planned, activity: Activity) -> Incoming:
        kind = self.terms.types[activity.type]
        occurred = micros(activity.occurred_at) if activity.occurred_at else planned.incoming.occurred
        return internal(activity, kind, occurred, historical=planned.incoming.historical)

    # ------------------------------------------------------------------------------------------------- effects

    def _apply(self, member: Member, planned: Planned, owner: str, effect: Effect, follow_ons: list[Activity]) -> None:
        otherwise = effect.otherwise or ("refuse" if planned.incoming.kind.command else "drop")
        if isinstance(effect, Follow):
            self._follow(planned, owner, effect, follow_ons)
            return
        if isinstance(effect, TakeBack):
            self._undoing.take_part(member, planned, owner, effect)
            return
        if isinstance(effect, Skipped):
            planned.skipped.append(SkippedRule(owner, effect.rule, effect.code, effect.parameters))
            return
        row = planned.add(member.journal, PlannedEffect.of(owner, effect, self.terms.effects))
        try:
            self._apply_one(member, planned, effect, row, follow_ons)
        except Refusal as refusal:
            if otherwise == "refuse":
                raise
            row.drop(refusal.code)

    def _apply_one(
        self, member: Member, planned: Planned, effect: Effect, row: PlannedEffect, follow_ons: list[Activity]
    ) -> None:
        if isinstance(effect, Credit):
            self._teller(member, planned, row, effect.account).credit(
                effect.amount,
                earned=planned.incoming.occurred,
                expires_at=micros(effect.expires_at) if effect.expires_at else None,
                available_from=micros(effect.available_from) if effect.available_from else None,
            )
        elif isinstance(effect, Debit):
            self._teller(member, planned, row, effect.account).debit(effect.amount)
            member.journal.put(member.spends, row.id, row)
        elif isinstance(effect, SetTier):
            self._tiering.assign(member, planned, effect.ladder, effect.tier, effect.reason, effect.measured)
        elif isinstance(effect, SetState):
            set_state(member, effect, row)
        elif isinstance(effect, Enrol):
            enrol(self.plan, member, planned, effect)
        else:
            self._apply_own(member, planned, effect, row, follow_ons)

    def _teller(self, member: Member, planned: Planned, row: PlannedEffect, account: str) -> Teller:
        return Teller(member, planned.voucher, row.id, self.terms.chart.books[account], self.terms.zone)

    def _apply_own(
        self, member: Member, planned: Planned, effect: Effect, row: PlannedEffect, follow_ons: list[Activity]
    ) -> None:
        kind, owner = self.terms.effects[type(effect)]
        code = self.guarded.get((planned.incoming.key, len(planned.own)))
        planned.own.append((kind, "apply", row))
        if code is not None:
            raise Refusal(code, effect=kind.name)
        with calling(owner, kind.name):
            prepared = kind.fold(member.prepared.get(owner), effect) if kind.fold is not None else None
            follow = kind.follow(effect) if kind.follow is not None else None
        foresee(member, owner, prepared, foreseen=kind.fold is not None)
        if follow is not None:
            check(follow, owner, self.terms, {planned.incoming.activity.id: planned})
            self._follow(planned, owner, follow, follow_ons)

    def _follow(self, planned: Planned, owner: str, effect: Follow, follow_ons: list[Activity]) -> None:
        activity = planned.child(
            effect.type,
            f"{owner}:{effect.name}",
            payload=loaded(effect.payload, self.terms.schemas[effect.type]),
            amount=effect.amount,
            unit=effect.unit,
        )
        if any(activity.external_id == sibling.external_id for sibling in follow_ons):
            message = f"plugin {owner} lets two activities named {effect.name!r} follow; give each a name of its own"
            raise PluginError(message, code="EFFECT_INVALID", plugin=owner)
        follow_ons.append(activity)
