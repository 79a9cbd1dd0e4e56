"""What tests of corekit and of plugins use: fixtures and the contract suite."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corekit.testing.clock import SettableClock
    from corekit.testing.contract import PluginContract
    from corekit.testing.house import House
    from corekit.testing.modules import plugin_module
    from corekit.testing.plugin import MakeKit
    from corekit.testing.recorder import Recorder, recording

_HOMES = {
    "House": "house",
    "MakeKit": "plugin",
    "PluginContract": "contract",
    "Recorder": "recorder",
    "SettableClock": "clock",
    "plugin_module": "modules",
    "recording": "recorder",
}

__all__ = ["House", "MakeKit", "PluginContract", "Recorder", "SettableClock", "plugin_module", "recording"]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used: pytest loads this package wherever corekit is installed."""
    if name not in _HOMES:
        message = f"module 'corekit.testing' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(f"corekit.testing.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
