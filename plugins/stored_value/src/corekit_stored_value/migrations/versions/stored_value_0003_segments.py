"""The store and the channel of what was posted before postings had segments."""

from __future__ import annotations

from alembic import op

from corekit.migrations.segments import fill

revision = "stored_value_0003"
down_revision = "stored_value_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    fill(op.get_bind(), "stored_value.", ("store", "channel"))
