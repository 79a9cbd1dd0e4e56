"""A letter to who joins. It may be told twice, so the letter's name is the event's."""

from __future__ import annotations

from pathlib import Path

from corekit import Event, hookimpl

OUTBOX = Path("letters")


@hookimpl
def corekit_happened(event: Event) -> None:
    """Write the letter; what is raised here is tried again later."""
    if event.type == "member.registered":
        OUTBOX.mkdir(exist_ok=True)
        (OUTBOX / f"{event.id}.txt").write_text(f"Welcome, member {event.member}!\n", encoding="utf-8")
