"""A shop with documents in a folder of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from attrs import frozen
from typer.testing import CliRunner

from corekit import Activity, Kit
from corekit.cli import app
from corekit.testing.clock import SettableClock
from corekit.testing.plugin import MakeKit
from corekit_documents import documents, uploads
from corekit_documents.documents import Version
from corekit_documents.links import Made, make
from corekit_documents.settings import settings_of
from corekit_documents.store import Store
from corekit_schema import build_app
from corekit_schema.testing import serving

KEYS = [{"id": "k1", "secret": "a secret of more than thirty-two characters"}]
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 400
PROGRAM = """
[program]
name = "Corner shop"

[[ladders]]
code = "status"
name = "Status"

[[ladders.tiers]]
code = "basic"
name = "Basic"

[[ladders.tiers]]
code = "gold"
name = "Gold"
criteria = [{metric = "spend", window = "lifetime", at_least = "100"}]

[documents.categories.prices]
en = "Price lists"
zh = "价目表"
"""


async def in_pieces(content: bytes, size: int = 65_536) -> AsyncIterator[bytes]:
    for at in range(0, len(content), size):
        yield content[at : at + size]


@frozen
class Shop:
    """Does what happens with documents in a shop."""

    kit: Kit
    clock: SettableClock

    def join(self, **payload: Any) -> str:
        return self.kit.record(Activity(type="member.registered", payload=payload)).member

    def buys(self, member: str, amount: int, *lines: Any) -> str:
        bought = self.kit.record(Activity(type="purchase", member=member, amount=amount, lines=lines))
        assert bought.settled
        return str(bought.activity_id)

    def document(self, code: str = "list", audience: Any = None, **told: Any) -> None:
        audience = {"everybody": True} if audience is None else audience
        documents.set_document(self.kit, "ada", code, titles={"en": "List"}, audience=audience or None, **told)

    def upload(self, content: bytes = PDF, document: str = "list", **told: Any) -> Version:
        about: dict[str, Any] = {"language": "en", "name": "list.pdf", "media_type": "application/pdf", **told}
        version = uploads.wait(self.kit, "ada", document, **about)
        return self.send(version, content)

    def send(self, version: Version, content: bytes = PDF) -> Version:
        store = Store(settings_of(self.kit))
        return asyncio.run(uploads.receive(self.kit, store, version, in_pieces(content)))

    def link(self, member: str, document: str = "list", **told: Any) -> Made:
        return make(self.kit, member, document, **told)


OpenShop = Callable[..., Shop]
Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """The folder of the store."""
    return tmp_path / "store"


@pytest.fixture
def shop(make_kit: MakeKit, clock: SettableClock, store: Path) -> OpenShop:
    """Open a shop with what its program says besides; ``sections`` are further settings of documents."""

    def open_(program: str = "", **told: Any) -> Shop:
        settings = {"store": str(store), "signing_keys": KEYS, **told.pop("settings", {})}
        return Shop(make_kit(["documents"], program=PROGRAM + program, sections={"documents": settings}, **told), clock)

    return open_


@pytest.fixture
def serve() -> Iterator[Callable[[Shop], httpx.Client]]:
    """Serve a shop, and give a client of it."""
    with ExitStack() as stack:
        yield lambda shop: stack.enter_context(serving(build_app(shop.kit)))


@pytest.fixture
def run(tmp_path: Path, store: Path) -> Callable[[Shop], Run]:
    """Give what runs a command over a shop, and gives its answer and exit code."""

    def over(shop: Shop) -> Run:
        config = tmp_path / "corekit.toml"
        key = f'{{id = "{KEYS[0]["id"]}", secret = "{KEYS[0]["secret"]}"}}'
        head = f'[corekit]\ndatabase = "{shop.kit.settings.database}"\nplugins = ["documents"]\n'
        text = f'{head}[plugins.documents]\nstore = "{store}"\nsigning_keys = [{key}]\n'
        config.write_text(text, encoding="utf-8")

        def command(*words: str, human: bool = False) -> tuple[int, Any]:
            ways = () if human else ("--json",)
            done = CliRunner().invoke(app, ["--config", str(config), *ways, *words])
            return done.exit_code, done.output if human else json.loads(done.stdout or done.stderr)

        return command

    return over
