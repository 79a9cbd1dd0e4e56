"""What happens at once, made to happen in an order that a test chooses."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

from sqlalchemy import event

from corekit.kit import Kit

__all__ = ["when"]


def when(kit: Kit, moment: Literal["before", "after"], sent: str, act: Callable[[], object]) -> None:
    """Do something once, in a thread, before or after a statement that begins so is sent.

    What is prepared passes SQLAlchemy by, and is not seen.
    """
    acts = [act]

    def meanwhile(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if acts and statement.startswith(sent):
            with ThreadPoolExecutor(1) as pool:
                pool.submit(acts.pop()).result()

    for engine in kit.database.engines:
        event.listen(engine, f"{moment}_cursor_execute", meanwhile)
