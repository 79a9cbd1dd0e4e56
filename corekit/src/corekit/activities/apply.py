"""Settling one activity of a plan: its effects in order, what it measures, the tier it leads to, what follows."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from corekit.activities.activity import Activity
from corekit.activities.checks import check
from corekit.activities.effects import Credit, Debit, Effect, Enrol, Follow, SetState, SetTier
from corekit.activities.incoming import Incoming, Key, internal, loaded
from corekit.activities.outcome import EffectOutcome, Outcome
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.activities.planned_facts import summed, tier_at
from corekit.activities.reactions import Yielded
from corekit.activities.reverse import Original, StoredEffect
from corekit.activities.terms import expired
from corekit.clock import day_number, micros, moment
from corekit.errors import PluginError, PluginRaised, Refusal
from corekit.ledger.books import Teller, due_lots
from corekit.ledger.state import Assignment, Lot, Member
from corekit.metrics import Window
from corekit.registry import CORE
from corekit.tiers.evaluate import qualified
from corekit.tiers.ladder import Ladder

REVERSAL = "reversal"
"""Why a member stands in a tier to which a reversal led back."""
MOST_DEPTH = 8
"""How deep activities may follow from each other."""

Guarded = dict[tuple[Key, int], str]
"""Effects whose guard failed when written: key and position among the activity's own effects, and the code."""


