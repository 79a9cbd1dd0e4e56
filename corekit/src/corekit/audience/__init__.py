"""Rules about members as data: for whom something is, and what of a member speaks against it.

A plugin stores such a rule with what it is about, such as ``{"any": [{"tier": "gold"}, {"tag": "vip"}]}``, and says in
codes of its own why somebody is outside of it.
"""

from __future__ import annotations

from corekit.audience.compiling import Known, checked, compiled, known
from corekit.audience.rules import Rule, Who, Why, named, reasons
from corekit.audience.standing import Gathered, gathered, people

__all__ = [
    "Gathered",
    "Known",
    "Rule",
    "Who",
    "Why",
    "checked",
    "compiled",
    "gathered",
    "known",
    "named",
    "people",
    "reasons",
]
