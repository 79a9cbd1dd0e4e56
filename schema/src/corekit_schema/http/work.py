"""Work that tells whoever waits for it that it can go on, before it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from corekit.log import raised_at

_log = structlog.get_logger("corekit.graphql")

Work = Callable[[Callable[[], None]], object]
"""What is done: it calls what it is given as soon as nobody has to wait for the rest of it."""


def tell(done: asyncio.Future[None], raised: BaseException | None = None) -> None:
    """Tell whoever waits, unless that was done before, or nobody waits any more: what is raised then is logged."""
    if done.done():
        if raised is not None:
            _log.warning("graphql_end", **raised_at(raised))
    elif raised is None:
        done.set_result(None)
    else:
        done.set_exception(raised)