class Applier:
    """Applies to a plan what the plugins made of a wave. A refusal takes back its own activity's changes only."""

    def __init__(self, plan: Plan, guarded: Guarded) -> None:
        self.plan = plan
        self.terms = plan.terms
        self.guarded = guarded

    # ------------------------------------------------------------------------------------------------- expiry

    def expire(self, member: Member, at: int, *, kernel_time: bool) -> None:
        """Let the member's due lots lapse, one activity per account kind, before what comes at ``at``."""
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
        Teller(member, planned.voucher, effect.id, book).expire(lots)
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
                self._take_back(member, planned, incoming.activity.reverses, follow_ons)
            for owner, effect in yielded:
                self._apply(member, planned, owner, effect, follow_ons)
            self._measure(member, planned)
            follow_ons.extend(self._tier_changes(member, planned))
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
                zone=self.terms.zone,
                expires_at=micros(effect.expires_at) if effect.expires_at else None,
            )
        elif isinstance(effect, Debit):
            self._teller(member, planned, row, effect.account).debit(effect.amount)
            member.journal.put(member.spends, row.id, row)
        elif isinstance(effect, SetTier):
            self._assign(member, planned, effect.ladder, effect.tier, effect.reason, effect.measured)
        elif isinstance(effect, SetState):
            row.data = {"state": effect.state, "was": member.state, "reason": effect.reason}
            member.journal.set(member, "state", effect.state)
        elif isinstance(effect, Enrol):
            self._enrol(member, planned, effect)
        else:
            self._apply_own(member, planned, effect, row, follow_ons)

    def _teller(self, member: Member, planned: Planned, row: PlannedEffect, account: str) -> Teller:
        return Teller(member, planned.voucher, row.id, self.terms.chart.books[account])

    def _enrol(self, member: Member, planned: Planned, effect: Enrol) -> None:
        external_id = effect.profile.get("external_id")
        if external_id is not None:
            if self.plan.is_taken(external_id):
                raise Refusal("MEMBER_EXISTS", external_id=external_id)
            self.plan.take_name(member, external_id)
        member.journal.set(member, "state", effect.state)
        member.journal.set(member, "joined_at", planned.incoming.occurred)
        member.journal.set(member, "profile", effect.profile)
        member.journal.set(member, "attributes", effect.profile.get("attributes") or {})

    def _apply_own(
        self, member: Member, planned: Planned, effect: Effect, row: PlannedEffect, follow_ons: list[Activity]
    ) -> None:
        kind, owner = self.terms.effects[type(effect)]
        code = self.guarded.get((planned.incoming.key, len(planned.own)))
        planned.own.append((kind, "apply", row))
        if code is not None:
            raise Refusal(code, effect=kind.name)
        with _calling(owner, kind.name):
            prepared = kind.fold(member.prepared.get(owner), effect) if kind.fold is not None else None
            follow = kind.follow(effect) if kind.follow is not None else None
        self._foresee(member, owner, prepared, foreseen=kind.fold is not None)
        if follow is not None:
            check(follow, owner, self.terms, {planned.incoming.activity.id: planned})
            self._follow(planned, owner, follow, follow_ons)

    def _foresee(self, member: Member, owner: str, prepared: Any, *, foreseen: bool) -> None:
        """Let the plugin's next reaction to the member see what this effect will have done."""
        if foreseen:
            member.journal.put(member.prepared, owner, prepared)
        else:
            member.journal.set(member, "stale", value=True)

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

    def _assign(self, member: Member, planned: Planned, ladder: str, tier: str, reason: str, measured: Any) -> None:
        journal = member.journal
        stays = member.assignments.get(ladder)
        if stays is None:
            stays = []
            journal.put(member.assignments, ladder, stays)
        if stays and stays[-1].valid_to is None:
            journal.set(stays[-1], "valid_to", planned.voucher.at)
            journal.set(stays[-1], "ended_by", planned.voucher)
        journal.push(
            stays,
            Assignment(
                ladder, tier, planned.voucher, reason=reason, measured=measured, program=self.terms.program.version
            ),
        )

    # ------------------------------------------------------------------------------------------------ measuring

    def _measure(self, member: Member, planned: Planned) -> None:
        activity = planned.incoming.activity
        measures = planned.measures
        for metric in self.terms.measured.get(activity.type, ()):
            measures[metric.name] = activity.amount if metric.measure == "amount" else 1
        for effect in planned.effects:
            if effect.kind == "Credit" and effect.undoes is None and effect.state == "applied":
                for metric in self.terms.credited.get(effect.account or "", ()):
                    if metric.rule is None or metric.rule == effect.rule.partition("@")[0]:
                        measures[metric.name] = measures.get(metric.name, 0) + effect.amount
        day = day_number(self.terms.day(planned.measured_on))
        for name, value in measures.items():
            if value:
                member.journal.put(member.metrics, name, member.metrics.get(name, 0) + value)
                days = member.days.get(name)
                if days is None:
                    days = {}
                    member.journal.put(member.days, name, days)
                member.journal.put(days, day, days.get(day, 0) + value)

    # --------------------------------------------------------------------------------------------------- tiers

    def _tier_changes(self, member: Member, planned: Planned) -> list[Activity]:
        """Return the changes to higher tiers that the member qualifies for now.

        And to lower ones where an earlier reversal led to a tier that rests on what this one takes back.
        """
        if not member.exists or self.terms.ladder_metrics.isdisjoint(planned.measures):
            return []
        found: list[Activity] = []
        for ladder in self.terms.ladders:
            tier, measured = self._qualified(member, ladder, planned.voucher.at)
            standing = self._standing(member, ladder)
            if tier.rank > standing:
                found.append(self._change(planned, ladder, standing, tier.code, "qualified", measured))
            elif tier.rank < standing and _rests_on_what_is_left(member, ladder):
                found.append(self._change(planned, ladder, standing, tier.code, REVERSAL, measured))
        return found

    def _qualified(self, member: Member, ladder: Ladder, at: int) -> Any:
        today = self.terms.day(at).toordinal()

        def measure(metric: str, window: Window) -> int:
            return summed(member, metric, window, today)

        return qualified(ladder, measure)

    def _standing(self, member: Member, ladder: Ladder) -> int:
        code = tier_at(member, ladder.code, 1 << 62)
        return next((tier.rank for tier in ladder.tiers if tier.code == code), 0)

    def _change(
        self, planned: Planned, ladder: Ladder, standing: int, tier: str, reason: str, measured: Any
    ) -> Activity:
        payload = {
            "ladder": ladder.code,
            "from_tier": ladder.tiers[standing].code,
            "to_tier": tier,
            "reason": reason,
            "measured": dict(measured),
        }
        return planned.child("tier.changed", f"tier:{ladder.code}", payload=payload)

    # ------------------------------------------------------------------------------------------------- reversal

    def _take_back(self, member: Member, planned: Planned, target: str, follow_ons: list[Activity]) -> None:
        original = self.plan.originals.get(target)
        if original is None or original.member != member.id:
            raise Refusal("REVERSAL_UNKNOWN", activity=target)
        if original.is_reversal:
            raise Refusal("REVERSAL_OF_REVERSAL", activity=target)
        if original.is_expiry:
            raise Refusal("REVERSAL_OF_EXPIRY", activity=target)
        if original.is_reversed:
            raise Refusal("ALREADY_REVERSED", activity=target)
        member.journal.set(original, "is_reversed", value=True)
        planned.measured_on = original.occurred
        planned.measures.update({name: -value for name, value in original.measures.items()})
        for effect in original.effects:
            if effect.remaining:
                self._undo(member, planned, original, effect)
        if planned.incoming.activity.parent is None:
            follow_ons.extend(
                planned.child("reversal", f"undo:{below.id}", reverses=below.id)
                for below in original.below()
                if not below.is_reversed and not below.is_reversal
            )

    def _undo(self, member: Member, planned: Planned, original: Original, effect: StoredEffect) -> None:
        own, _ = self.terms.effects_by_name.get(effect.kind, (None, CORE))
        if effect.kind == "Enrol" or (own is not None and own.partial == "keep"):
            return  # what is declared to stay; who joined stays a member: cancelling is an activity of its own
        if effect.account not in (None, *self.terms.chart.books) or (
            effect.account is None and effect.owner != CORE and effect.kind not in self.terms.effects_by_name
        ):
            raise Refusal("PLUGIN_OFF", plugin=effect.owner)
        amount = effect.remaining
        row = planned.add(member.journal, effect.undoing(amount))
        self.plan.change_effect(member, effect.id, undone=amount)

        def unfund(spend: str, part: int) -> None:
            self.plan.change_effect(member, spend, unfunded=part)

        if effect.kind in {"Credit", "Debit"} and effect.account is not None:
            teller = self._teller(member, planned, row, effect.account)
            undo = teller.claw_back if effect.kind == "Credit" else teller.restore
            undo(amount, effect.id, unfund)
        elif effect.kind == "SetTier":
            self._withdraw(member, planned, original, (effect.data or {}).get("ladder"))
        elif effect.kind == "SetState":
            if effect.data and member.state == effect.data["state"]:
                member.journal.set(member, "state", effect.data["was"])
        else:
            self._undo_own(member, planned, effect, row)

    def _undo_own(self, member: Member, planned: Planned, effect: StoredEffect, row: PlannedEffect) -> None:
        kind, owner = self.terms.effects_by_name[effect.kind]
        with _calling(owner, kind.name):
            row.value = kind.effect(planned.incoming.activity, rule=effect.rule, **(effect.data or {}))
        code = self.guarded.get((planned.incoming.key, len(planned.own)))
        planned.own.append((kind, "undo", row))
        if code is not None:
            raise Refusal(code, effect=kind.name)
        with _calling(owner, kind.name):
            prepared = kind.unfold(member.prepared.get(owner), row.value) if kind.unfold is not None else None
        self._foresee(member, owner, prepared, foreseen=kind.unfold is not None)

    def _withdraw(self, member: Member, planned: Planned, original: Original, code: str | None) -> None:
        """Take back a tier whose cause was reversed, if the ladder says so and the member no longer qualifies."""
        for ladder in self.terms.ladders:
            stays = member.assignments.get(ladder.code)
            if not stays or ladder.code != code or ladder.on_reversal == "keep":
                continue
            if stays[-1].activity_id != original.id:  # another activity gave the tier in which the member stands
                continue
            tier, measured = self._qualified(member, ladder, planned.voucher.at)
            if tier.rank < self._standing(member, ladder):
                self._assign(member, planned, ladder.code, tier.code, REVERSAL, measured)


def _rests_on_what_is_left(member: Member, ladder: Ladder) -> bool:
    """Say whether a reversal led the member to the tier in which it stands."""
    return ladder.on_reversal == "withdraw" and member.assignments[ladder.code][-1].reason == REVERSAL


@contextmanager
def _calling(plugin: str, what: str) -> Generator[None]:
    """Turn what a plugin raises into an error that names it."""
    try:
        yield
    except Exception as error:
        message = f"plugin {plugin} raised in the effect kind {what}: {type(error).__name__}: {error}"
        raise PluginRaised(message, plugin=plugin, hook=what) from error
