"""Cash-back, fees and reports in GraphQL: what a member sees, and what who runs the program does and sees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import graphene
from attrs import frozen
from marshmallow import fields, validate

from corekit import Activity, NotFound, suggest
from corekit_schema import (
    ActivityPayload,
    Amount,
    AmountDigits,
    AmountValue,
    DateTime,
    Field,
    GlobalId,
    Info,
    Input,
    MutationField,
    Object,
    idempotency_key,
    invalid,
    listed,
    local_id,
    owner_or_permission,
    permission,
    public,
    record,
)
from corekit_stored_value import fee_report, slip
from corekit_stored_value.close import ClosedDay, Line, closed_days
from corekit_stored_value.declared_reports import (
    CHARGE_FEE,
    FEE_DUE,
    FEE_UNKNOWN,
    FEE_WAIVED,
    NO_FEE,
    REPORT,
    WAIVE_FEE,
)
from corekit_stored_value.fee_report import FeeSum
from corekit_stored_value.liability import Liability, Quarter, liability
from corekit_stored_value.rules import Book
from corekit_stored_value.statement import Filter, Movement, newest
from corekit_stored_value.tabular import scales

MOST_DAYS = 400
"""Closed days of one answer."""
MOST_MOVEMENTS = 1_000


def _book(info: Info) -> Book:
    book: Book = info.context.kit.program.sections["stored_value"]
    return book


@frozen
class Figures:
    """A part of a report, with the account kind that it counts and the decimal places of that."""

    part: Any
    kind: str
    scale: int


def _amount(name: str, description: str) -> Field:
    """Return a field with an amount of a part of a report."""

    def resolve(parents: Sequence[Figures], _info: Info) -> list[AmountValue]:
        return [AmountValue(getattr(each.part, name), each.kind, each.scale) for each in parents]

    return Field(Amount, required=True, description=description, resolve=resolve)


def _text(source: str, description: str) -> Field:
    return Field(graphene.String, required=True, source=source, description=description)


class StoredValueCloseLine(Object, policy=public):
    """What one account kind of all members did on a day at a store by a channel: opening + in - out = closing."""

    account = _text("part.kind", "The account kind.")
    store = _text("part.store", "The store; empty for what names none.")
    channel = _text("part.channel", "The channel; empty for what names none.")
    opening = _amount("opening", "What members had when the day began.")
    came_in = _amount("ins", "What came.")
    went_out = _amount("outs", "What went.")
    late = _amount("late", "What of both was recorded for days that had been closed before.")
    closing = _amount("closing", "What members have when it ends.")


class StoredValueClosedDay(Object, policy=public):
    """A business day that is closed, for good."""

    day = _text("day", "The day on the program's calendar, as `2017-06-01`.")
    begins = Field(DateTime, required=True, description="Its first instant.")
    ends = Field(DateTime, required=True, description="The instant after its last.")
    closed_at = Field(DateTime, required=True, description="When it was closed.")
    lines = Field(listed(StoredValueCloseLine), description="By account kind, store and channel.")

    @staticmethod
    def resolve_lines(parents: Sequence[ClosedDay], info: Info) -> list[list[Figures]]:
        """Return the lines."""
        scale = scales(info.context.kit.registry.kinds)

        def figures(line: Line) -> Figures:
            return Figures(line, line.kind, scale(line.kind))

        return [[figures(line) for line in day.lines] for day in parents]


class StoredValueQuarter(Object, policy=public):
    """What happened to an account kind in a quarter of the program's calendar."""

    quarter = _text("part.name", "Such as `2017-Q2`.")
    issued = _amount("issued", "What was given.")
    taken_back = _amount("taken_back", "What of it was taken back.")
    spent = _amount("spent", "What was spent.")
    lapsed = _amount("lapsed", "What lapsed.")
    withdrawn = _amount("withdrawn", "What was taken out by who left.")
    outstanding = _amount("outstanding", "What members have at its end.")


class StoredValueLiability(Object, policy=public):
    """What the program owes its members of an account kind."""

    account = _text("kind", "The account kind.")
    quarters = Field(listed(StoredValueQuarter), description="The quarters, the present one last.")

    @staticmethod
    def resolve_quarters(parents: Sequence[Liability], _info: Info) -> list[list[Figures]]:
        """Return the quarters."""

        def figures(report: Liability, quarter: Quarter) -> Figures:
            return Figures(quarter, report.kind, report.currency.unit.scale)

        return [[figures(each, quarter) for quarter in each.quarters] for each in parents]


