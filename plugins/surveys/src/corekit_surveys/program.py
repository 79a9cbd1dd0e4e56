"""The section ``[surveys]`` of the program file, in which nothing stands: what it knows are the program's ladders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen
from marshmallow import Schema, post_load

from corekit import ProgramContext


@frozen
class Book:
    """The rank of each tier, by ladder: what a rule about tiers is judged by."""

    ranks: Mapping[str, Mapping[str, int]]


class ProgramSchema(Schema):
    """The section."""

    @post_load
    def _made(self, _data: Any, **_: Any) -> Book:
        ladders = ProgramContext.current().ladders
        return Book({code: {tier: rank for rank, tier in enumerate(tiers)} for code, tiers in ladders.items()})
