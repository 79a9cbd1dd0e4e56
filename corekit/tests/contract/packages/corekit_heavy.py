"""The card, which draws pictures as soon as anybody looks at it."""

from __future__ import annotations

import numpy as np
from corekit_card.plugin import corekit_declare, corekit_export, corekit_prepare, corekit_react

__all__ = ["corekit_declare", "corekit_export", "corekit_prepare", "corekit_react", "np"]
