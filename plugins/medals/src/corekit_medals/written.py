"""How names and days are written in the section."""

from __future__ import annotations

from datetime import date
from typing import Any

from marshmallow import fields, validate

from corekit import coded

CODE = validate.Regexp(r"[a-z][a-z0-9_-]{0,39}\Z", error="{input!r} is no name; use a-z, 0-9, _ and -.")


class Day(fields.Field[date]):
    """A date, in quotes or not."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> date:
        try:
            return value if type(value) is date else date.fromisoformat(value)
        except (TypeError, ValueError):
            raise coded("DATE", f"{value!s} is no date; write for example 2017-12-24.") from None
