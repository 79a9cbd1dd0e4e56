"""Taking an activity of a plan back: each of its stored effects is undone, and what followed is taken back after it."""

from __future__ import annotations

from corekit.activities.activity import Activity
from corekit.activities.effects import TakeBack
from corekit.activities.own_kinds import Guarded, calling, foresee
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.activities.reverse import Original, StoredEffect
from corekit.activities.tiering import Tiering
from corekit.errors import Refusal
from corekit.ledger.books import Teller
from corekit.ledger.state import Member
from corekit.registry import CORE


class Undoing:
    """Undoes effects by reference to what is stored of them; no rule runs again."""

    def __init__(self, plan: Plan, tiering: Tiering, guarded: Guarded) -> None:
        self._plan = plan
        self._terms = plan.terms
        self._tiering = tiering
        self._guarded = guarded

    def take_back(self, member: Member, planned: Planned, target: str, follow_ons: list[Activity]) -> None:
        """Undo what an earlier activity of the member did; its own follow-ons are taken back by follow-ons."""
        original = self._plan.originals.get(target)
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
        own, _ = self._terms.effects_by_name.get(effect.kind, (None, CORE))
        if effect.kind == "Enrol" or (own is not None and own.partial == "keep"):
            return  # what is declared to stay; who joined stays a member: cancelling is an activity of its own
        if effect.account not in (None, *self._terms.chart.books) or (
            effect.account is None and effect.owner != CORE and effect.kind not in self._terms.effects_by_name
        ):
            raise Refusal("PLUGIN_OFF", plugin=effect.owner)
        if effect.kind == "TakeBack":
            raise Refusal("REVERSAL_OF_REVERSAL", activity=original.id)
        amount = effect.remaining
        row = planned.add(member.journal, effect.undoing(amount))
        member.journal.set(effect, "undone", effect.undone + amount)
        self._plan.change_effect(member, effect.id, undone=amount)

        def unfund(spend: str, part: int) -> None:
            self._plan.change_effect(member, spend, unfunded=part)

        if effect.kind in {"Credit", "Debit"} and effect.account is not None:
            teller = Teller(member, planned.voucher, row.id, self._terms.chart.books[effect.account], self._terms.zone)
            undo = teller.claw_back if effect.kind == "Credit" else teller.restore
            undo(amount, effect.id, unfund)
        elif effect.kind == "SetTier":
            self._tiering.withdraw(member, planned, original, (effect.data or {}).get("ladder"))
        elif effect.kind == "SetState":
            if effect.data and member.state == effect.data["state"]:
                member.journal.set(member, "state", effect.data["was"])
        else:
            self._undo_own(member, planned, effect, row)

    def take_part(self, member: Member, planned: Planned, owner: str, wanted: TakeBack) -> None:
        """Take back a part of what an earlier activity of the member credited to an account."""
        original = self._plan.originals.get(wanted.target)
        if original is None or original.member != member.id:
            raise Refusal("REVERSAL_UNKNOWN", activity=wanted.target)
        if original.is_reversal:
            raise Refusal("REVERSAL_OF_REVERSAL", activity=wanted.target)
        account = wanted.account
        given = [each for each in original.effects if each.kind == "Credit" and each.account == account]
        left = sum(each.remaining for each in given)
        amount = left if wanted.amount is None else wanted.amount
        if not 0 < amount <= left:
            raise Refusal("TAKE_BACK_TOO_MUCH", account=account, left=str(left), asked=str(amount or 1))

        def unfund(spend: str, part: int) -> None:
            self._plan.change_effect(member, spend, unfunded=part)

        for credit in given:
            if part := min(amount, credit.remaining):
                amount -= part
                undoing = PlannedEffect(owner, "TakeBack", wanted.rule, account=account, amount=part, undoes=credit.id)
                row = planned.add(member.journal, undoing)
                member.journal.set(credit, "undone", credit.undone + part)
                self._plan.change_effect(member, credit.id, undone=part)
                book = self._terms.chart.books[account]
                Teller(member, planned.voucher, row.id, book, self._terms.zone).claw_back(part, credit.id, unfund)

    def _undo_own(self, member: Member, planned: Planned, effect: StoredEffect, row: PlannedEffect) -> None:
        kind, owner = self._terms.effects_by_name[effect.kind]
        with calling(owner, kind.name):
            row.value = kind.effect(planned.incoming.activity, rule=effect.rule, **(effect.data or {}))
        code = self._guarded.get((planned.incoming.key, len(planned.own)))
        planned.own.append((kind, "undo", row))
        if code is not None:
            raise Refusal(code, effect=kind.name)
        with calling(owner, kind.name):
            prepared = kind.unfold(member.prepared.get(owner), row.value) if kind.unfold is not None else None
        foresee(member, owner, prepared, foreseen=kind.unfold is not None)
