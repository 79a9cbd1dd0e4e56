"""The tables of the card, and a trigger by which nobody joins without it."""

from __future__ import annotations

from alembic import op
from corekit_card.migrations.versions import card_0001_tables as card

revision = "card_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    card.upgrade()
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER card_watch BEFORE INSERT ON core_activity WHEN NEW.source = 'api' "
            "BEGIN SELECT raise(ABORT, 'ask the card first'); END"
        )
    else:
        op.execute(
            "CREATE FUNCTION card_watch() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'ask the card first'; END $$"
        )
        op.execute(
            "CREATE TRIGGER card_watch BEFORE INSERT ON core_activity FOR EACH ROW "
            "WHEN (NEW.source = 'api') EXECUTE FUNCTION card_watch()"
        )
