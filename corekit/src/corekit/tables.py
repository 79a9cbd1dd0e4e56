"""The core's tables that a plugin may read and refer to; it writes none of them.

``Reader`` runs statements over them in ``corekit_prepare``, in reports and in the selects of sweeps. The columns of
these tables are public; all other tables of the core are its own business.
"""

from __future__ import annotations

from corekit.activities.tables import activity, effect, line, outbox
from corekit.ledger.tables import account, account_kind, entry, lot, posting, segment
from corekit.members.tables import group_member, member, profile
from corekit.members.tables import tag as member_tag
from corekit.tiers.tables import assignment

__all__ = [
    "account",
    "account_kind",
    "activity",
    "assignment",
    "effect",
    "entry",
    "group_member",
    "line",
    "lot",
    "member",
    "member_tag",
    "outbox",
    "posting",
    "profile",
    "segment",
]
