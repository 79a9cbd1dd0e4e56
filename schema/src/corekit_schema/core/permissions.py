"""The permissions that the core's own fields and mutations ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corekit import Permission

if TYPE_CHECKING:
    from corekit import Kit

READ = "members.read"
REGISTER = "members.register"
CHANGE = "members.change"
RECORD = "activities.record"
SIMULATE = "activities.simulate"
REVERSE = "activities.reverse"
SET_TIER = "tiers.set"
USE_TIER = "tiers.use"

PERMISSIONS = (
    Permission(name=READ, description="Read every member and everything about it."),
    Permission(name=REGISTER, description="Register members."),
    Permission(name=CHANGE, description="Freeze, unfreeze, cancel and restore members."),
    Permission(name=RECORD, description="Record activities of any type for any member."),
    Permission(name=SIMULATE, description="Ask what an activity would do."),
    Permission(name=REVERSE, description="Take activities back."),
    Permission(name=SET_TIER, description="Put members into tiers, and lock them there."),
    Permission(name=USE_TIER, description="Request tiers and claim benefits for members."),
)


def permissions_of(kit: Kit) -> frozenset[str]:
    """Return the names of all permissions there are: the core's, and those that the plugins declare."""
    return frozenset(each.name for each in PERMISSIONS) | frozenset(kit.declared.permissions)
