"""Refuse to build a wheel without the GraphiQL page, which is built at set-up and not committed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class GraphiqlIsThere(BuildHookInterface):  # type: ignore[type-arg]
    """Looks before a wheel is built; an editable install may come before the page."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Say what to do where the page is missing."""
        page = Path(self.root, "src/corekit_schema/graphiql/index.html")
        if version == "standard" and not page.exists():
            raise FileNotFoundError(f"{page} is missing: run `python dev.py graphiql` in the repository first")
