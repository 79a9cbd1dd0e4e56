"""Settling one activity of a plan: its effects in order, what it measures, the tier it leads to, what follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from corekit.activities import across, freezing, holding, merging, moving, persons
from corekit.activities.activity import Activity
from corekit.activities.checks import check
from corekit.activities.closing import close
from corekit.activities.effects import (
    Across,
    Capture,
    CaptureAcross,
    ClaimBenefit,
    CloseAccount,
    Credit,
    Debit,
    Effect,
    Enrol,
    Follow,
    GiveUp,
    Hold,
    Merge,
    PassOn,
    PersonEffect,
    PlaceInTier,
    Receive,
    Release,
    ReleaseAcross,
    RequestTier,
    SetAccountState,
    SetState,
    SetTier,
    ShiftMetrics,
    Skipped,
    TakeBack,
    TakeDebt,
    Transfer,
    parts_of,
)
from corekit.activities.incoming import Incoming, internal
from corekit.activities.lives import enrol, set_state
from corekit.activities.loading import due_holds
from corekit.activities.measuring import measure, shift
from corekit.activities.outcome import EffectOutcome, Outcome, SkippedRule
from corekit.activities.own_kinds import Guarded, calling, foresee
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.activities.reactions import Yielded
from corekit.activities.receiving import loaded
from corekit.activities.reverse import HOLD_EXPIRED
from corekit.activities.terms import expired
from corekit.activities.tiering import Tiering
from corekit.activities.undo import Undoing
from corekit.clock import micros, moment
from corekit.errors import PluginError, Refusal
from corekit.ledger.books import Teller, due_lots
from corekit.ledger.chart import Book
from corekit.ledger.state import HeldValue, Lot, Member

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

    def expire_before(self, coming: Sequence[tuple[Member, Incoming]]) -> None:
        """Let what is due of members lapse before what comes of them."""
        instants = [self.plan.instant(member, incoming) for member, incoming in coming]
        self.plan.need_due_holds((member, at) for (member, _), (at, _) in zip(coming, instants, strict=True))
        for (member, _), (at, kernel_time) in zip(coming, instants, strict=True):
            self.expire(member, at, kernel_time=kernel_time)

    def expire(self, member: Member, at: int, *, kernel_time: bool) -> None:
        """Let the member's due holds and lots lapse before what comes at ``at``: an activity for each hold and kind."""
        for hold in due_holds(member, at, self.terms.chart):
            self._expire_hold(member, hold, max(member.last_at + 1, at), kernel_time=kernel_time)
        self.plan.need_lots_of_idle(member, at)
        for kind, lots in due_lots(member, at).items():
            if kind not in self.terms.chart.books:  # its plugin is off: its books rest
                continue
            self._expire(member, kind, lots, max(member.last_at + 1, at), kernel_time=kernel_time)

    def _expire(self, member: Member, kind: str, lots: Sequence[Lot], at: int, *, kernel_time: bool) -> None:
        book = self.terms.book(kind, at)
        # Lots only ever move forward: the first lot and its count of movements name this expiry for ever.
        key = f"{expired(kind)}:{lots[0].id}:{lots[0].seq}"
        planned = self._lapsing(member, expired(kind), key, at, kernel_time=kernel_time)
        amount = sum(lot.open for lot in lots)
        effect = planned.add(
            member.journal, PlannedEffect(book.owner, "Expire", "expiry@1", account=kind, amount=amount)
        )
        Teller(member, planned.voucher, effect.id, book, self.terms.zone).expire(lots)
        self._done(member, planned)

    def _expire_hold(self, member: Member, hold: HeldValue, at: int, *, kernel_time: bool) -> None:
        book = self.terms.book(hold.account.kind, at)
        planned = self._lapsing(member, HOLD_EXPIRED, f"{HOLD_EXPIRED}:{hold.id}", at, kernel_time=kernel_time)
        told = {"hold": hold.id}
        effect = planned.add(
            member.journal,
            PlannedEffect(book.owner, "Release", "expiry@1", account=book.code, amount=hold.amount, data=told),
        )
        Teller(member, planned.voucher, effect.id, book, self.terms.zone).release(hold, "expired")
        self._done(member, planned)

    def _lapsing(self, member: Member, kind: str, key: str, at: int, *, kernel_time: bool) -> Planned:
        activity = Activity(type=kind, member=member.id, occurred_at=moment(at), source="core", external_id=key)
        incoming = internal(activity, self.terms.types[kind], at, historical=not kernel_time)
        return Planned(incoming, at, kernel_time=kernel_time)

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
            follow_ons.extend(merging.passed_on(self.plan, member, planned))
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
        self.plan.sink(incoming, Refusal(code, **(parameters or {})))
        outcome = self.plan.refusal(incoming, code, parameters or {})
        if incoming.cause is None:  # else what it came before is refused in its place
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
        following = internal(activity, kind, occurred, historical=planned.incoming.historical)
        following.above = planned.incoming
        if dimensions := self.terms.chart.dimensions:
            following.inherits = planned.voucher.told(dimensions, planned.voucher.of_hold)
        return following

    # ------------------------------------------------------------------------------------------------- effects

    def _apply(self, member: Member, planned: Planned, owner: str, effect: Effect, follow_ons: list[Activity]) -> None:
        otherwise = effect.otherwise or ("refuse" if planned.incoming.kind.command else "drop")
        if isinstance(effect, TakeBack):
            self._undoing.take_part(member, planned, owner, effect)
            return
        if isinstance(effect, Skipped):
            planned.skipped.append(SkippedRule(owner, effect.rule, effect.code, effect.parameters))
            return
        start = member.journal.mark(), planned.voucher.mark(), len(follow_ons)
        rows: dict[int, PlannedEffect] = {}
        try:
            for number, part in enumerate(parts_of(effect)):
                if isinstance(part, Follow):
                    self._follow(planned, owner, part, follow_ons)
                elif isinstance(part, Across):
                    across.take(self.plan, member, planned, owner, part)
                elif isinstance(part, CaptureAcross | ReleaseAcross):
                    holding.resolve_all(self.plan, member, planned, owner, part)
                else:
                    row = rows[number] = PlannedEffect.of(owner, part, self.terms.effects)
                    self._apply_one(member, planned, part, planned.add(member.journal, row), follow_ons)
        except Refusal as refusal:
            if otherwise == "refuse":
                raise
            member.journal.roll_back(start[0])
            planned.voucher.cut(start[1])
            del follow_ons[start[2] :]
            self._drop(member, planned, owner, effect, rows, refusal.code)

    def _drop(
        self,
        member: Member,
        planned: Planned,
        owner: str,
        effect: Effect,
        tried: Mapping[int, PlannedEffect],
        code: str,
    ) -> None:
        """Record that an effect, or all of a bundle, could not be applied; ``tried`` are rows by number of the part."""
        for number, part in enumerate(parts_of(effect)):
            if not isinstance(part, Follow):
                row = tried.get(number) or PlannedEffect.of(owner, part, self.terms.effects)
                row.drop(code)
                planned.add(member.journal, row)

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
        elif isinstance(effect, Transfer):
            moving.transfer(self.plan, member, planned, effect, row, follow_ons)
        elif isinstance(effect, Hold | Receive | Capture | Release):
            self._move(member, planned, effect, row)
        elif isinstance(effect, SetTier | PlaceInTier | RequestTier | ClaimBenefit):
            self._tiering.apply(member, planned, effect, follow_ons)
        elif isinstance(effect, CloseAccount):
            close(self.plan, member, planned, effect, row)
        elif isinstance(effect, ShiftMetrics):
            shift(planned, effect.days)
        elif isinstance(effect, Merge | GiveUp | PassOn | TakeDebt):
            merging.apply(self.plan, member, planned, effect, row, follow_ons)
        elif isinstance(effect, SetState | SetAccountState | Enrol | PersonEffect):
            self._live(member, planned, effect, row)
        else:
            self._apply_own(member, planned, effect, row, follow_ons)

    def _live(
        self,
        member: Member,
        planned: Planned,
        effect: SetState | SetAccountState | Enrol | PersonEffect,
        row: PlannedEffect,
    ) -> None:
        if isinstance(effect, SetState):
            set_state(member, effect, row)
        elif isinstance(effect, SetAccountState):
            freezing.set_state(self.plan, member, planned, effect, row)
        elif isinstance(effect, Enrol):
            enrol(self.plan, member, planned, effect)
        else:
            persons.apply(self.plan, member, planned, effect, row)

    def _move(
        self, member: Member, planned: Planned, effect: Hold | Receive | Capture | Release, row: PlannedEffect
    ) -> None:
        if isinstance(effect, Capture | Release):
            holding.resolve(self.plan, member, planned, effect, row)
            return
        book = self._book(effect.account, planned.incoming.occurred)
        if isinstance(effect, Hold):
            holding.place(self.plan, member, planned, effect, row, book)
        else:
            moving.receive(self.plan, member, planned, effect, row, book)

    def _book(self, account: str, occurred: int) -> Book:
        """Return the book of an account that somebody asked for."""
        if account not in self.terms.chart.books:
            raise Refusal("ACCOUNT_UNKNOWN", account=account)
        return self.terms.book(account, occurred)

    def _teller(self, member: Member, planned: Planned, row: PlannedEffect, account: str) -> Teller:
        book = self.terms.book(account, planned.incoming.occurred)
        return Teller(member, planned.voucher, row.id, book, self.terms.zone)

    def _apply_own(
        self, member: Member, planned: Planned, effect: Effect, row: PlannedEffect, follow_ons: list[Activity]
    ) -> None:
        kind, owner = self.terms.effects[type(effect)]
        code = self.guarded.get((planned.incoming.key, planned.put(kind, "apply", row)))
        if code is not None:
            raise Refusal(code, effect=kind.name)
        with calling(owner, kind.name):
            prepared = kind.fold(member.prepared.get(owner), effect) if kind.fold is not None else None
            follow = kind.follow(effect) if kind.follow is not None else None
        foresee(member, owner, prepared, foreseen=kind.fold is not None)
        if follow is not None:
            check(follow, owner, self.terms, {planned.incoming.activity.id: planned.incoming.activity})
            self._follow(planned, owner, follow, follow_ons)

    def _follow(self, planned: Planned, owner: str, effect: Follow, follow_ons: list[Activity]) -> None:
        activity = planned.child(
            effect.type,
            f"{owner}:{effect.name}",
            effect.member,
            payload=loaded(effect.payload, self.terms.schemas[effect.type]),
            amount=effect.amount,
            unit=effect.unit,
        )
        if effect.member is not None:
            self.plan.links.append((planned.incoming.activity.member, effect.member))
        if any(activity.external_id == sibling.external_id for sibling in follow_ons):
            message = f"plugin {owner} lets two activities named {effect.name!r} follow; give each a name of its own"
            raise PluginError(message, code="EFFECT_INVALID", plugin=owner)
        follow_ons.append(activity)
