"""Exact numbers in the program file: whole numbers, or decimals in quotes, never binary fractions."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any, cast

from marshmallow import fields

from corekit.validation import coded

_DECIMAL = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,12})?")


class Exact(fields.Field[Fraction]):
    """A number such as ``5`` or ``"0.5"``, at least ``least`` and at most ``most``, as a fraction."""

    def __init__(self, *, least: int | None = None, most: int | None = None, **options: Any) -> None:
        cast("Any", super()).__init__(**options)
        self._least, self._most = least, most

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Fraction:
        if isinstance(value, bool) or not isinstance(value, int | str) or not _DECIMAL.fullmatch(str(value)):
            raise coded("NOT_EXACT", f'{value!r} is no exact number: write for example 5 or "0.5".')
        number = Fraction(value)
        if self._least is not None and number < self._least:
            raise coded("RANGE", f"{value} is less than {self._least}.", min=self._least)
        if self._most is not None and number > self._most:
            raise coded("RANGE", f"{value} is more than {self._most}.", max=self._most)
        return number


def minor_units(number: Fraction, scale: int) -> int:
    """Return a number of whole units in minor units, exactly.

    Raises a coded ValidationError (``TOO_FINE``) where the number has more than ``scale`` decimal places.
    """
    scaled = number * Fraction(10**scale)
    if scaled.denominator != 1:
        places = f"at most {scale} decimal place{'s' * (scale > 1)}" if scale else "no decimal places"
        raise coded("TOO_FINE", f"This unit has {places}.", scale=scale)
    return scaled.numerator
