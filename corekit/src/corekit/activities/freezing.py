"""Accounts of members that are frozen: nothing may be taken from them, or nothing comes in either, until unfrozen.

What stands is the last word on an account that was not taken back; where there is none, it is open. Taking one back
leads to the word before it, whatever the order in which they are taken back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from marshmallow import Schema, fields, validate

from corekit.activities.activity import Batch
from corekit.activities.effects import AccountState, Effect, SetAccountState
from corekit.activities.plan import Plan
from corekit.activities.planned import Planned, PlannedEffect
from corekit.activities.reverse import StoredEffect
from corekit.declares import ActivityType, ErrorText
from corekit.errors import Refusal
from corekit.ledger.state import Account, Member


class AccountSchema(Schema):
    """Which account, and why."""

    account = fields.String(required=True, validate=validate.Length(1, 200))
    reason = fields.String(load_default="", validate=validate.Length(max=500))


class AccountFrozenSchema(AccountSchema):
    """Which account, why, and whether value may still come in."""

    debits_only = fields.Boolean(load_default=False)


ACTIVITIES = (
    ActivityType(
        name="account.frozen",
        description="Nothing may be taken from an account of the member, and nothing comes in either.",
        schema=AccountFrozenSchema,
        command=True,
    ),
    ActivityType(
        name="account.unfrozen", description="An account of the member is open.", schema=AccountSchema, command=True
    ),
)
ERRORS = (
    ErrorText(
        "ACCOUNT_CLOSED_TO_DEBITS",
        "Nothing may be taken from the account {account}: it is {state}. Unfreeze it first.",
        "账户 {account} 状态为 {state}，不能支出。请先解冻。",
    ),
    ErrorText(
        "ACCOUNT_FROZEN",
        "The account {account} is frozen: nothing comes in. Unfreeze it first.",
        "账户 {account} 已冻结，不能入账。请先解冻。",
    ),
    ErrorText("ACCOUNT_STATE", "The account {account} is {state} already.", "账户 {account} 已是 {state} 状态。"),
)


def react(batch: Batch) -> Iterator[Effect]:
    """Yield what freezes and unfreezes accounts."""
    for activity in batch.of("account.frozen"):
        told: Any = activity.payload
        state: AccountState = "no_debit" if told["debits_only"] else "frozen"
        yield SetAccountState(activity, rule="core@1", account=told["account"], state=state)
    for activity in batch.of("account.unfrozen"):
        yield SetAccountState(activity, rule="core@1", account=activity.payload["account"], state="open")


def set_state(plan: Plan, member: Member, planned: Planned, effect: SetAccountState, row: PlannedEffect) -> None:
    """Say what an account lets pass, from now on; an account that does not exist yet begins so."""
    if effect.account not in plan.terms.chart.books:
        raise Refusal("ACCOUNT_UNKNOWN", account=effect.account)
    account = member.accounts.get(effect.account)
    if account is None:
        account = Account(member.id, effect.account)
        account.touched = planned.voucher
        member.journal.put(member.accounts, effect.account, account)
    if account.state == effect.state:
        raise Refusal("ACCOUNT_STATE", account=effect.account, state=effect.state)
    row.data = {"account": effect.account, "state": effect.state}
    member.journal.set(account, "state", effect.state)


def undo(plan: Plan, member: Member, effect: StoredEffect) -> None:
    """Let an account be as the last word on it says that stands without this one."""
    kind = (effect.data or {})["account"]
    words = [state for account, state in _standing(plan, member) if account == kind]
    member.journal.set(member.accounts[kind], "state", words[-1] if words else "open")


def _standing(plan: Plan, member: Member) -> Iterator[tuple[str, str]]:
    """Yield account and state of each word on a member's accounts that was not taken back, in their order."""
    for effect, account, state in plan.words.get(member.id, ()):
        if not member.effect_changes.get(effect, (0, 0))[0]:
            yield account, state
    for planned in member.planned:
        for row in planned.effects:
            if row.kind == "SetAccountState" and row.state == "applied" and row.undoes is None and row.data:
                yield row.data["account"], row.data["state"]
