"""What tests of the schema share: a kit that answers GraphQL."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from corekit_schema.testing import Door, serving

sys.path.insert(0, str(Path(__file__).parent / "packages"))


@pytest.fixture
def door() -> type[Door]:
    """Opens the door of a kit."""
    return Door


@pytest.fixture
def serve() -> Iterator[Callable[[Starlette], httpx.Client]]:
    """Serves applications until the test ends."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))
