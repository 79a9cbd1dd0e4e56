"""What is wrong with a section of a program, each problem at its place: what a plugin's schema collects."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, cast

from marshmallow import ValidationError

from corekit.program.exact import minor_units

Place = tuple[str | int, ...]
"""Where something stands: keys of tables and numbers in lists, from the section down."""


class Problems:
    """Collects what is wrong with a section while it is compiled, so that one answer says all of it.

    ``number`` counts what was noted.
    """

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
