"""Codes to show at the till: made of the redemption and a secret, so nothing has to be drawn, and none is stored.

Whoever holds the secret can make the code of a redemption again, and its owner can look it up as often as it likes;
the database has a hash alone. A code has 100 bits, so nobody can try them all, and a slow hash would only make each
request slow.
"""

from __future__ import annotations

import hmac
import re
from hashlib import sha256

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without the letters that are taken for digits, or that make words."""
_BITS = 5
_LENGTH = 20
_GROUP = 5
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})
_SPACES = re.compile(r"[\s-]+")


def code_of(secret: str, redemption: str) -> str:
    """Return the code of a redemption: 20 characters, to be shown in groups."""
    made = hmac.new(secret.encode(), f"points.redeemed:{redemption}".encode(), sha256).digest()
    number = int.from_bytes(made, "big")
    return "".join(_ALPHABET[number >> _BITS * place & 31] for place in range(_LENGTH))


def shown(code: str) -> str:
    """Return a code as people read it."""
    return "-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP))


def read(text: str) -> str:
    """Return the code that somebody typed or scanned: in any case, with or without groups, O for 0, I and L for 1."""
    return _SPACES.sub("", text).upper().translate(_ALIKE)


def digest(code: str) -> str:
    """Return what is kept of a code."""
    return sha256(code.encode()).hexdigest()


def as_svg(code: str) -> str:
    """Draw a code as a QR code: SVG that can stand in a page."""
    import segno  # noqa: PLC0415 - only who draws one needs it

    return segno.make(code, error="m", micro=False).svg_inline(scale=4)