class StoredValueFees(Object, policy=public):
    """Fees of a kind at a store in a month: what was charged is paid, unpaid or waived."""

    month = _text("part.month", "Its first day, as `2017-06-01`.")
    kind = _text("part.kind", "The kind, such as `annual`.")
    store = _text("part.store", "The store; empty for what names none.")
    number = Field(graphene.Int, required=True, source="part.number", description="How many were charged.")
    charged = _amount("charged", "What was charged.")
    paid = _amount("paid", "What was paid of it.")
    unpaid = _amount("unpaid", "What was not.")
    waived = _amount("waived", "What was waived.")


class StoredValueReports(Object, policy=permission(REPORT.name)):
    """Reports for who runs the program."""

    closes = Field(
        listed(StoredValueClosedDay),
        description="The closed days from one to another, both included, oldest first.",
        blocking=True,
        since=graphene.String(required=True, description="The first day, as `2017-06-01`."),
        until=graphene.String(required=True, description=f"The last day, {MOST_DAYS} days after it at most."),
    )
    liability = Field(
        listed(StoredValueLiability),
        description="What the program owes, by account kind.",
        quarters=graphene.Int(required=True, default_value=8, description="How many, the present one included."),
    )
    fees = Field(
        listed(StoredValueFees),
        description="Fees by month, kind and store.",
        months=graphene.Int(required=True, default_value=12, description="How many, the present one included."),
    )

    @staticmethod
    def resolve_closes(parents: Sequence[Any], info: Info, since: str, until: str) -> list[list[ClosedDay]]:
        """Return the closed days."""
        first, last = _day(since, "since"), _day(until, "until")
        if (last - first).days > MOST_DAYS:
            raise invalid("RANGE", f"Ask for {MOST_DAYS} days at most.", "until", min=0, max=MOST_DAYS)
        found = closed_days(info.context.read, first, last)
        return [found for _ in parents]

    @staticmethod
    def resolve_liability(parents: Sequence[Any], info: Info, quarters: int) -> list[list[Liability]]:
        """Return the liability."""
        context = info.context
        found = liability(context.read, _book(info), context.kit.zone, context.now, quarters)
        return [found for _ in parents]

    @staticmethod
    def resolve_fees(parents: Sequence[Any], info: Info, months: int) -> list[list[Figures]]:
        """Return the fees."""
        context, unit = info.context, _book(info).own.unit

        def figures(each: FeeSum) -> Figures:
            return Figures(each, unit.code, unit.scale)

        found = [figures(each) for each in fee_report.fees(context.read, context.kit.zone, context.now, months)]
        return [found for _ in parents]


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid("DATE", f"{text!r} is no date; write for example 2027-12-24.", name) from None


class StoredValueMovement(Object, policy=public):
    """What moved on an account of a member."""

    recorded_at = Field(DateTime, required=True, source="part.recorded_at", description="When.")
    account = _text("part.account", "The account kind.")
    activity_type = _text("part.type", "What happened.")
    rule = _text("part.rule", "By which rule it moved.")
    store = _text("part.store", "Where; empty where nothing says so.")
    channel = _text("part.channel", "By which channel; empty where nothing says so.")
    amount = _amount("amount", "What came; negative for what went.")
    balance_after = _amount("balance_after", "What the account had then.")


class StoredValueLanguage(graphene.Enum):
    """A language of slips."""

    EN = "en"
    ZH = "zh"


