"""The tables of the card, and one that does not carry its name."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from corekit_card.migrations.versions import card_0001_tables as card

revision = "card_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    card.upgrade()
    op.create_table("loyalty_notes", sa.Column("note", sa.Text()))
