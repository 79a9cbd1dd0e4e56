"""What comes in and goes out, in GraphQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import fields, validate

from corekit import Activity
from corekit_schema import (
    ActivityPayload,
    AmountDigits,
    GlobalId,
    Info,
    Input,
    Moment,
    MutationField,
    Object,
    idempotency_key,
    permission,
    record,
)
from corekit_stored_value import declared

_TEXT = validate.Length(1, 200)
_REASON = validate.Length(1, 500)


def _told(description: str, **options: Any) -> Any:
    """Return a field for a text that may be left out."""
    return fields.String(load_default=None, validate=_TEXT, metadata={"description": description}, **options)


class _OfMember(Input):
    member_id = GlobalId("Member", required=True, metadata={"description": "Whose stored value."})
    occurred_at = Moment(load_default=None, metadata={"description": "When it happened; now where left out."})
    idempotency_key = idempotency_key()


class _Amount(_OfMember):
    amount = AmountDigits(required=True, metadata={"description": "How much, in minor units of the currency."})
    currency = fields.String(
        load_default=None, metadata={"description": "The unit, such as `USD`; the program's own where left out."}
    )


class StoredValueTopUpInput(_Amount):
    """Money that a member pays in."""

    channel = fields.String(
        required=True, validate=_TEXT, metadata={"description": "How it is paid, such as `cash` or `card`."}
    )
    reference = _told("The number of the payment.")
    store = _told("Where it is paid.")


class StoredValueRequestInput(StoredValueTopUpInput):
    """Money that a member is about to pay in."""


class StoredValuePayInput(_Amount):
    """A payment that a provider tells of."""

    request_id = GlobalId("Activity", required=True, metadata={"description": "The requested top-up that was paid."})
    provider = fields.String(
        required=True, validate=_TEXT, metadata={"description": "Who tells; with the event it is the key."}
    )
    event = fields.String(
        required=True, validate=_TEXT, metadata={"description": "The provider's own id of what it tells."}
    )
    channel = fields.String(
        required=True, validate=_TEXT, metadata={"description": "How it was paid, such as `wechat`."}
    )
    reference = _told("The number of the payment.")
    store = _told("Where it was paid.")


class StoredValueCancelRequestInput(_OfMember):
    """A requested top-up that is not going to be paid."""

    request_id = GlobalId("Activity", required=True, metadata={"description": "Which."})
    reason = fields.String(load_default=None, validate=_REASON, metadata={"description": "Why."})


class StoredValueSpendInput(_Amount):
    """Stored value that is spent."""

    store = _told("Where.")
    order_no = _told("Under which number.")


class StoredValueAuthoriseInput(StoredValueSpendInput):
    """Stored value that is set aside for an order."""

    seconds = fields.Integer(
        strict=True,
        load_default=None,
        metadata={"description": "For how long; as the program says where left out."},
    )


class StoredValueWithdrawInput(_Amount):
    """Money that a member takes out: what `withdrawalQuote` says is payable."""

    quote = fields.String(required=True, metadata={"description": "The hash of the quote."})
    channel = fields.String(
        required=True, validate=_TEXT, metadata={"description": "How it is paid out, such as `cash`."}
    )
    reference = _told("The number of the payment.")
    store = _told("Where it is paid out.")
    reason = fields.String(load_default=None, validate=_REASON, metadata={"description": "Why."})


class StoredValueChargeBackInput(_OfMember):
    """A payment that was taken back."""

    activity_id = GlobalId("Activity", required=True, metadata={"description": "The top-up, or its payment."})
    reference = _told("The number of the case.")
    reason = fields.String(load_default=None, validate=_REASON, metadata={"description": "Why."})


class StoredValueAdjustInput(_Amount):
    """Principal or bonus that is given or, with a negative amount, taken by hand."""

    account = fields.String(
        required=True,
        validate=validate.OneOf(("principal", "bonus")),
        metadata={"description": "`principal` or `bonus`."},
    )
    reason = fields.String(required=True, validate=_REASON, metadata={"description": "Why; the statement keeps it."})
    store = _told("In which store's books.")


class StoredValueApproveInput(_OfMember):
    """What somebody else does above a limit."""

    hash = fields.String(
        required=True, metadata={"description": "Of what is approved, as the refusal said that asked for it."}
    )
    reason = fields.String(load_default=None, validate=_REASON, metadata={"description": "Why."})


def _recorded(info: Info, values: Mapping[str, Any], type_: str, *names: str, **given: Any) -> Any:
    """Record an activity whose payload has what is given of ``names``."""
    told = {name: values[name] for name in names if values.get(name) is not None}
    about: dict[str, Any] = {}
    if "amount" in values:
        about = {"amount": values["amount"], "unit": values["currency"] or info.context.kit.settings.currency.code}
    known: dict[str, Any] = {
        "external_id": values.get("idempotency_key"),
        **about,
        **given,
        "payload": {**told, **given.get("payload", {})},
    }
    return record(
        info,
        Activity(
            type=type_,
            member=values["member_id"],
            occurred_at=values["occurred_at"],
            actor=info.context.viewer.actor,
            **known,
        ),
    )


def _top_up(info: Info, values: Mapping[str, Any]) -> Any:
    return _recorded(info, values, declared.TOPPED_UP.name, "channel", "reference", "store")


def _request(info: Info, values: Mapping[str, Any]) -> Any:
    return _recorded(info, values, declared.REQUESTED.name, "channel", "reference", "store")


def _pay(info: Info, values: Mapping[str, Any]) -> Any:
    key: dict[str, Any] = {"source": values["provider"], "external_id": values["event"]}
    about = {"request": values["request_id"]}
    return _recorded(info, values, declared.PAID.name, "channel", "reference", "store", payload=about, **key)


def _cancel(info: Info, values: Mapping[str, Any]) -> Any:
    about = {"request": values["request_id"]}
    return _recorded(info, values, declared.CANCELLED.name, "reason", payload=about)


def _spend(info: Info, values: Mapping[str, Any]) -> Any:
    return _recorded(info, values, declared.SPENT.name, "store", "order_no")


def _authorise(info: Info, values: Mapping[str, Any]) -> Any:
    return _recorded(info, values, declared.AUTHORISED.name, "store", "order_no", "seconds")


def _withdraw(info: Info, values: Mapping[str, Any]) -> Any:
    names = ("quote", "channel", "reference", "store", "reason")
    return _recorded(info, values, declared.WITHDRAWN.name, *names)


def _charge_back(info: Info, values: Mapping[str, Any]) -> Any:
    target = values["activity_id"]
    return _recorded(info, values, declared.CHARGED_BACK.name, "reference", "reason", reverses=target)


def _adjust(info: Info, values: Mapping[str, Any]) -> Any:
    return _recorded(info, values, declared.ADJUSTED.name, "account", "reason", "store")


def _approve(info: Info, values: Mapping[str, Any]) -> Any:
    return _recorded(info, values, declared.APPROVED.name, "hash", "reason")


def _mutation(inputs: type[Input], resolve: Any, needs: str, description: str) -> Any:
    return MutationField(inputs, resolve, payload=ActivityPayload, policy=permission(needs), description=description)


class StoredValueMutation(Object):
    """What this plugin adds to the mutations."""

    stored_value_top_up = _mutation(StoredValueTopUpInput, _top_up, declared.TOP_UP.name, "Take money of a member in.")
    stored_value_request = _mutation(
        StoredValueRequestInput, _request, declared.TOP_UP.name, "Let a top-up wait until it is paid."
    )
    stored_value_pay = _mutation(
        StoredValuePayInput, _pay, declared.PAY.name, "Say that a requested top-up was paid; told twice it counts once."
    )
    stored_value_cancel_request = _mutation(
        StoredValueCancelRequestInput, _cancel, declared.TOP_UP.name, "Let nobody pay a requested top-up any more."
    )
    stored_value_spend = _mutation(StoredValueSpendInput, _spend, declared.SPEND.name, "Spend stored value.")
    stored_value_authorise = _mutation(
        StoredValueAuthoriseInput,
        _authorise,
        declared.SPEND.name,
        "Set stored value aside; `captureHold` and `releaseHold` name the activity.",
    )
    stored_value_withdraw = _mutation(
        StoredValueWithdrawInput, _withdraw, declared.WITHDRAW.name, "Pay a member out, as its quote says."
    )
    stored_value_charge_back = _mutation(
        StoredValueChargeBackInput,
        _charge_back,
        declared.PAY.name,
        "Take back a top-up whose payment was taken back, and let nothing more be spent.",
    )
    stored_value_adjust = _mutation(
        StoredValueAdjustInput, _adjust, declared.ADJUST.name, "Give or take principal or bonus by hand."
    )
    stored_value_approve = _mutation(
        StoredValueApproveInput, _approve, declared.APPROVE.name, "Approve what somebody else does above a limit."
    )
