"""The program: ladders and every plugin's rules, in one file, checked as a whole, stored by version."""

from __future__ import annotations

from corekit.program.program import Program, blank, load
from corekit.program.store import Version, apply, current, newest

__all__ = ["Program", "Version", "apply", "blank", "current", "load", "newest"]
