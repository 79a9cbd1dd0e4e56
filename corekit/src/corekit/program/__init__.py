"""The program: ladders and every plugin's rules, in one file, checked as a whole, stored by version."""

from __future__ import annotations

from corekit.program.change import Plan, apply, apply_text, export, plan, plan_text
from corekit.program.differences import Change
from corekit.program.program import Program, blank, load
from corekit.program.store import Version, newest, read_versions, versions
from corekit.program.versions import Edition, Versions

__all__ = [
    "Change",
    "Edition",
    "Plan",
    "Program",
    "Version",
    "Versions",
    "apply",
    "apply_text",
    "blank",
    "export",
    "load",
    "newest",
    "plan",
    "plan_text",
    "read_versions",
    "versions",
]
