"""The permissions that the core's own fields and mutations ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corekit import Permission

if TYPE_CHECKING:
    from corekit import Kit

READ = "members.read"
REGISTER = "members.register"
CHANGE = "members.change"
ERASE = "members.erase"
EXPORT = "members.export"
RECORD = "activities.record"
SIMULATE = "activities.simulate"
REVERSE = "activities.reverse"

PERMISSIONS = (
    Permission(name=READ, description="Read every member and everything about it."),
    Permission(name=REGISTER, description="Register members."),
    Permission(name=CHANGE, description="Lead members through their lives, and change what is known of them."),
    Permission(name=ERASE, description="Forget who a member is."),
    Permission(name=EXPORT, description="Export everything that is known of a member."),
    Permission(name=RECORD, description="Record activities of any type for any member."),
    Permission(name=SIMULATE, description="Ask what an activity would do."),
    Permission(name=REVERSE, description="Take activities back."),
)


def permissions_of(kit: Kit) -> frozenset[str]:
    """Return the names of all permissions there are: the core's, and those that the plugins declare."""
    return frozenset(each.name for each in PERMISSIONS) | frozenset(kit.declared.permissions)
