"""What members buy: sales slips, and sums over them."""

from __future__ import annotations

from collections.abc import Sequence

import graphene

from corekit.activities.activity import WHOLE
from corekit.activities.views import Consumption as ConsumptionValue
from corekit.activities.views import Slip
from corekit_schema.context import Info
from corekit_schema.core.activity import Activity, Line, LineOf, in_unit
from corekit_schema.fields import Field, Object, listed
from corekit_schema.policies import public
from corekit_schema.scalars import Amount, AmountValue, DateTime


class ConsumptionBy(graphene.Enum):
    """What consumption is summed by."""

    CATEGORY = "category"
    SKU = "sku"


class Purchase(Object, policy=public):
    """A sales slip: a purchase with the lines that were asked for."""

    activity = Field(Activity, description="The purchase.")
    lines = Field(listed(Line), description="Its lines.")
    returned = Field(Amount, required=True, description="How much of it came back.")
    reversed = Field(graphene.Boolean, required=True, description="Whether nothing is left of it.")

    @staticmethod
    def resolve_lines(parents: Sequence[Slip], _info: Info) -> list[list[LineOf]]:
        """Return the lines with the unit of their purchase."""
        return [in_unit(slip.lines, slip.activity) for slip in parents]

    @staticmethod
    def resolve_returned(parents: Sequence[Slip], info: Info) -> list[AmountValue]:
        """Return what came back, in the program's currency."""
        unit = info.context.kit.settings.currency
        return [AmountValue(slip.returned, unit.code, unit.scale) for slip in parents]


class Consumption(Object, policy=public):
    """What a member bought of a category, or of an article."""

    key = Field(graphene.String, description="The category or article; null where lines name none.")
    purchases = Field(graphene.Int, required=True, description="In how many purchases.")
    quantity = Field(graphene.Float, required=True, description="How many, or how much.")
    amount = Field(Amount, required=True, description="For how much money.")
    first_at = Field(DateTime, required=True, description="When first.")
    last_at = Field(DateTime, required=True, description="When last.")

    @staticmethod
    def resolve_quantity(parents: Sequence[ConsumptionValue], _info: Info) -> list[float]:
        """Return the quantities in pieces; they are kept in thousandths."""
        return [each.quantity / WHOLE for each in parents]

    @staticmethod
    def resolve_amount(parents: Sequence[ConsumptionValue], info: Info) -> list[AmountValue]:
        """Return the amounts, in the program's currency."""
        unit = info.context.kit.settings.currency
        return [AmountValue(each.amount, unit.code, unit.scale) for each in parents]
