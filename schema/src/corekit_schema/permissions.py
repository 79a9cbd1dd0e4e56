"""The permissions that the core's own fields and mutations ask for."""

from __future__ import annotations

from corekit import Permission

READ = "members.read"
REGISTER = "members.register"
CHANGE = "members.change"
MERGE = "members.merge"
ERASE = "members.erase"
EXPORT = "members.export"
RECORD = "activities.record"
SIMULATE = "activities.simulate"
REVERSE = "activities.reverse"
HOLD = "accounts.hold"
FREEZE = "accounts.freeze"
DELIVER = "outbox.deliver"
READ_JOBS = "jobs.read"
RUN_JOBS = "jobs.run"
READ_PLUGINS = "plugins.read"
SUSPEND_PLUGINS = "plugins.suspend"
PROGRAM_READ = "program.read"
PROGRAM_APPLY = "program.apply"
AUDIT = "audit.read"
SET_TIER = "tiers.set"
USE_TIER = "tiers.use"

PERMISSIONS = (
    Permission(name=READ, description="Read every member and everything about it."),
    Permission(name=REGISTER, description="Register members."),
    Permission(name=CHANGE, description="Lead members through their lives, and change what is known of them."),
    Permission(name=MERGE, description="Let members who are one person become one."),
    Permission(name=ERASE, description="Forget who a member is."),
    Permission(name=EXPORT, description="Export everything that is known of a member."),
    Permission(name=RECORD, description="Record activities of any type for any member."),
    Permission(name=SIMULATE, description="Ask what an activity would do."),
    Permission(name=REVERSE, description="Take activities back."),
    Permission(name=HOLD, description="Set value aside, and capture or release it."),
    Permission(name=FREEZE, description="Freeze accounts of members, and unfreeze them."),
    Permission(name=DELIVER, description="See what plugins are told, and mend what could not be delivered."),
    Permission(name=READ_JOBS, description="See jobs and their runs."),
    Permission(name=RUN_JOBS, description="Let jobs run, also what a circuit breaker holds."),
    Permission(name=READ_PLUGINS, description="See which plugins are on, and which are suspended."),
    Permission(name=SUSPEND_PLUGINS, description="Suspend plugins, and resume them."),
    Permission(name=PROGRAM_READ, description="Read every version of the program in full, and plan changes of it."),
    Permission(name=PROGRAM_APPLY, description="Put another version of the program into force."),
    Permission(name=AUDIT, description="See who changed what."),
    Permission(name=SET_TIER, description="Put members into tiers, and lock them there."),
    Permission(name=USE_TIER, description="Request tiers and claim benefits for members."),
)
