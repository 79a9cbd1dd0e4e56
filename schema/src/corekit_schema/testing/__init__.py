"""What tests of a schema use: a door to ask through, a server on a free port, and what a graph promises."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corekit_schema.testing.door import Door
    from corekit_schema.testing.server import serving

_HOMES = {"Door": "door", "serving": "server"}

__all__ = ["Door", "serving"]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: pytest loads this package wherever corekit_schema is installed."""
    if name not in _HOMES:
        raise AttributeError(f"module 'corekit_schema.testing' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"corekit_schema.testing.{_HOMES[name]}"), name)
    return value
