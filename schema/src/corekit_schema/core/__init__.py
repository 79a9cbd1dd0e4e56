"""The core's own types and root fields: members, activities, balances, tiers."""

from __future__ import annotations

# Members come first: they and activities lead to each other, and this way round both modules can be read.
from corekit_schema.core.member import Member
from corekit_schema.core.mutation import Mutation
from corekit_schema.core.query import Query

__all__ = ["Member", "Mutation", "Query"]
