"""Members, accounts and tiers, and the plugin contract that everything else stands on.

What is public is imported from here, and from the few other :data:`PUBLIC_MODULES`. Names are loaded when they are
first used, so that a command that needs no database does not load what speaks to one.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from corekit.deprecations import warn_name
from corekit.hookspecs import hookimpl, hookspec

if TYPE_CHECKING:
    from corekit.activities.activity import Activity, Batch, Line
    from corekit.activities.effects import (
        Bundle,
        Capture,
        CaptureAcross,
        Credit,
        Debit,
        DebitAcross,
        Effect,
        Follow,
        Hold,
        HoldAcross,
        Release,
        ReleaseAcross,
        SetAccountState,
        Skipped,
        Tag,
        TakeBack,
        Transfer,
    )
    from corekit.activities.enrolment import Applicant
    from corekit.activities.facts import Facts, MemberFacts
    from corekit.activities.outcome import EffectOutcome, Outcome, SkippedRule
    from corekit.activities.plugin_write import Applied, PluginWrite
    from corekit.clock import micros, moment
    from corekit.db.base import NAMING, table
    from corekit.db.lineage import Lineage
    from corekit.db.prepared import prepared
    from corekit.db.reader import Reader, any_of
    from corekit.db.shape import Shape
    from corekit.db.types import Amount, Flag, Id, Instant, Json, Whole
    from corekit.db.waiting import blocking
    from corekit.declares import (
        AccountKind,
        ActivityType,
        BenefitKind,
        Declares,
        EffectKind,
        ErrorText,
        MemberRows,
        Permission,
        Section,
        Unit,
    )
    from corekit.errors import (
        Busy,
        CorekitError,
        Integrity,
        Invalid,
        NotFound,
        PluginError,
        Problem,
        Refusal,
        SettingsError,
        Unavailable,
    )
    from corekit.ids import new_id
    from corekit.jobs.bounds import Bounds
    from corekit.jobs.declared import Job, Limits, Sweep, Work
    from corekit.jobs.runner import JobState
    from corekit.jobs.runs import JobRun
    from corekit.kit import Kit
    from corekit.ledger.expiry import Expiry
    from corekit.ledger.history import balances_at, expiring_at
    from corekit.ledger.read import OF_AVAILABLE, Balance, balances, expiring
    from corekit.members.offering import members_now
    from corekit.members.read import MemberFilter, member_page
    from corekit.members.tables import member
    from corekit.metrics import Metric, Window, add_months
    from corekit.offers import MemberNow, Offer, Offers
    from corekit.outbox.event import Event
    from corekit.program import Program
    from corekit.program.context import ProgramContext
    from corekit.program.exact import Exact, minor_units
    from corekit.program.problems import Place, Problems
    from corekit.settings import Settings
    from corekit.tiers.ladder import Ladder, Tier
    from corekit.tiers.read import measured
    from corekit.validation import coded, suggest

__version__ = "0.1.0"

_HOMES = {
    "corekit.activities.activity": ("Activity", "Batch", "Line"),
    "corekit.activities.effects": (
        "Bundle",
        "Capture",
        "CaptureAcross",
        "Credit",
        "Debit",
        "DebitAcross",
        "Effect",
        "Follow",
        "Hold",
        "HoldAcross",
        "Release",
        "ReleaseAcross",
        "SetAccountState",
        "Skipped",
        "Tag",
        "TakeBack",
        "Transfer",
    ),
    "corekit.activities.enrolment": ("Applicant",),
    "corekit.activities.facts": ("Facts", "MemberFacts"),
    "corekit.activities.outcome": ("EffectOutcome", "Outcome", "SkippedRule"),
    "corekit.activities.plugin_write": ("Applied", "PluginWrite"),
    "corekit.clock": ("micros", "moment"),
    "corekit.db.base": ("NAMING", "table"),
    "corekit.db.lineage": ("Lineage",),
    "corekit.db.prepared": ("prepared",),
    "corekit.db.reader": ("Reader", "any_of"),
    "corekit.db.shape": ("Shape",),
    "corekit.db.types": ("Amount", "Flag", "Id", "Instant", "Json", "Whole"),
    "corekit.db.waiting": ("blocking",),
    "corekit.declares": (
        "AccountKind",
        "ActivityType",
        "BenefitKind",
        "Declares",
        "EffectKind",
        "ErrorText",
        "MemberRows",
        "Permission",
        "Section",
        "Unit",
    ),
    "corekit.errors": (
        "Busy",
        "CorekitError",
        "Integrity",
        "Invalid",
        "NotFound",
        "Place",
        "PluginError",
        "Problem",
        "Problems",
        "Refusal",
        "SettingsError",
        "Unavailable",
    ),
    "corekit.ids": ("new_id",),
    "corekit.jobs.bounds": ("Bounds",),
    "corekit.jobs.declared": ("Job", "Limits", "Sweep", "Work"),
    "corekit.jobs.runner": ("JobState",),
    "corekit.jobs.runs": ("JobRun",),
    "corekit.kit": ("Kit",),
    "corekit.ledger.expiry": ("Expiry",),
    "corekit.ledger.history": ("balances_at", "expiring_at"),
    "corekit.ledger.read": ("OF_AVAILABLE", "Balance", "balances", "expiring"),
    "corekit.members.offering": ("members_now",),
    "corekit.members.read": ("MemberFilter", "member_page"),
    "corekit.members.tables": ("member",),
    "corekit.metrics": ("Metric", "Window", "add_months"),
    "corekit.offers": ("MemberNow", "Offer", "Offers"),
    "corekit.outbox.event": ("Event",),
    "corekit.program": ("Program",),
    "corekit.program.context": ("ProgramContext",),
    "corekit.program.exact": ("Exact", "minor_units"),
    "corekit.program.problems": ("Place", "Problems"),
    "corekit.settings": ("Settings",),
    "corekit.tiers.ladder": ("Ladder", "Tier"),
    "corekit.tiers.read": ("measured",),
    "corekit.validation": ("coded", "suggest"),
}
PUBLIC_MODULES = (
    "corekit",
    "corekit.audience",
    "corekit.audit",
    "corekit.command",
    "corekit.db.types",
    "corekit.deprecations",
    "corekit.migrations.member_rows",
    "corekit.migrations.segments",
    "corekit.paging",
    "corekit.program",
    "corekit.removal",
    "corekit.tables",
    "corekit.testing",
    "corekit.testing.at_once",
    "corekit.testing.backends",
    "corekit.testing.clock",
    "corekit.testing.modules",
    "corekit.testing.plugin",
    "corekit.testing.public",
)
"""What others may import: the names that these modules list in ``__all__``. All else may change at any time."""

_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "NAMING",
    "OF_AVAILABLE",
    "PUBLIC_MODULES",
    "AccountKind",
    "Activity",
    "ActivityType",
    "Amount",
    "Applicant",
    "Applied",
    "Balance",
    "Batch",
    "BenefitKind",
    "Bounds",
    "Bundle",
    "Busy",
    "Capture",
    "CaptureAcross",
    "CorekitError",
    "Credit",
    "Debit",
    "DebitAcross",
    "Declares",
    "Effect",
    "EffectKind",
    "EffectOutcome",
    "ErrorText",
    "Event",
    "Exact",
    "Expiry",
    "Facts",
    "Flag",
    "Follow",
    "Hold",
    "HoldAcross",
    "Id",
    "Instant",
    "Integrity",
    "Invalid",
    "Job",
    "JobRun",
    "JobState",
    "Json",
    "Kit",
    "Ladder",
    "Limits",
    "Line",
    "Lineage",
    "MemberFacts",
    "MemberFilter",
    "MemberNow",
    "MemberRows",
    "Metric",
    "NotFound",
    "Offer",
    "Offers",
    "Outcome",
    "Permission",
    "Place",
    "PluginError",
    "PluginWrite",
    "Problem",
    "Problems",
    "Program",
    "ProgramContext",
    "Reader",
    "Refusal",
    "Release",
    "ReleaseAcross",
    "Section",
    "SetAccountState",
    "Settings",
    "SettingsError",
    "Shape",
    "Skipped",
    "SkippedRule",
    "Sweep",
    "Tag",
    "TakeBack",
    "Tier",
    "Transfer",
    "Unavailable",
    "Unit",
    "Whole",
    "Window",
    "Work",
    "__version__",
    "add_months",
    "any_of",
    "balances",
    "balances_at",
    "blocking",
    "coded",
    "expiring",
    "expiring_at",
    "hookimpl",
    "hookspec",
    "measured",
    "member",
    "member_page",
    "members_now",
    "micros",
    "minor_units",
    "moment",
    "new_id",
    "prepared",
    "suggest",
    "table",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used."""
    if name not in _HOME:
        message = f"module 'corekit' has no attribute {name!r}"
        raise AttributeError(message)
    value = getattr(import_module(_HOME[name]), name)
    if not warn_name(__name__, name):  # whoever asks for a deprecated name is told, each time
        globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
