"""A meeting point for settlements that run at the same time, so that what could be lost is lost in every run."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from threading import Barrier, BrokenBarrierError
from typing import Any

from sqlalchemy import Select

from corekit.activities.plugin_write import PluginWrite

_PATIENCE = 0.2
"""Seconds: who holds a lock for which the others wait meets nobody, and goes on."""


@contextmanager
def meeting(parties: int) -> Generator[None]:
    """Let what plugins read in ``apply`` and ``undo`` wait until as many have read, or nobody else can come."""
    barrier = Barrier(parties)
    original = PluginWrite.execute

    def execute(self: PluginWrite, statement: Any, *arguments: Any, **options: Any) -> Any:
        answer = original(self, statement, *arguments, **options)
        if isinstance(statement, Select):
            try:
                barrier.wait(_PATIENCE)
            except BrokenBarrierError:
                barrier.reset()
        return answer

    PluginWrite.execute = execute  # type: ignore[method-assign]
    try:
        yield
    finally:
        PluginWrite.execute = original  # type: ignore[method-assign]
