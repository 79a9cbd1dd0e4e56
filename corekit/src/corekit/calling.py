"""What comes out of a plugin's code, and what does not come from it although it comes out of it."""

from __future__ import annotations

import dis
from traceback import clear_frames

from corekit.db.waiting import Blocks

_RAISING = {"RAISE_VARARGS", "RERAISE"}


def is_interrupted(error: BaseException) -> bool:
    """Say whether somebody at the keyboard stopped what a plugin did, rather than the plugin raising.

    The interpreter raises it between two steps of the code, the plugin by a statement of its own.
    """
    if not isinstance(error, KeyboardInterrupt) or error.__traceback__ is None:
        return False
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    return dis.opname[trace.tb_frame.f_code.co_code[trace.tb_lasti]] not in _RAISING


def is_of_plugin(error: BaseException) -> bool:
    """Say whether an exception that came out of a plugin's code is the plugin's, and so harms its own activity only.

    A plugin that says ``SystemExit`` ends no process. What it held when it raised is let go: it may be all there is of
    the memory.
    """
    if is_interrupted(error) or isinstance(error, Blocks):
        return False
    clear_frames(error.__traceback__)
    return True
