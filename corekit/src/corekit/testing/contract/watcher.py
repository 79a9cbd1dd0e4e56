"""Sees when Python code looks at a clock, takes a chance, or reaches outside, whatever names it has for that."""

from __future__ import annotations

import gc
import random
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import date
from types import FrameType
from typing import Any

_BUILT_IN = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime", "gmtime"},
    "posix": {"urandom", "getrandom"},
    "nt": {"urandom"},
    "io": {"open"},
    "_socket": {"socket"},
}
_OF_DATES = {"now", "utcnow", "today"}
_OUTSIDE = ("sqlalchemy.engine.", "psycopg.", "sqlite3.", "subprocess.", "socket.", "os._Environ.", "uuid_utils.")
_DICE = random.Random.__mro__[1]
"""What every generator of random numbers is, made in C."""


@contextmanager
def watching(seen: Callable[[str], None]) -> Generator[None]:
    """Call ``seen`` with what the block looks at in this thread: ``time.time``, ``datetime.now``, ``Random.random``."""

    def look(frame: FrameType, event: str, called: Any) -> None:
        name = None
        if event == "c_call":
            name = _built_in(called)
        elif event == "call":
            name = f"{frame.f_globals.get('__name__')}.{frame.f_code.co_qualname}"
            name = name if name.startswith(_OUTSIDE) else None
        if name is not None:
            seen(name)

    before, collects = sys.getprofile(), gc.isenabled()
    gc.disable()  # what others left behind is not tidied up here, where it would be taken for the block's doing
    sys.setprofile(look)
    try:
        yield
    finally:
        sys.setprofile(before)
        if collects:
            gc.enable()


def _built_in(called: Any) -> str | None:
    """Return the name of a function made in C if it is one that pure code does not call."""
    name: str = called.__qualname__
    owner: Any = getattr(called, "__self__", None)
    module: str = getattr(called, "__module__", None) or ""
    if called.__name__ in _BUILT_IN.get(module, ()) or module.startswith(_OUTSIDE):
        return f"{module}.{name}"
    on_a_date = isinstance(owner, type) and issubclass(owner, date) and called.__name__ in _OF_DATES
    return name if on_a_date or isinstance(owner, _DICE) else None
