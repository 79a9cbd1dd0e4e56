"""Sealing anonymous answers, so that nobody reads them while they can be told apart; AES-GCM of `cryptography`.

What is sealed says neither when it was nor how long it is: its nonce is drawn by chance, and it is filled up.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from corekit_surveys.settings import SurveysSettings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12
_KEY = 32
BLOCK = 1024
"""Bytes: answers are filled up to a multiple of it."""


def seal(settings: SurveysSettings, entropy: Callable[[int], bytes], survey: str, answers: Mapping[str, Any]) -> str:
    """Return answers to a survey (by its id) as only the key reads them; there has to be one."""
    told = orjson.dumps(answers)
    nonce = entropy(_NONCE)
    filled = told.ljust(-(-len(told) // BLOCK) * BLOCK)
    return b64encode(nonce + _cipher(settings.keys[0]).encrypt(nonce, filled, survey.encode())).decode()


def unseal(settings: SurveysSettings, survey: str, sealed: str) -> dict[str, Any] | None:
    """Return what was sealed; None where none of the keys did it."""
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - only what is anonymous needs it

    raw = b64decode(sealed)
    for key in settings.keys:
        try:
            told = _cipher(key).decrypt(raw[:_NONCE], raw[_NONCE:], survey.encode())
        except InvalidTag:
            continue
        answers: dict[str, Any] = orjson.loads(told)
        return answers
    return None


@lru_cache(maxsize=8)
def _cipher(secret: str) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - the same
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415

    derived = HKDF(SHA256(), _KEY, salt=None, info=b"corekit surveys").derive(secret.encode())
    return AESGCM(derived)
