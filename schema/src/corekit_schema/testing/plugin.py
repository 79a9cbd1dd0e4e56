"""The pytest plugin of corekit_schema: the fixture ``graphql``."""

# pytest loads this module in every project where corekit_schema is installed, so it imports nothing that costs.
from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from corekit import Kit
    from corekit_schema.testing.door import Door


@pytest.fixture
def graphql(kit: Kit) -> Door:
    """Ask the fixture ``kit`` in GraphQL: ``graphql.data("{ members { totalCount } }")``."""
    from corekit_schema.testing.door import Door

    return Door(kit)
