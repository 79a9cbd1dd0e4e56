"""Tables of activities: requests and their answers, what waits, what happened, and what it caused."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Text, text

from corekit.db.base import table
from corekit.db.types import Amount, Id, Instant, Json, Kept, Whole

request = table(
    "core_request",
    Column("scope", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("outcome", Text, CheckConstraint("outcome IN ('settled', 'refused')", name="outcome"), nullable=False),
    Column("member_id", Id, nullable=False),
    Column("activity_id", Id),
    Column("code", Text),
    Column("parameters", Json),
    Column("recorded_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

intake = table(
    "core_intake",
    Column("scope", Text, primary_key=True),
    # Chunks are cut where plans cut them: by the code points, whatever the language of the database.
    Column("key", Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True),
    # In the order of arrival.
    Column("id", Id, nullable=False),
    Column("hash", Text, nullable=False),
    Column("member_id", Id, nullable=False),
    # Follows from the member: workers claim lanes, so that no member is in two hands.
    Column("lane", Integer, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("activity", Kept, nullable=False),
    Column("enqueued_at", Instant, nullable=False),
    # What failed waits for somebody to send it again, what is held for a plugin to be resumed; the rest is settled by
    # the next worker.
    Column("state", Text, CheckConstraint("state IN ('waiting', 'failed', 'held')", name="state"), nullable=False),
    Index(
        "ix_core_intake_waiting",
        "lane",
        "occurred_at",
        "key",
        "id",
        postgresql_where=text("state = 'waiting'"),
        sqlite_where=text("state = 'waiting'"),
    ),
)

NO_VERSION = -1
"""The number of no version of the program."""
# A unit in which a plugin writes has a row here until the kernel ends it. As long as there is one, what it refers to is
# missing, and that is looked at by each commit: whoever else commits, commits nothing.
open_unit = table(
    "core_open_unit",
    Column("id", Id, primary_key=True),
    Column(
        "version",
        Integer,
        ForeignKey("core_program.version", deferrable=True, initially="DEFERRED"),
        nullable=False,
    ),
)

intake_lane = table("core_intake_lane", Column("lane", Integer, primary_key=True, autoincrement=False))

activity = table(
    "core_activity",
    Column("id", Id, primary_key=True),
    Column("member_id", Id, nullable=False),
    # The member's sequence number; None for a failed activity, which has not settled.
    Column("seq", Whole),
    Column("type", Text, nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("source", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("amount", Amount, nullable=False),
    Column("unit", Text),
    Column("payload", Json),
    Column("actor", Text),
    Column("program", Integer, nullable=False),
    Column("reverses", Id),
    Column("parent_id", Id),
    Column("depth", Integer, nullable=False),
    Column("state", Text, CheckConstraint("state IN ('settled', 'failed')", name="state"), nullable=False),
    Column("reason", Json),
    # What the activity added to each metric, so that a reversal takes back exactly that.
    Column("measures", Json),
    # The others whose value it may move.
    Column("members", Json),
    # The rules that did not fire: owner, rule, code and parameters of each.
    Column("skipped", Json),
    Index("uq_core_activity_member_id_seq", "member_id", "seq", unique=True),
    Index(
        "ix_core_activity_reverses",
        "reverses",
        postgresql_where=text("reverses IS NOT NULL"),
        sqlite_where=text("reverses IS NOT NULL"),
    ),
    Index(
        "ix_core_activity_parent_id",
        "parent_id",
        postgresql_where=text("parent_id IS NOT NULL"),
        sqlite_where=text("parent_id IS NOT NULL"),
    ),
    # The audit trail: what somebody recorded, and what each recorded.
    *(
        Index(
            f"ix_core_activity_{name}",
            *columns,
            "recorded_at",
            "id",
            postgresql_where=text("actor IS NOT NULL AND parent_id IS NULL"),
            sqlite_where=text("actor IS NOT NULL AND parent_id IS NULL"),
        )
        for name, columns in (("acted", ()), ("actor", ("actor",)))
    ),
    Index(
        "uq_core_activity_failed",
        "member_id",
        "source",
        "external_id",
        unique=True,
        postgresql_where=text("state = 'failed'"),
        sqlite_where=text("state = 'failed'"),
    ),
)

line = table(
    "core_line",
    Column("activity_id", Id, primary_key=True),
    Column("no", Integer, primary_key=True),
    Column("amount", Amount, nullable=False),
    Column("sku", Text),
    Column("category", Text),
    Column("quantity", Whole, nullable=False),
    Column("unit_price", Amount),
    Column("flags", Json),
    sqlite_with_rowid=False,
)

effect = table(
    "core_effect",
    Column("id", Id, primary_key=True),
    Column("activity_id", Id, nullable=False),
    Column("no", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("account_kind", Text),
    Column("amount", Amount, nullable=False),
    Column("shares", Json),
    Column("data", Json),
    Column("state", Text, CheckConstraint("state IN ('applied', 'dropped')", name="state"), nullable=False),
    Column("code", Text),
    # The effect of an earlier activity that this one takes back, in part or as a whole.
    Column("undoes", Id),
    Column("undone", Amount, nullable=False),
    # The part of a spend whose lots were clawed back and which nothing funds any more.
    Column("unfunded", Amount, nullable=False),
    CheckConstraint("undone BETWEEN 0 AND amount", name="undone"),
    CheckConstraint("unfunded BETWEEN 0 AND amount", name="unfunded"),
    Index("uq_core_effect_activity_id_no", "activity_id", "no", unique=True),
    Index(
        "ix_core_effect_undoes",
        "undoes",
        postgresql_where=text("undoes IS NOT NULL"),
        sqlite_where=text("undoes IS NOT NULL"),
    ),
    sqlite_with_rowid=False,
)

outbox = table(
    "core_outbox",
    # Given by the database: it rises with every commit of a member, and on SQLite with every commit. On PostgreSQL a
    # lower one may be committed later, of another member: see corekit.outbox.horizon.
    Column("position", Whole, primary_key=True),
    Column("activity_id", Id, nullable=False),
    Column("member_id", Id, nullable=False),
    Column("topic", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
)

metric = table(
    "core_metric",
    Column("member_id", Id, primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("value", Whole, nullable=False),
    sqlite_with_rowid=False,
    postgresql_with={"fillfactor": 80},
)

metric_day = table(
    "core_metric_day",
    Column("member_id", Id, primary_key=True),
    Column("metric", Text, primary_key=True),
    # Days since 1970-01-01 on the calendar of the program's time zone.
    Column("day", Integer, primary_key=True),
    Column("value", Whole, nullable=False),
    sqlite_with_rowid=False,
)

moved_row = table(
    "core_moved_row",
    # Which merge, by the effect of the plugin, let which row of which of the plugin's tables pass to another member.
    Column("effect_id", Id, primary_key=True),
    Column("relation", Text, primary_key=True),
    Column("row_id", Id, primary_key=True),
    sqlite_with_rowid=False,
)
