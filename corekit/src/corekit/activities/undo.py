"""Taking an activity of a plan back: each of its stored effects is undone, and what followed is taken back after it."""

from __future__ import annotations

from typing import Any

from corekit.activities import freezing, merging, persons
from corekit.activities.activity import Activity
from corekit.activities.effects import TakeBack
from corekit.activities.incoming import MERGED
from corekit.activities.loading import PERSON_KINDS
from corekit.activities.measuring import shift
from corekit.activities.own_kinds import Guarded, calling, foresee
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.activities.returns import Return
from corekit.activities.reverse import GIVES, RECEIVED, WITH_PARENT, Original, StoredEffect
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
        if original.type in WITH_PARENT - {RECEIVED} and planned.incoming.activity.parent is None:
            raise Refusal("REVERSAL_OF_MERGE_PART", activity=target, merge=original.parent)
        if original.type == RECEIVED and planned.incoming.activity.parent is None:
            raise Refusal("REVERSAL_OF_RECEIPT", activity=target, transfer=original.parent)
        if original.type == MERGED and member.merged_into is not None:
            raise Refusal("MEMBER_MERGED", survivor=member.merged_into)
        if original.is_reversed:
            raise Refusal("ALREADY_REVERSED", activity=target)
        back = original.coming_back(planned.incoming.activity)
        member.journal.set(original, "is_reversed", value=back.completes)
        member.journal.set(original, "returned", back.after)
        planned.take_back(back.amount, original.unit, back.lines(original.lines))
        planned.measured_on = original.occurred
        planned.voucher.undone, planned.voucher.inherits = original.type, original.dimensions
        planned.measures.update({name: -back.of_whole(value) for name, value in original.measures.items()})
        for effect in original.effects:
            self._undo(member, planned, original, effect, back)
        if planned.incoming.activity.parent is None and back.completes:
            follow_ons.extend(
                planned.child(
                    "reversal",
                    f"undo:{below.id}",
                    below.member if below.member != member.id else None,
                    reverses=below.id,
                )
                for below in original.below()
                if not below.is_reversed and not below.is_reversal
            )
            self._plan.links += [(member.id, below.member) for below in original.below() if below.member != member.id]

    def _undo(self, member: Member, planned: Planned, original: Original, effect: StoredEffect, back: Return) -> None:
        if effect.kind == "TakeBack":
            raise Refusal("REVERSAL_OF_REVERSAL", activity=original.id)
        amount = 0 if _stays(member, effect) else self._part(original, effect, back)
        if not amount:
            return
        self._check_owner(effect)
        row = planned.add(member.journal, effect.undoing(amount))
        member.journal.set(effect, "undone", effect.undone + amount)
        self._plan.change_effect(member, effect.id, undone=amount)

        if effect.account is not None:
            self._undo_value(member, planned, effect, row, effect.account)
        elif effect.kind in {"SetTier", "PlaceInTier"}:
            self._tiering.withdraw(member, planned, original, (effect.data or {}).get("ladder"))
        elif effect.kind == "SetAccountState":
            freezing.undo(self._plan, member, effect)
        elif effect.kind in {"RequestTier", "ClaimBenefit", "Merge", "PassOn", "TakeDebt"}:
            pass  # a claim is a measure, the others led to follow-ons: they are taken back as such
        elif effect.kind == "ShiftMetrics":
            shift(planned, (effect.data or {})["days"], -1)
        elif effect.kind in PERSON_KINDS or effect.kind == "SetState":
            self._undo_life(member, planned, original, effect, row)
        else:
            self._undo_own(member, planned, effect, row)

    def _undo_life(
        self, member: Member, planned: Planned, original: Original, effect: StoredEffect, row: PlannedEffect
    ) -> None:
        data = effect.data or {}
        if effect.kind == "GiveUp":
            merging.undo(self._plan, member, planned, original.id, data)
        elif effect.kind != "SetState":
            persons.undo(self._plan, member, planned, original.id, effect, row)
        elif data and member.state == data["state"]:
            member.journal.set(member, "state", data["was"])

    def _check_owner(self, effect: StoredEffect) -> None:
        """Refuse what only a plugin could take back that is off."""
        known = effect.kind in self._terms.effects_by_name or effect.kind in PERSON_KINDS or effect.owner == CORE
        if not known if effect.account is None else effect.account not in self._terms.chart.books:
            raise Refusal("PLUGIN_OFF", plugin=effect.owner)

    def _undo_value(
        self, member: Member, planned: Planned, effect: StoredEffect, row: PlannedEffect, account: str
    ) -> None:
        book = self._terms.book(account, planned.incoming.occurred)
        if effect.kind == "Hold":
            Teller(member, planned.voucher, row.id, book, self._terms.zone).release(member.holds[effect.id])
            return

        def unfund(spend: str, part: int) -> None:
            self._plan.change_effect(member, spend, unfunded=part)

        house = {"source": (effect.data or {})["source"]} if effect.kind == "Receive" else {}
        house |= {"sink": "transfer"} if effect.kind in {"Transfer", "Owe"} else {}
        if effect.kind == "Debit" and effect.data and "sink" in effect.data:
            house["sink"] = effect.data["sink"]
        teller = Teller(member, planned.voucher, row.id, book, self._terms.zone, **house)
        undo = teller.claw_back if effect.kind in GIVES else teller.restore
        undo(row.amount, effect.id, unfund)

    def _part(self, original: Original, effect: StoredEffect, back: Return) -> int:
        own, _ = self._terms.effects_by_name.get(effect.kind, (None, CORE))
        if own is None or own.partial == "proportional":
            return effect.part(back, original.together(effect))
        return effect.remaining if own.partial == "revoke" else 0

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
                book = self._terms.book(account, planned.incoming.occurred)
                Teller(member, planned.voucher, row.id, book, self._terms.zone).claw_back(part, credit.id, unfund)

    def _undo_own(self, member: Member, planned: Planned, effect: StoredEffect, row: PlannedEffect) -> None:
        kind, owner = self._terms.effects_by_name[effect.kind]
        with calling(owner, kind.name):
            told: dict[str, Any] = {**(effect.data or {}), **({"amount": row.amount} if kind.divisible else {})}
            row.value = kind.effect(planned.incoming.activity, rule=effect.rule, **told)
        code = self._guarded.get((planned.incoming.key, planned.put(kind, "undo", row)))
        if code is not None:
            raise Refusal(code, effect=kind.name)
        with calling(owner, kind.name):
            prepared = kind.unfold(member.prepared.get(owner), row.value) if kind.unfold is not None else None
        foresee(member, owner, prepared, foreseen=kind.unfold is not None)


def _stays(member: Member, effect: StoredEffect) -> bool:
    """Say whether an effect has nothing to undo.

    Who joined stays a member: cancelling is an activity of its own. Of a hold that was resolved the capture is what can
    be taken back.
    """
    if effect.kind == "Hold":
        return effect.id not in member.holds or member.holds[effect.id].outcome is not None
    return effect.kind in {"Enrol", "Release"}
