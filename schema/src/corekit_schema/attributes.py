"""Reads attributes of values, whatever they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast


def read_attribute(value: Any, name: str) -> Any:
    """Return an attribute of a value, or a key where it is a mapping; None where there is none. Dots lead down."""
    for part in name.split("."):
        value = cast("Mapping[str, Any]", value).get(part) if isinstance(value, Mapping) else getattr(value, part, None)
    return value
