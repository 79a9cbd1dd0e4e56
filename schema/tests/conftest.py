"""What tests of the schema share: a kit that answers GraphQL."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import frozen
from starlette.applications import Starlette

from corekit import Kit
from corekit_schema import Context, Viewer, assemble_for
from corekit_schema.execution.executor import Executor
from corekit_schema.masking import formatted
from corekit_schema.testing import serving
from corekit_schema.viewer import permissions_of

sys.path.insert(0, str(Path(__file__).parent / "packages"))


@frozen(eq=False)
class Door:
    """Asks a kit as a viewer; ``staff`` may do everything."""

    kit: Kit
    executor: Executor
    nodes: Any

    @property
    def staff(self) -> Viewer:
        return Viewer(kind="staff", name="mira", permissions=permissions_of(self.kit))

    def ask(self, text: str, viewer: Viewer | None = None, **variables: Any) -> dict[str, Any]:
        """Return the whole answer: data and errors."""
        with Context(self.kit, viewer or self.staff, self.nodes) as context:
            answer = self.executor.execute(text, context, variables=variables)
        return {"data": answer.data, "errors": [formatted(error) for error in answer.errors]}

    def data(self, text: str, viewer: Viewer | None = None, **variables: Any) -> dict[str, Any]:
        """Return the data of an answer without errors."""
        answer = self.ask(text, viewer, **variables)
        assert not answer["errors"], answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def statements(self, text: str, **variables: Any) -> int:
        """Return how many statements a query costs."""
        with Context(self.kit, self.staff, self.nodes) as context:
            answer = self.executor.execute(text, context, variables=variables)
            assert not answer.errors, answer.errors
            return context.read.statements


@pytest.fixture
def door() -> Callable[[Kit], Door]:
    """Opens the door of a kit."""

    def open_door(kit: Kit) -> Door:
        schema = assemble_for(kit)
        return Door(kit, Executor(schema.graphql), schema.nodes)

    return open_door


@pytest.fixture
def serve() -> Iterator[Callable[[Starlette], httpx.Client]]:
    """Serves applications until the test ends."""
    with ExitStack() as stack:
        yield lambda app: stack.enter_context(serving(app))
