"""A kit with access, on both databases, and a server of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from corekit import Kit
from corekit.testing.plugin import MakeKit
from corekit_schema import build_app
from corekit_schema.testing import serving

OLD = {"id": "old", "secret": "old secret of more than thirty-two characters"}


@pytest.fixture
def make(make_kit: MakeKit) -> Callable[..., Kit]:
    """Make a kit, with these signing keys."""

    def made(*signing_keys: dict[str, str], audience: str = "corekit", **more: Any) -> Kit:
        section = {"signing_keys": list(signing_keys or (OLD,)), "audience": audience}
        return make_kit(["access"], sections={"access": section}, **more)

    return made


@pytest.fixture
def kit(make: Callable[..., Kit]) -> Kit:
    return make()


@pytest.fixture
def ask() -> Iterator[Callable[..., httpx.Response]]:
    """Ask a kit over HTTP, with the text of a token or key."""
    with ExitStack() as stack:
        clients = dict[Kit, httpx.Client]()

        def asked(kit: Kit, query: str, bearer: str | None = None, **variables: Any) -> httpx.Response:
            if kit not in clients:
                clients[kit] = stack.enter_context(serving(build_app(kit)))
            headers = {"authorization": f"Bearer {bearer}"} if bearer is not None else None
            return clients[kit].post("/graphql", json={"query": query, "variables": variables}, headers=headers)

        yield asked
