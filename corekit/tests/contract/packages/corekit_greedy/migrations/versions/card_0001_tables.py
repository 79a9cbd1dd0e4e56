"""The tables of the card, and an index on a table of the core."""

from __future__ import annotations

from alembic import op
from corekit_card.migrations.versions import card_0001_tables as card

revision = "card_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    card.upgrade()
    op.create_index("ix_card_joined", "core_member", ["joined_at"])
