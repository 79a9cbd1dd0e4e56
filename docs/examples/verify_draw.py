"""Recompute a period of a prize draw: ``python verify_draw.py proof.json``. It needs Python, and nothing of corekit."""

from __future__ import annotations

import hashlib
import hmac
import json
import sys
from pathlib import Path
from typing import Any


def drawn(seed: bytes, pull: str, weights: list[tuple[str, int]]) -> str:
    """Return the prize that a seed and the weights in force give to a pull."""
    total = sum(weight for _, weight in weights)
    number, attempt = 2**256, 0
    while number >= 2**256 - 2**256 % total:
        number = int.from_bytes(hmac.digest(seed, f"{pull}:{attempt}".encode(), "sha256"), "big")
        attempt += 1
    place = number % total
    for prize, weight in weights:
        if place < weight:
            return prize
        place -= weight
    raise AssertionError("a place lies below the sum of the weights")


def wrong(proof: dict[str, Any]) -> list[str]:
    """Return what was not won as it was promised."""
    seed, before, found = bytes.fromhex(proof["seed"]), ("", 0), list[str]()
    if hashlib.sha256(seed).hexdigest() != proof["commitment"]:
        found.append("the seed is not the one that was promised")
    for each in proof["results"]:
        pull = "{draw}:{period}:{ticket}:{number}:{client_seed}".format(**proof, **each)
        before = each["ticket"], before[1] + 1 if before[0] == each["ticket"] else 1
        if each["number"] != before[1] or each["prize"] != drawn(seed, pull, each["weights"]):
            found.append(f"{pull} is not what was won")
    return found


if __name__ == "__main__":
    sys.exit("\n".join(wrong(json.loads(Path(sys.argv[1]).read_text("utf-8")))) or None)
