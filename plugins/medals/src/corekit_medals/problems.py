"""What is wrong with a section, each problem at its place."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

from marshmallow import ValidationError

from corekit import minor_units

Place = tuple[str | int, ...]


class Problems:
    """Collects what is wrong, so that one answer says all of it."""

    def __init__(self) -> None:
        self.number = 0
        self._found: dict[str | int, Any] = {}

    def refuse(self, place: Place, code: str, message: str) -> None:
        """Note a problem at its place, as marshmallow would: below an entry of a table stands ``key`` or ``value``."""
        self.number += 1
        inner = self._found
        for part in place[:-1]:
            inner = inner.setdefault(part, {})
        inner.setdefault(place[-1], []).append({"code": code, "message": message})

    def minor(self, place: Place, number: Fraction, scale: int) -> int:
        """Return a number in minor units; note where it is too fine for them."""
        try:
            return minor_units(number, scale)
        except ValidationError as error:
            problem = cast("Any", error).messages[0]
            self.refuse(place, problem["code"], problem["message"])
            return 0

    def tell(self) -> None:
        """Raise the ValidationError that says all of it, if there is anything."""
        if self._found:
            raise ValidationError(cast("dict[str, Any]", self._found))
