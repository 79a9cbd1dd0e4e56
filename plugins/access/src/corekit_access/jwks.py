"""The public keys of an identity provider: fetched when first needed, kept, and fetched again with restraint."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, cast
from urllib.error import URLError
from urllib.request import HTTPRedirectHandler, build_opener

import orjson
import structlog
from attrs import define, field
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from corekit import blocking

_log = structlog.get_logger("corekit.access")

FRESH = timedelta(hours=1)
"""How long keys are used before they are fetched again."""
PAUSE = timedelta(minutes=1)
"""The least time between two fetches, whatever tokens ask for: a made-up kid costs the provider nothing."""
STALE = timedelta(hours=24)
"""How long keys are used while the provider does not answer; a key that it withdrew opens nothing after that."""
SECONDS = 5.0
LARGEST = 1_000_000

PublicKey = RSAKey | ECKey | OKPKey
_TYPES: Mapping[str, type[PublicKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
"""Keys that sign with one half and are read with the other. A shared secret has no place in a public document."""


class _Stay(HTTPRedirectHandler):
    """Follows no redirect: the address in the settings is the one that is trusted."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Return no other request."""


@define(eq=False)
class PublicKeys:
    """The keys at one address."""

    address: str
    _keys: dict[str, PublicKey] = field(factory=dict[str, PublicKey], init=False)
    _fetched_at: datetime | None = field(default=None, init=False)
    _tried_at: datetime | None = field(default=None, init=False)
    _lock: Lock = field(factory=Lock, init=False)

    def key(self, kid: str, now: datetime) -> PublicKey | None:
        """Return the key of a name, or None; fetches them where they are old, or the name is not known."""
        if self._is_fresh(now) and (found := self._keys.get(kid)) is not None:
            return found  # whoever has a known key waits for nobody who fetches
        blocking()
        with self._lock:
            may_fetch = self._tried_at is None or now - self._tried_at >= PAUSE
            if may_fetch and not (self._is_fresh(now) and kid in self._keys):
                self._fetch(now)
            if self._fetched_at is None or now - self._fetched_at >= STALE:
                return None
            return self._keys.get(kid)

    def _is_fresh(self, now: datetime) -> bool:
        return self._fetched_at is not None and now - self._fetched_at < FRESH

    def _fetch(self, now: datetime) -> None:
        self._tried_at = now
        try:
            with build_opener(_Stay).open(self.address, timeout=SECONDS) as answer:
                found: Any = orjson.loads(answer.read(LARGEST))
            self._keys = _read(found)
        except (URLError, OSError, ValueError, TypeError) as error:
            _log.warning("keys not fetched", address=self.address, error=type(error).__name__)
            return
        self._fetched_at = now


def _read(document: Any) -> dict[str, PublicKey]:
    """Return the keys of a document that have a name and are of a kind that we know; TypeError where it is none."""
    listed: list[Any] | None = cast("dict[str, Any]", document).get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise TypeError("this is no set of keys")
    keys = dict[str, PublicKey]()
    for each in listed:
        if not isinstance(each, dict):
            continue
        described = cast("dict[str, Any]", each)
        type_ = _TYPES.get(str(described.get("kty")))
        kid = described.get("kid")
        if type_ is None or not isinstance(kid, str) or described.get("use", "sig") != "sig":
            continue
        try:
            keys[kid] = type_.import_key(cast("Any", described))
        except (JoseError, ValueError, TypeError):
            _log.warning("key not understood", kid=kid)
    return keys
