"""What is deprecated: since when, until when, and what takes its place. Who uses it is warned by file and line.

This is the one list. ``docs/compatibility.md`` says how long something stays on it.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal

from attrs import Attribute, fields, frozen, has

if TYPE_CHECKING:
    from types import FrameType

    from corekit.plugins import Plugin

__all__ = ["DEPRECATED", "CorekitDeprecation", "Deprecation"]


@frozen(kw_only=True)
class Deprecation:
    """Something that plugins use and that goes away.

    ``what`` is a ``hook`` (``corekit_react``), an ``argument`` of one (``corekit_react.batch``), a ``field`` of
    something that is declared (``Declares.budget``, ``AccountKind.grace``), or a public ``name``
    (``corekit.Expiry``). It works from ``since`` on with a warning, and is gone in the version ``gone``; ``instead``
    ends a sentence that begins with "use".
    """

    kind: Literal["hook", "argument", "field", "name"]
    what: str
    since: str
    gone: str
    instead: str

    def __str__(self) -> str:
        return (
            f"the {self.kind} {self.what} is deprecated since {self.since} and gone in {self.gone}; use {self.instead}"
        )


class CorekitDeprecation(DeprecationWarning):
    """Something of corekit that is used goes away; the warning is about the line that uses it."""


DEPRECATED: Sequence[Deprecation] = ()


def warn_plugin(plugin: Plugin) -> None:
    """Warn of every deprecated hook, argument and declared field that a plugin uses; called when it is registered."""
    for found, function in _used(plugin):
        code: Any = inspect.unwrap(function).__code__
        _warn(found, code.co_filename, code.co_firstlineno, plugin.label)


def warn_name(module: str, name: str) -> bool:
    """Warn whoever asks a module for a deprecated name; say whether it is one. Called by the module's __getattr__."""
    found = next((each for each in DEPRECATED if each.kind == "name" and each.what == f"{module}.{name}"), None)
    if found is None:
        return False
    asking: FrameType | None = sys._getframe(2)  # noqa: SLF001 - as warnings.warn(stacklevel=3) looks for it
    while asking is not None and asking.f_code.co_filename.startswith("<frozen importlib"):
        asking = asking.f_back
    if asking is not None:
        _warn(found, asking.f_code.co_filename, asking.f_lineno, asking.f_globals.get("__name__", ""))
    return True


def _used(plugin: Plugin) -> Iterator[tuple[Deprecation, Any]]:
    """Yield what a plugin uses, with the function that does."""
    for each in DEPRECATED:
        head, _, last = each.what.partition(".")
        if each.kind in ("hook", "argument"):
            function = getattr(plugin.module, head, None)
            taken = function is not None and (each.kind == "hook" or last in inspect.signature(function).parameters)
        else:
            function = getattr(plugin.module, "corekit_declare", None)
            taken = each.kind == "field" and any(_sets(value, head, last) for value in _values(plugin.declares))
        if taken:
            yield each, function


def _values(declared: Any) -> Iterator[Any]:
    """Yield a declared value and all that it is made of."""
    yield declared
    inner: Sequence[Any] = ()
    if has(cls := _class(declared)):
        inner = [getattr(declared, field.name) for field in fields(cls)]
    elif cls in {list, tuple}:
        inner = declared
    for value in inner:
        yield from _values(value)


def _class(value: Any) -> type:
    return type(value)  # pyright: ignore[reportUnknownVariableType]


def _sets(value: Any, cls: str, name: str) -> bool:
    """Say whether a field of a value of that class is other than where it is left out."""
    if _class(value).__name__ != cls:
        return False
    field: Attribute[Any] = getattr(fields(_class(value)), name)
    default: Any = field.default
    usual = default.factory() if hasattr(default, "factory") else default
    return bool(getattr(value, name) != usual)


def _warn(found: Deprecation, file: str, line: int, who: str) -> None:
    import structlog  # noqa: PLC0415 - there is rarely something to say

    warnings.warn_explicit(CorekitDeprecation(str(found)), None, file, line)
    structlog.get_logger("corekit").warning("deprecated", what=str(found), where=f"{file}:{line}", by=who)