class ReportsMember(Object, policy=owner_or_permission("members.read")):
    """What reports add to a member."""

    stored_value_movements = Field(
        graphene.List(graphene.NonNull(StoredValueMovement)),
        description="What moved on the accounts of stored value, newest first.",
        reads=("id",),
        kind=graphene.String(description="Only on accounts of this kind."),
        type=graphene.String(description="Only by activities of this type."),
        store=graphene.String(description="Only at this store."),
        since=DateTime(description="Only from this instant on."),
        until=DateTime(description="Only before this instant."),
        first=graphene.Int(required=True, default_value=50, description=f"How many, {MOST_MOVEMENTS:,} at most."),
    )
    stored_value_slip = Field(
        graphene.String,
        description="The slip of a top-up of the member, as a page of HTML to be printed; null where there is none.",
        reads=("id", "number"),
        activity=graphene.ID(required=True, description="The top-up."),
        language=StoredValueLanguage(required=True, default_value=StoredValueLanguage.EN, description="In which."),
    )

    @staticmethod
    def resolve_stored_value_movements(
        parents: Sequence[Any], info: Info, first: int, **chosen: Any
    ) -> list[list[Figures]]:
        """Return what moved: one statement for all members."""
        if not 1 <= first <= MOST_MOVEMENTS:
            raise invalid("RANGE", f"Ask for 1 to {MOST_MOVEMENTS:,}.", "first", min=1, max=MOST_MOVEMENTS)
        scale = scales(info.context.kit.registry.kinds)

        def figures(each: Movement) -> Figures:
            return Figures(each, each.account, scale(each.account))

        ids = tuple(dict.fromkeys(member.id for member in parents))
        found = newest(info.context.read, ids, Filter(**chosen), first)
        return [[figures(each) for each in found[member.id]] for member in parents]

    @staticmethod
    def resolve_stored_value_slip(parents: Sequence[Any], info: Info, activity: str, language: Any) -> list[str | None]:
        """Return the slip for the member whose top-up it is."""
        context = info.context
        program = context.kit.program
        try:
            found = slip.slip(context.read, _book(info), local_id("Activity", activity) or "")
        except NotFound:
            return [None] * len(parents)
        return [
            slip.as_html(
                found.named(member.number), program.name, context.kit.zone, getattr(language, "value", language)
            )
            if member.id == found.owner
            else None
            for member in parents
        ]


class ReportsQuery(Object, policy=public):
    """What reports add to the queries."""

    stored_value_reports = Field(StoredValueReports, description="Reports; null where the viewer may not see them.")

    @staticmethod
    def resolve_stored_value_reports(parents: Sequence[Any], _info: Info) -> list[object]:
        """Return what the reports hang on."""
        return [object() for _ in parents]


class StoredValueChargeFeeInput(Input):
    """A fee that the program prices, for a member."""

    member_id = GlobalId("Member", required=True, metadata={"description": "Who pays it."})
    fee = fields.String(required=True, metadata={"description": "The id of the fee in the program."})
    channel = fields.String(
        metadata={"description": "How it was paid, such as `cash`; left out, it is taken from what the member stored."}
    )
    store = fields.String(metadata={"description": "Where."})
    idempotency_key = idempotency_key()


class StoredValueWaiveFeeInput(Input):
    """A fee that is waived."""

    activity_id = GlobalId("Activity", required=True, metadata={"description": "The activity that charged it."})
    amount = AmountDigits(
        load_default=0, metadata={"description": "How much of it, in minor units; left out, all that is left of it."}
    )
    reason = fields.String(
        required=True, validate=validate.Length(1, 500), metadata={"description": "Why; it is kept."}
    )
    idempotency_key = idempotency_key()


def _charge(info: Info, values: Mapping[str, Any]) -> Any:
    known = _book(info).fees
    if values["fee"] not in known:
        said = f"There is no fee {values['fee']}{suggest(values['fee'], known)}."
        raise invalid(FEE_UNKNOWN.code, said, "fee", fee=values["fee"])
    told = {name: values[name] for name in ("fee", "channel", "store") if values.get(name) is not None}
    return _recorded(info, values, FEE_DUE.name, values["member_id"], told)


def _waive(info: Info, values: Mapping[str, Any]) -> Any:
    fee: str = values["activity_id"]
    try:
        member = fee_report.check_is_fee(info.context.read, fee)
    except NotFound as error:
        raise invalid(NO_FEE.code, str(error), "activityId", activity=fee) from None
    told = {"reason": values["reason"]}
    return _recorded(info, values, FEE_WAIVED.name, member, told, reverses=fee, amount=values["amount"])


def _recorded(
    info: Info, values: Mapping[str, Any], type_: str, member: str, payload: Mapping[str, Any], **more: Any
) -> Any:
    key, actor = values["idempotency_key"], info.context.viewer.actor
    return record(info, Activity(type=type_, member=member, payload=payload, external_id=key, actor=actor, **more))


class ReportsMutation(Object):
    """What fees add to the mutations."""

    stored_value_charge_fee = MutationField(
        StoredValueChargeFeeInput,
        _charge,
        payload=ActivityPayload,
        policy=permission(CHARGE_FEE.name),
        description="Charge a fee of the program; unpaid where what the member stored is not enough.",
    )
    stored_value_waive_fee = MutationField(
        StoredValueWaiveFeeInput,
        _waive,
        payload=ActivityPayload,
        policy=permission(WAIVE_FEE.name),
        description="Waive a fee, wholly or in part: what was paid of it comes back.",
    )
