"""What the plugin declares."""

from __future__ import annotations

from corekit import Declares, hookimpl
from corekit_surveys import codes


@hookimpl
def corekit_declare() -> Declares:
    """Declare what is said of definitions and answers."""
    return Declares(errors=(*codes.DEFINITION, *codes.ANSWERS))
