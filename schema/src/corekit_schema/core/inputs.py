"""What the core's mutations take."""

from __future__ import annotations

from marshmallow import fields, validate

from corekit.activities.activity import WHOLE
from corekit.members.profile import CHANNELS
from corekit.validation import WholeNumber
from corekit_schema.inputs import AmountDigits, GlobalId, Input, Moment, idempotency_key


class _Keyed(Input):
    idempotency_key = idempotency_key()


class _Dated(_Keyed):
    occurred_at = Moment(load_default=None, metadata={"description": "When it happened; now where left out."})


class OfMember(_Dated):
    """What every input about a member says: whom, when and under which key."""

    member_id = GlobalId("Member", required=True, metadata={"description": "Whom it is about."})


class RegisterInput(_Dated):
    """Somebody who becomes a member."""

    external_id = fields.String(metadata={"description": "What another system calls the member; unique."})
    channel = fields.String(validate=validate.OneOf(CHANNELS), metadata={"description": "Where the member registers."})
    name = fields.String(metadata={"description": "What the member is called."})
    email = fields.String(metadata={"description": "E-mail address."})
    phone = fields.String(metadata={"description": "Telephone number."})
    external_ids = fields.Raw(metadata={"description": "What further systems call the member, by system."})
    number = fields.String(metadata={"description": "The member number, with its check digit; drawn where left out."})
    kind = fields.String(metadata={"description": "What the member is, as the settings declare it."})
    birthday = fields.String(metadata={"description": "Date of birth, such as 1990-02-28."})
    identity = fields.Raw(metadata={"description": "Who the person is: names, language, address, ..."})
    occupation = fields.Raw(metadata={"description": "What the person does."})
    lifestyle = fields.Raw(metadata={"description": "How the person lives."})
    preferences = fields.Raw(metadata={"description": "What the person likes to buy."})
    attributes = fields.Raw(metadata={"description": "Custom attributes, as the settings declare them."})
    fee_paid = WholeNumber(metadata={"description": "What was paid for joining, in minor units of the currency."})
    invited_by = fields.String(metadata={"description": "The number of the member who invited this one."})
    reason = fields.String(metadata={"description": "Why."})


class FreezeInput(OfMember):
    """A member that is to earn and spend nothing until unfrozen."""

    reason = fields.String(load_default="", metadata={"description": "Why."})


class UnfreezeInput(OfMember):
    """A frozen member that is to be active again."""

    reason = fields.String(load_default="", metadata={"description": "Why."})


class CancelInput(OfMember):
    """A member that leaves."""

    reason = fields.String(load_default="", metadata={"description": "Why."})


class RestoreInput(OfMember):
    """A member that is back."""

    reason = fields.String(load_default="", metadata={"description": "Why."})


class LineInput(Input):
    """One line of a purchase."""

    no = WholeNumber(required=True, metadata={"description": "Numbers the line within its activity, from 1."})
    amount = AmountDigits(
        required=True, metadata={"description": "Price of the whole line, in minor units of the activity's unit."}
    )
    sku = fields.String(metadata={"description": "The article."})
    category = fields.String(metadata={"description": "What kind of article it is."})
    quantity = WholeNumber(
        load_default=WHOLE, metadata={"description": "In thousandths of a piece, or of what it is sold by."}
    )
    unit_price = AmountDigits(metadata={"description": "Price of one piece, in minor units."})
    flags = fields.List(
        fields.String(), load_default=list, metadata={"description": "What rules look for, such as `special_offer`."}
    )


class _Described(_Dated):
    member_id = GlobalId("Member", metadata={"description": "Whom it is about, where that is known."})
    other_ids = fields.List(  # pyright: ignore[reportUnknownVariableType] - as below
        GlobalId("Member"), load_default=list, metadata={"description": "Other members whom it concerns."}
    )
    identity = fields.Raw(
        load_default=None,
        metadata={
            "description": "Whom it is about in other words: phone, email, number, externalId or externalIds, and what "
            "else is known. Somebody unknown may become a member by it."
        },
    )
    type = fields.String(required=True, metadata={"description": "Its type, such as `purchase`."})
    amount = AmountDigits(load_default=0, metadata={"description": "In minor units; left out where its type has none."})
    unit = fields.String(load_default=None, metadata={"description": "Of the amount; that of the type where left out."})
    lines = fields.List(  # pyright: ignore[reportUnknownVariableType] - marshmallow does not say what Nested loads
        fields.Nested(LineInput), load_default=list, metadata={"description": "Its lines, for a purchase."}
    )
    payload = fields.Raw(load_default=dict, metadata={"description": "What else it says, as its type declares."})
    source = fields.String(
        load_default="api", metadata={"description": "Who records it; keys are unique within a source."}
    )


class RecordActivityInput(_Described):
    """Something that happened to a member."""


class SimulateActivityInput(_Described):
    """Something that could happen to a member."""


class ReturnedLineInput(Input):
    """How much of a line comes back."""

    no = WholeNumber(required=True, metadata={"description": "The line's number."})
    amount = AmountDigits(required=True, metadata={"description": "How much of it, in minor units."})


class ReverseActivityInput(_Dated):
    """An activity that is to be taken back: what is left of it, with all that followed from it, or a part."""

    activity_id = GlobalId("Activity", required=True, metadata={"description": "The activity to take back."})
    lines = fields.List(  # pyright: ignore[reportUnknownVariableType] - marshmallow does not say what Nested loads
        fields.Nested(ReturnedLineInput), load_default=list, metadata={"description": "The lines that come back."}
    )
    amount = AmountDigits(
        load_default=0, metadata={"description": "How much comes back, where no lines are named; all where left out."}
    )
    reason = fields.String(load_default="", metadata={"description": "Why."})
