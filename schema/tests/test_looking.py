"""A server that only reads hears of a program that another process applies."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from corekit import Kit, Unavailable
from corekit.program import apply_text
from corekit_schema import build_app
from corekit_schema.http import looking

ASK = {"query": "{ __typename }"}


def told(name: str) -> str:
    return f"""
[program]
name = "{name}"
"""


def test_a_server_hears_of_a_program_that_another_process_applies(
    make_kit: Any, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "EVERY", 0.01)
    kit: Kit = make_kit(program=told("Corner shop"))
    client: httpx.Client = serve(build_app(kit))
    assert client.post("/graphql", json=ASK).status_code == 200
    other = Kit(kit.settings)
    apply_text(other, told("Market hall"))
    other.close()
    while kit.terms().versions.editions[-1].program.name != "Market hall":
        client.get("/healthz")


def test_a_look_that_fails_is_told_and_the_next_one_comes(
    make_kit: Any, serve: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "EVERY", 0.01)
    kit: Kit = make_kit()
    client: httpx.Client = serve(build_app(kit))

    def fail() -> bool:
        raise Unavailable("the database does not answer", database="here")

    with capture_logs() as logs:
        monkeypatch.setattr(kit, "look_again", fail)
        assert client.post("/graphql", json=ASK).status_code == 200
        while sum(each["event"] == "terms not looked at" for each in logs) < 2:
            client.get("/healthz")
