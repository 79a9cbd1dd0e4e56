"""The house whose members the page of `examples/frontend` shows: some households of the demo's year, and more to see.

Its ladder, points and purchases are those of `examples/demo`; medals, documents and a survey stand in
`examples/frontend/house`. The page has a server of its own, which takes the operations of its manifest and no others.
All of it lives in a temporary folder, as long as it is open.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import tempfile
import tomllib
from collections.abc import AsyncIterator, Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from attrs import evolve, frozen

from corekit import Kit, Settings
from corekit.program import apply_text
from corekit_demo import data
from corekit_demo.clock import WalkingClock
from corekit_demo.journey import member_id
from corekit_demo.load import load
from corekit_documents import documents, uploads
from corekit_documents.settings import settings_of
from corekit_documents.store import Store
from corekit_schema import Viewer, build_app, tokens
from corekit_schema.testing import serving
from corekit_surveys import answering, catalogue, comments
from corekit_surveys.terms import Terms

ROOT = Path(__file__).resolve().parent.parent
THINGS = ROOT / "examples/frontend/house"
DEMO = ROOT / "examples/demo"
PLUGINS = ("points", "demo", "medals", "documents", "surveys")
HOUSEHOLDS = 40
SHOWN = 27
"""The household that the page shows: gold, and not far from platinum."""
RATES = (10, 9, 8, 10, 7, 9, 8, 6, 10, 9, 5, 8, 3)
LIKES = ["points", "people", "prices", "fresh"]
HOURS = ("morning", "evening", "sunday", "evening")
"""What households answer to the survey, one after the other."""
PLEASED = 7
"""Who recommends the house less is asked what should be better."""
ACTOR = "frontend"
COMMENTS: tuple[tuple[int, str, Literal["shown", "hidden"] | None], ...] = (
    (1, "More of the small apples, please.", "shown"),
    (3, "Call me at the office, I have the cheapest of everything!", "hidden"),
    (4, "周日能早点开门就好了。", "shown"),
    (6, "Nobody has looked at this yet.", None),
)
"""What households wrote about the survey, and what was decided on it."""

DOCUMENTS = {
    "guide": ({"en": "Member guide", "zh": "会员指南"}, {"everybody": True}),
    "recipes": ({"en": "Recipes for gold members", "zh": "金卡会员食谱"}, {"tier": "gold"}),
    "preview": ({"en": "Next season", "zh": "下季预览"}, {"tier": "platinum"}),
}
"""Titles and audience of each document; its versions are the files that are called so."""


@frozen
class House:
    """A house that is served at an address, to whoever asks anything, and at another to the page."""

    kit: Kit
    origin: str
    trusting: str

    def token(self, household: int = SHOWN) -> str:
        """Return a token of the member that a household is. It expires by the real clock, not by the demo's."""
        return self._token(Viewer(kind="member", member=member_id(household)))

    def staff_token(self) -> str:
        """Return a token of staff, who may do everything."""
        return self._token(Viewer(kind="staff", name=ACTOR))

    def _token(self, viewer: Viewer) -> str:
        return tokens.issue(self.kit.settings, viewer, datetime.now(UTC))


@contextmanager
def house(manifest: Path | None = None) -> Generator[House]:
    """Open and serve the house on free ports; nothing is left of it in the end.

    The page's server takes the operations of the manifest alone; where there is none, it takes all.
    """
    with tempfile.TemporaryDirectory(prefix="corekit-frontend-") as folder:
        clock = WalkingClock()
        with closing(Kit(_settings(Path(folder)), clock=clock)) as kit:
            kit.upgrade()
            apply_text(kit, "\n".join((each / "program.toml").read_text(encoding="utf-8") for each in (DEMO, THINGS)))
            load(kit, clock, data.survey(HOUSEHOLDS))
            asyncio.run(_put_documents(kit))
            _ask_members(kit)
            with _served(kit) as origin:
                if manifest is None:
                    yield House(kit, origin, origin)
                    return
                settings = evolve(kit.settings, graphql={"trusted": "only", "manifest": str(manifest)})
                with closing(Kit(settings, clock=clock)) as trusting, _served(trusting) as address:
                    yield House(kit, origin, address)


@contextmanager
def _served(kit: Kit) -> Generator[str]:
    with serving(build_app(kit)) as client:
        yield str(client.base_url).rstrip("/")


def _settings(folder: Path) -> Settings:
    with (DEMO / "corekit.toml").open("rb") as file:
        demo = tomllib.load(file)["corekit"]
    demo |= {"database": f"sqlite:///{folder}/house.db", "plugins": list(PLUGINS), "secret": secrets.token_hex(32)}
    return Settings.of(
        **demo,
        sections={
            "documents": {
                "store": str(folder / "documents"),
                "signing_keys": [{"id": "only", "secret": secrets.token_hex(32)}],
            }
        },
    )


def _ask_members(kit: Kit) -> None:
    """Open the survey; all households but the one that is shown have answered it already, and some wrote comments."""
    code = "year-2017"
    definition = json.loads((THINGS / "survey.json").read_text(encoding="utf-8"))
    catalogue.create(kit, ACTOR, code, definition, Terms(show_on_home=True, show_results=True))
    catalogue.move(kit, ACTOR, code, "open")
    for household in data.survey(HOUSEHOLDS).households:
        if household != SHOWN:
            answering.answer(kit, member_id(household), code, _answers(household))

    for household, text, state in COMMENTS:
        written = comments.write(kit, member_id(household), code, text)
        if state is not None:
            comments.decide(kit, ACTOR, written.id, state)


def _answers(household: int) -> dict[str, Any]:
    """Return what a household answers, by its number alone."""
    recommend = RATES[household % len(RATES)]
    likes = LIKES[household % len(LIKES) :]
    better = {"why": "Shorter queues."} if recommend < PLEASED else {}
    return {"recommend": recommend, "likes": likes, "open": HOURS[household % len(HOURS)]} | better


async def _put_documents(kit: Kit) -> None:
    store = Store(settings_of(kit))
    for code, (titles, audience) in DOCUMENTS.items():
        documents.set_document(kit, ACTOR, code, titles=titles, category="guides", audience=audience)
        for file in sorted(THINGS.glob(f"{code}.*.txt")):
            language = file.suffixes[0].removeprefix(".")
            name = f"{titles[language]}.txt"
            version = uploads.wait(kit, ACTOR, code, language=language, name=name, media_type="text/plain")
            await uploads.receive(kit, store, version, _whole(file.read_bytes()))


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content
