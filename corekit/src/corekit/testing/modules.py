"""Plugins made on the spot, for tests that need one that no distribution offers."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from corekit.declares import Declares
from corekit.hookspecs import hookimpl

__all__ = ["plugin_module"]


def plugin_module(
    declares: Declares | None = None, name: str = "rogue", /, **hooks: Callable[..., object]
) -> ModuleType:
    """Return a plugin's module that declares something and implements hooks: ``corekit_react=function``."""
    module = ModuleType(name)
    if declares is not None:
        hooks["corekit_declare"] = lambda: declares
    for hook, function in hooks.items():
        setattr(module, hook, hookimpl(function))
    return module
