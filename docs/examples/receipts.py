"""A line in a file for each purchase: what a plugin is told after the commit."""

from __future__ import annotations

from pathlib import Path

from corekit import Event, hookimpl

FILE = Path("receipts.txt")


@hookimpl
def corekit_happened(event: Event) -> None:
    """Write a purchase down; it may be told twice, so the line begins with what tells it apart."""
    if event.type == "purchase":
        with FILE.open("a", encoding="utf-8") as file:
            file.write(f"{event.position} {event.external_id} {event.amount} {event.unit}\n")
