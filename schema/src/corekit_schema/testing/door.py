"""A door of a kit: asks it in GraphQL, without a server between."""

from __future__ import annotations

from typing import Any

from corekit import Kit
from corekit_schema.assembly.schema import assemble_for
from corekit_schema.context import Context
from corekit_schema.execution.executor import Executor
from corekit_schema.masking import formatted
from corekit_schema.viewer import Viewer, permissions_of


class Door:
    """Asks a kit as a viewer; ``staff`` may do everything."""

    def __init__(self, kit: Kit) -> None:
        """Assemble the schema of a kit."""
        self.kit = kit
        self.schema = assemble_for(kit)
        self._executor = Executor(self.schema.graphql)

    @property
    def staff(self) -> Viewer:
        """Somebody of staff with every permission there is."""
        return Viewer(kind="staff", name="mira", permissions=permissions_of(self.kit))

    def ask(self, text: str, viewer: Viewer | None = None, **variables: Any) -> dict[str, Any]:
        """Return the whole answer, data and errors, to staff or to another viewer."""
        with Context(self.kit, viewer or self.staff, self.schema.nodes) as context:
            answer = self._executor.execute(text, context, variables=variables)
        return {"data": answer.data, "errors": [formatted(error) for error in answer.errors]}

    def data(self, text: str, viewer: Viewer | None = None, **variables: Any) -> dict[str, Any]:
        """Return the data of an answer without errors."""
        answer = self.ask(text, viewer, **variables)
        assert not answer["errors"], answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def statements(self, text: str, **variables: Any) -> int:
        """Return how many statements a query costs."""
        with Context(self.kit, self.staff, self.schema.nodes) as context:
            answer = self._executor.execute(text, context, variables=variables)
            assert not answer.errors, answer.errors
            return context.read.statements
