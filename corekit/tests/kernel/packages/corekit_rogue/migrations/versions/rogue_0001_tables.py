"""The table of the rogue, and a view through which SQLite and PostgreSQL write to the core's accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "rogue_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rogue_mark",
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", name=op.f("pk_rogue_mark")),
        sqlite_strict=True,
    )
    op.execute("CREATE VIEW rogue_view AS SELECT id, credits_posted FROM core_account")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER rogue_view_written INSTEAD OF UPDATE ON rogue_view BEGIN "
            "UPDATE core_account SET credits_posted = NEW.credits_posted WHERE id = NEW.id; END"
        )
