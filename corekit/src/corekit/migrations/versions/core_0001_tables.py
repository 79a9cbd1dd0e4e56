"""The tables of the core."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from corekit.db import types

revision = "core_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _members()
    _ledger()
    _activities()
    _tiers()
    _program()
    _outbox()
    _jobs()
    _audit()


def _members() -> None:
    op.create_table(
        "core_member",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("seq", types.Whole, nullable=False),
        sa.Column("last_at", types.Whole, nullable=False),
        sa.Column("joined_at", types.Whole, nullable=False),
        sa.Column("merged_into", types.Id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_member")),
        postgresql_with={"fillfactor": 80},
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_core_member_joined_at_id"), "core_member", ["joined_at", "id"], unique=False)
    op.create_index(
        "ix_core_member_merged_into",
        "core_member",
        ["merged_into"],
        unique=False,
        postgresql_where=sa.text("merged_into IS NOT NULL"),
        sqlite_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_core_member_state_joined_at_id"), "core_member", ["state", "joined_at", "id"], unique=False
    )
    op.create_table(
        "core_consent",
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("granted", sa.Boolean().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("since", types.Whole, nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"], ["core_member.id"], name=op.f("fk_core_consent_member_id_core_member"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("member_id", "purpose", "channel", name=op.f("pk_core_consent")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "core_erasure",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("opened_at", types.Whole, nullable=False),
        sa.Column("closed_at", types.Whole, nullable=True),
        sa.Column("obstacle", sa.Text(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'done')", name=op.f("ck_core_erasure_state")),
        sa.ForeignKeyConstraint(
            ["member_id"], ["core_member.id"], name=op.f("fk_core_erasure_member_id_core_member"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_erasure")),
        sqlite_strict=True,
    )
    op.create_index(
        "uq_core_erasure_open",
        "core_erasure",
        ["member_id"],
        unique=True,
        postgresql_where=sa.text("state = 'open'"),
        sqlite_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "core_external_id",
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["core_member.id"],
            name=op.f("fk_core_external_id_member_id_core_member"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("source", "external_id", name=op.f("pk_core_external_id")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_core_external_id_member_id"), "core_external_id", ["member_id"], unique=False)
    op.create_table(
        "core_group_member",
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.CheckConstraint("role IN ('primary', 'supplementary')", name=op.f("ck_core_group_member_role")),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["core_member.id"],
            name=op.f("fk_core_group_member_member_id_core_member"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("member_id", "code", name=op.f("pk_core_group_member")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_core_group_member_code_member_id"), "core_group_member", ["code", "member_id"], unique=False
    )
    op.create_index(
        "uq_core_group_member_primary",
        "core_group_member",
        ["code"],
        unique=True,
        postgresql_where=sa.text("role = 'primary'"),
        sqlite_where=sa.text("role = 'primary'"),
    )
    op.create_table(
        "core_member_tag",
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("tag", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["core_member.id"],
            name=op.f("fk_core_member_tag_member_id_core_member"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("member_id", "tag", name=op.f("pk_core_member_tag")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_core_member_tag_tag_member_id"), "core_member_tag", ["tag", "member_id"], unique=False)
    op.create_table(
        "core_profile",
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("name", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("attributes", types.Json(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("birthday", sa.Text(), nullable=True),
        sa.Column("sections", types.Json(), nullable=False),
        sa.Column("valid_until", types.Whole, nullable=True),
        sa.ForeignKeyConstraint(
            ["member_id"], ["core_member.id"], name=op.f("fk_core_profile_member_id_core_member"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("member_id", name=op.f("pk_core_profile")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_core_profile_channel_member_id"), "core_profile", ["channel", "member_id"], unique=False)
    op.create_index(op.f("ix_core_profile_kind_member_id"), "core_profile", ["kind", "member_id"], unique=False)
    op.create_index(op.f("ix_core_profile_name"), "core_profile", ["name"], unique=False)
    op.create_index(
        "ix_core_profile_valid_until",
        "core_profile",
        ["valid_until", "member_id"],
        unique=False,
        postgresql_where=sa.text("valid_until IS NOT NULL"),
        sqlite_where=sa.text("valid_until IS NOT NULL"),
    )
    op.create_index(
        "uq_core_profile_email",
        "core_profile",
        ["email"],
        unique=True,
        postgresql_where=sa.text("email IS NOT NULL"),
        sqlite_where=sa.text("email IS NOT NULL"),
    )
    op.create_index(
        "uq_core_profile_external_id",
        "core_profile",
        ["external_id"],
        unique=True,
        postgresql_where=sa.text("external_id IS NOT NULL"),
        sqlite_where=sa.text("external_id IS NOT NULL"),
    )
    op.create_index(
        "uq_core_profile_number",
        "core_profile",
        ["number"],
        unique=True,
        postgresql_where=sa.text("number IS NOT NULL"),
        sqlite_where=sa.text("number IS NOT NULL"),
    )
    op.create_index(
        "uq_core_profile_phone",
        "core_profile",
        ["phone"],
        unique=True,
        postgresql_where=sa.text("phone IS NOT NULL"),
        sqlite_where=sa.text("phone IS NOT NULL"),
    )
    op.create_table(
        "core_profile_change",
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("changes", types.Json(), nullable=False),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["core_member.id"],
            name=op.f("fk_core_profile_change_member_id_core_member"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_core_profile_change")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_core_profile_change_member_id_activity_id"),
        "core_profile_change",
        ["member_id", "activity_id"],
        unique=False,
    )


def _ledger() -> None:
    op.create_table(
        "core_entry",
        sa.Column("account_id", types.Id(), nullable=False),
        sa.Column("seq", types.Whole, nullable=False),
        sa.Column("posting_id", types.Id(), nullable=False),
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("amount", types.Whole, nullable=False),
        sa.Column("balance_after", types.Whole, nullable=False),
        sa.Column("available_after", types.Whole, nullable=False),
        sa.Column("recorded_at", types.Whole, nullable=False),
        sa.CheckConstraint("side IN ('debit', 'credit')", name=op.f("ck_core_entry_side")),
        sa.PrimaryKeyConstraint("account_id", "seq", name=op.f("pk_core_entry")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "core_hold",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("account_id", types.Id(), nullable=False),
        sa.Column("amount", types.Whole, nullable=False),
        sa.Column("expires_at", types.Whole, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("captured", types.Whole, nullable=False),
        sa.Column("resolved_by", types.Id(), nullable=True),
        sa.Column("resolved_at", types.Whole, nullable=True),
        sa.CheckConstraint("outcome IN ('captured', 'released', 'expired')", name=op.f("ck_core_hold_outcome")),
        sa.CheckConstraint("amount > 0", name=op.f("ck_core_hold_amount")),
        sa.CheckConstraint("captured BETWEEN 0 AND amount", name=op.f("ck_core_hold_captured")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_hold")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_core_hold_due",
        "core_hold",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("outcome IS NULL"),
        sqlite_where=sa.text("outcome IS NULL"),
    )
    op.create_index(
        "ix_core_hold_open",
        "core_hold",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("outcome IS NULL"),
        sqlite_where=sa.text("outcome IS NULL"),
    )
    op.create_table(
        "core_lot",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("account_id", types.Id(), nullable=False),
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("issued", types.Whole, nullable=False),
        sa.Column("consumed", types.Whole, nullable=False),
        sa.Column("held", types.Whole, nullable=False),
        sa.Column("expired", types.Whole, nullable=False),
        sa.Column("repaid", types.Whole, nullable=False),
        sa.Column("expires_at", types.Whole, nullable=True),
        sa.Column("issued_at", types.Whole, nullable=False),
        sa.Column("seq", types.Whole, nullable=False),
        sa.Column("available_from", types.Whole, nullable=True),
        sa.CheckConstraint("consumed + held + expired <= issued", name=op.f("ck_core_lot_whole")),
        sa.CheckConstraint(
            "held >= 0 AND expired >= 0 AND repaid >= 0 AND consumed >= repaid", name=op.f("ck_core_lot_parts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_lot")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_core_lot_awaited",
        "core_lot",
        ["account_id", "available_from"],
        unique=False,
        postgresql_where=sa.text("available_from IS NOT NULL"),
        sqlite_where=sa.text("available_from IS NOT NULL"),
    )
    op.create_index(
        "ix_core_lot_due",
        "core_lot",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("issued > consumed + held + expired"),
        sqlite_where=sa.text("issued > consumed + held + expired"),
    )
    op.create_index(
        "ix_core_lot_open",
        "core_lot",
        ["account_id", "expires_at"],
        unique=False,
        postgresql_where=sa.text("issued > consumed + held + expired"),
        sqlite_where=sa.text("issued > consumed + held + expired"),
    )
    op.create_index(
        "ix_core_lot_repaid",
        "core_lot",
        ["account_id"],
        unique=False,
        postgresql_where=sa.text("repaid > 0"),
        sqlite_where=sa.text("repaid > 0"),
    )
    op.create_table(
        "core_lot_movement",
        sa.Column("lot_id", types.Id(), nullable=False),
        sa.Column("seq", types.Whole, nullable=False),
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount", types.Whole, nullable=False),
        sa.Column("spend_id", types.Id(), nullable=True),
        sa.Column("expiry_before", types.Whole, nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_core_lot_movement_amount")),
        sa.PrimaryKeyConstraint("lot_id", "seq", name=op.f("pk_core_lot_movement")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_core_lot_movement_spend_id",
        "core_lot_movement",
        ["spend_id"],
        unique=False,
        postgresql_where=sa.text("spend_id IS NOT NULL"),
        sqlite_where=sa.text("spend_id IS NOT NULL"),
    )
    op.create_table(
        "core_posting",
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("effect_id", types.Id(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("debit_account_id", types.Id(), nullable=False),
        sa.Column("credit_account_id", types.Id(), nullable=False),
        sa.Column("amount", types.Whole, nullable=False),
        sa.Column("recorded_at", types.Whole, nullable=False),
        sa.CheckConstraint("amount BETWEEN 1 AND 1000000000000000", name=op.f("ck_core_posting_amount")),
        sa.PrimaryKeyConstraint("activity_id", "id", name=op.f("pk_core_posting")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "core_unit",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("scale", sa.Integer(), nullable=False),
        sa.Column("class", sa.Text(), nullable=False),
        sa.CheckConstraint("scale BETWEEN 0 AND 6", name=op.f("ck_core_unit_scale")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_core_unit")),
        sqlite_strict=True,
    )
    op.create_table(
        "core_account_kind",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("system", sa.Boolean().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lots", sa.Boolean().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("clawback", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["unit"], ["core_unit.code"], name=op.f("fk_core_account_kind_unit_core_unit"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_core_account_kind")),
        sqlite_strict=True,
    )
    op.create_table(
        "core_account",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=True),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("debits_posted", types.Whole, nullable=False),
        sa.Column("credits_posted", types.Whole, nullable=False),
        sa.Column("debits_pending", types.Whole, nullable=False),
        sa.Column("credits_pending", types.Whole, nullable=False),
        sa.Column("overdraft_limit", types.Whole, nullable=True),
        sa.Column("seq", types.Whole, nullable=False),
        sa.Column("last_at", types.Whole, nullable=False),
        sa.Column("lapses_at", types.Whole, nullable=True),
        sa.CheckConstraint(
            "debits_posted >= 0 AND credits_posted >= 0 AND debits_pending >= 0 AND credits_pending >= 0",
            name=op.f("ck_core_account_counters"),
        ),
        sa.CheckConstraint(
            "overdraft_limit IS NULL OR credits_posted - debits_posted - debits_pending >= -overdraft_limit",
            name=op.f("ck_core_account_floor"),
        ),
        sa.ForeignKeyConstraint(
            ["kind"],
            ["core_account_kind.code"],
            name=op.f("fk_core_account_kind_core_account_kind"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"], ["core_member.id"], name=op.f("fk_core_account_member_id_core_member"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_account")),
        postgresql_with={"fillfactor": 80},
        sqlite_strict=True,
    )
    op.create_index(
        "ix_core_account_lapses_at",
        "core_account",
        ["lapses_at"],
        unique=False,
        postgresql_where=sa.text("lapses_at IS NOT NULL"),
        sqlite_where=sa.text("lapses_at IS NOT NULL"),
    )
    op.create_index("uq_core_account_member_id_kind", "core_account", ["member_id", "kind"], unique=True)


def _activities() -> None:
    op.create_table(
        "core_activity",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("seq", types.Whole, nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("occurred_at", types.Whole, nullable=False),
        sa.Column("recorded_at", types.Whole, nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("amount", types.Whole, nullable=False),
        sa.Column("unit", sa.Text(), nullable=True),
        sa.Column("payload", types.Json(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("program", sa.Integer(), nullable=False),
        sa.Column("reverses", types.Id(), nullable=True),
        sa.Column("parent_id", types.Id(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", types.Json(), nullable=True),
        sa.Column("measures", types.Json(), nullable=True),
        sa.Column("members", types.Json(), nullable=True),
        sa.Column("skipped", types.Json(), nullable=True),
        sa.CheckConstraint("state IN ('settled', 'failed')", name=op.f("ck_core_activity_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_activity")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_core_activity_acted",
        "core_activity",
        ["recorded_at", "id"],
        unique=False,
        postgresql_where=sa.text("actor IS NOT NULL AND parent_id IS NULL"),
        sqlite_where=sa.text("actor IS NOT NULL AND parent_id IS NULL"),
    )
    op.create_index(
        "ix_core_activity_actor",
        "core_activity",
        ["actor", "recorded_at", "id"],
        unique=False,
        postgresql_where=sa.text("actor IS NOT NULL AND parent_id IS NULL"),
        sqlite_where=sa.text("actor IS NOT NULL AND parent_id IS NULL"),
    )
    op.create_index(
        "ix_core_activity_parent_id",
        "core_activity",
        ["parent_id"],
        unique=False,
        postgresql_where=sa.text("parent_id IS NOT NULL"),
        sqlite_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_index(
        "ix_core_activity_reverses",
        "core_activity",
        ["reverses"],
        unique=False,
        postgresql_where=sa.text("reverses IS NOT NULL"),
        sqlite_where=sa.text("reverses IS NOT NULL"),
    )
    op.create_index(
        "uq_core_activity_failed",
        "core_activity",
        ["member_id", "source", "external_id"],
        unique=True,
        postgresql_where=sa.text("state = 'failed'"),
        sqlite_where=sa.text("state = 'failed'"),
    )
    op.create_index("uq_core_activity_member_id_seq", "core_activity", ["member_id", "seq"], unique=True)
    op.create_table(
        "core_effect",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("account_kind", sa.Text(), nullable=True),
        sa.Column("amount", types.Whole, nullable=False),
        sa.Column("shares", types.Json(), nullable=True),
        sa.Column("data", types.Json(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("undoes", types.Id(), nullable=True),
        sa.Column("undone", types.Whole, nullable=False),
        sa.Column("unfunded", types.Whole, nullable=False),
        sa.CheckConstraint("state IN ('applied', 'dropped')", name=op.f("ck_core_effect_state")),
        sa.CheckConstraint("undone BETWEEN 0 AND amount", name=op.f("ck_core_effect_undone")),
        sa.CheckConstraint("unfunded BETWEEN 0 AND amount", name=op.f("ck_core_effect_unfunded")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_effect")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_core_effect_undoes",
        "core_effect",
        ["undoes"],
        unique=False,
        postgresql_where=sa.text("undoes IS NOT NULL"),
        sqlite_where=sa.text("undoes IS NOT NULL"),
    )
    op.create_index("uq_core_effect_activity_id_no", "core_effect", ["activity_id", "no"], unique=True)
    op.create_table(
        "core_intake",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("occurred_at", types.Whole, nullable=False),
        sa.Column("activity", types.Kept(), nullable=False),
        sa.Column("enqueued_at", types.Whole, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'failed', 'held')", name=op.f("ck_core_intake_state")),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_core_intake")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_core_intake_waiting",
        "core_intake",
        ["lane", "occurred_at", "key", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.create_table(
        "core_intake_lane",
        sa.Column("lane", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("lane", name=op.f("pk_core_intake_lane")),
        sqlite_strict=True,
    )
    op.create_table(
        "core_line",
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("no", sa.Integer(), nullable=False),
        sa.Column("amount", types.Whole, nullable=False),
        sa.Column("sku", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("quantity", types.Whole, nullable=False),
        sa.Column("unit_price", types.Whole, nullable=True),
        sa.Column("flags", types.Json(), nullable=True),
        sa.PrimaryKeyConstraint("activity_id", "no", name=op.f("pk_core_line")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "core_metric",
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("value", types.Whole, nullable=False),
        sa.PrimaryKeyConstraint("member_id", "metric", name=op.f("pk_core_metric")),
        postgresql_with={"fillfactor": 80},
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "core_metric_day",
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("value", types.Whole, nullable=False),
        sa.PrimaryKeyConstraint("member_id", "metric", "day", name=op.f("pk_core_metric_day")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "core_outbox",
        sa.Column("position", types.Whole, nullable=False),
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("recorded_at", types.Whole, nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_core_outbox")),
        sqlite_strict=True,
    )
    op.create_table(
        "core_request",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("activity_id", types.Id(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("parameters", types.Json(), nullable=True),
        sa.Column("recorded_at", types.Whole, nullable=False),
        sa.CheckConstraint("outcome IN ('settled', 'refused')", name=op.f("ck_core_request_outcome")),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("pk_core_request")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    if op.get_bind().dialect.name == "postgresql":
        # Whoever takes a position has a transaction id already: corekit.outbox.horizon rests on it.
        op.execute(
            "ALTER TABLE core_outbox ALTER position SET DEFAULT "
            "CASE WHEN pg_current_xact_id() IS NOT NULL THEN nextval('core_outbox_position_seq') END"
        )


def _tiers() -> None:
    op.create_table(
        "core_tier_assignment",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("ladder", sa.Text(), nullable=False),
        sa.Column("tier", sa.Text(), nullable=False),
        sa.Column("valid_from", types.Whole, nullable=False),
        sa.Column("valid_to", types.Whole, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("activity_id", types.Id(), nullable=False),
        sa.Column("measured", types.Json(), nullable=False),
        sa.Column("program", sa.Integer(), nullable=False),
        sa.Column("expires_at", types.Whole, nullable=True),
        sa.Column("locked_until", types.Whole, nullable=True),
        sa.Column("locked_by", sa.Text(), nullable=True),
        sa.Column("undone_by", types.Id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_tier_assignment")),
        sqlite_strict=True,
    )
    op.create_index(
        "ix_core_tier_assignment_due",
        "core_tier_assignment",
        ["ladder", "expires_at", "member_id"],
        unique=False,
        postgresql_where=sa.text("valid_to IS NULL AND expires_at IS NOT NULL"),
        sqlite_where=sa.text("valid_to IS NULL AND expires_at IS NOT NULL"),
    )
    op.create_index(
        op.f("ix_core_tier_assignment_member_id_ladder_valid_from"),
        "core_tier_assignment",
        ["member_id", "ladder", "valid_from"],
        unique=False,
    )
    op.create_index(
        "ix_core_tier_assignment_tier",
        "core_tier_assignment",
        ["ladder", "tier"],
        unique=False,
        postgresql_where=sa.text("valid_to IS NULL"),
        sqlite_where=sa.text("valid_to IS NULL"),
    )
    op.create_index(
        "uq_core_tier_assignment_current",
        "core_tier_assignment",
        ["member_id", "ladder"],
        unique=True,
        postgresql_where=sa.text("valid_to IS NULL"),
        sqlite_where=sa.text("valid_to IS NULL"),
    )


def _program() -> None:
    op.create_table(
        "core_program",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("applied_at", types.Whole, nullable=False),
        sa.Column("valid_from", types.Whole, nullable=True),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_core_program")),
        sqlite_strict=True,
    )


def _outbox() -> None:
    op.create_table(
        "core_outbox_cursor",
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("position", types.Whole, nullable=False),
        sa.PrimaryKeyConstraint("plugin", name=op.f("pk_core_outbox_cursor")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "core_outbox_letter",
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("position", types.Whole, autoincrement=False, nullable=False),
        sa.Column("member_id", types.Id(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", types.Whole, nullable=True),
        sa.Column("failed_at", types.Whole, nullable=True),
        sa.Column("reason", types.Json(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'dead')", name=op.f("ck_core_outbox_letter_state")),
        sa.PrimaryKeyConstraint("plugin", "position", name=op.f("pk_core_outbox_letter")),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_core_outbox_letter_waiting",
        "core_outbox_letter",
        ["plugin", "member_id", "position"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )


def _jobs() -> None:
    op.create_table(
        "core_job",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("followed_to", types.Whole, nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_core_job")),
        sqlite_strict=True,
    )
    op.create_table(
        "core_job_run",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("as_of", types.Whole, nullable=False),
        sa.Column("historical", sa.Boolean().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("go", sa.Boolean().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("asked_at", types.Whole, nullable=False),
        sa.Column("started_at", types.Whole, nullable=True),
        sa.Column("ended_at", types.Whole, nullable=True),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("beat_at", types.Whole, nullable=True),
        sa.Column("position", types.Json(), nullable=True),
        sa.Column("found", types.Whole, nullable=False),
        sa.Column("settled", types.Whole, nullable=False),
        sa.Column("waiting", types.Whole, nullable=False),
        sa.Column("refused", types.Whole, nullable=False),
        sa.Column("told", types.Json(), nullable=True),
        sa.Column("code", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'running', 'held', 'done', 'failed')", name=op.f("ck_core_job_run_state")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_job_run")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_core_job_run_job_asked_at"), "core_job_run", ["job", "asked_at"], unique=False)
    op.create_index(
        "ix_core_job_run_open",
        "core_job_run",
        ["asked_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('asked', 'running', 'failed')"),
        sqlite_where=sa.text("state IN ('asked', 'running', 'failed')"),
    )
    op.create_index(
        "uq_core_job_run_running",
        "core_job_run",
        ["job"],
        unique=True,
        postgresql_where=sa.text("state = 'running'"),
        sqlite_where=sa.text("state = 'running'"),
    )


def _audit() -> None:
    op.create_table(
        "core_audit",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("at", types.Whole, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("parameters", types.Json(), nullable=False),
        sa.CheckConstraint("kind IN ('member', 'staff', 'service', 'operator')", name=op.f("ck_core_audit_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_audit")),
        sqlite_strict=True,
    )
    op.create_index(op.f("ix_core_audit_actor_at_id"), "core_audit", ["actor", "at", "id"], unique=False)
    op.create_index(op.f("ix_core_audit_at_id"), "core_audit", ["at", "id"], unique=False)
    op.create_index(op.f("ix_core_audit_what_at_id"), "core_audit", ["what", "at", "id"], unique=False)
    op.create_table(
        "core_open_unit",
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["version"],
            ["core_program.version"],
            name=op.f("fk_core_open_unit_version_core_program"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_core_open_unit")),
        sqlite_strict=True,
    )
    op.create_table(
        "core_suspension",
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("change", types.Whole, nullable=False),
        sa.Column("since", types.Whole, nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("plugin", name=op.f("pk_core_suspension")),
        sqlite_strict=True,
    )
    op.create_index("uq_core_suspension_change", "core_suspension", ["change"], unique=True)
