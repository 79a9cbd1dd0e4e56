"""Units of amounts: from what is declared, and for what a plugin left behind, from the books."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from corekit.ledger.tables import account_kind, unit

if TYPE_CHECKING:
    from corekit_schema.context import Context


class Chart:
    """The units and account kinds that a request meets."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def scale(self, code: str) -> int:
        """Return how many decimal places a unit has; 0 where nobody ever declared it."""
        currency = self._context.kit.settings.currency
        declared = currency if code == currency.code else self._context.kit.registry.units.get(code)
        if declared is not None:
            return declared.scale
        return self._context.once("units of the books", self._left_units).get(code, 0)

    def unit_of(self, kind: str) -> str:
        """Return the code of the unit in which an account kind counts; the kind's own where it is unknown."""
        declared = self._context.kit.registry.kinds.get(kind)
        if declared is not None:
            return declared.unit.code
        return self._context.once("kinds of the books", self._left_kinds).get(kind, kind)

    def _left_units(self) -> dict[str, int]:
        rows = self._context.read.all(select(unit.c.code, unit.c.scale))
        return {row.code: row.scale for row in rows}

    def _left_kinds(self) -> dict[str, str]:
        rows = self._context.read.all(select(account_kind.c.code, account_kind.c.unit))
        return {row.code: row.unit for row in rows}
