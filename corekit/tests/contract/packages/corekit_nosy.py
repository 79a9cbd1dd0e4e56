"""The card, with a look behind the curtain."""

from __future__ import annotations

from corekit_card.plugin import corekit_declare, corekit_export, corekit_prepare, corekit_react

from corekit.ledger.store import Store

__all__ = ["Store", "corekit_declare", "corekit_export", "corekit_prepare", "corekit_react"]
