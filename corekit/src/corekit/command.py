"""What commands of other distributions are made of; they stand at the entry points ``corekit.commands``."""

from __future__ import annotations

from corekit.cli.context import ACTOR, Options, open_kit, open_log, options
from corekit.cli.lives import Id as MemberId
from corekit.cli.lives import Key, instant, record
from corekit.cli.lives import find as find_member
from corekit.cli.output import COULD_NOT, DONE, NO, emit

__all__ = [
    "ACTOR",
    "COULD_NOT",
    "DONE",
    "NO",
    "Key",
    "MemberId",
    "Options",
    "emit",
    "find_member",
    "instant",
    "open_kit",
    "open_log",
    "options",
    "record",
]
