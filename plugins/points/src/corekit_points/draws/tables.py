"""What draws remember: seeds and what was published of them, what was drawn, and how much of a prize is gone."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Text, UniqueConstraint

from corekit import Flag, Id, Instant, Json, Whole, table
from corekit_points.tables import metadata

seed = table(
    "points_draw_seed",
    Column("draw", Text, primary_key=True),
    # Such as 2026-01-15 or 2026-01.
    Column("period", Text, primary_key=True),
    Column("begins", Instant, nullable=False),
    Column("ends", Instant, nullable=False),
    # The SHA-256 of the seed.
    Column("commitment", Text, nullable=False),
    Column("published_at", Instant, nullable=False),
    # The seed in hexadecimal digits; null until it is revealed.
    Column("seed", Text),
    Column("revealed_at", Instant),
    CheckConstraint("(seed IS NULL) = (revealed_at IS NULL)", name="revealed"),
    sqlite_with_rowid=False,
    meta=metadata,
)
secret = table(
    "points_draw_secret",
    # A table of its own, so that who may read all others need not be let into this one. A row goes when it is revealed.
    Column("draw", Text, primary_key=True),
    Column("period", Text, primary_key=True),
    Column("seed", Text, nullable=False),
    sqlite_with_rowid=False,
    meta=metadata,
)
result = table(
    "points_draw_result",
    Column("effect_id", Id, primary_key=True),
    # The pull's place in its activity.
    Column("no", Whole, primary_key=True),
    Column("draw", Text, nullable=False),
    Column("period", Text, nullable=False),
    # What stands for the member in public, and the number of the pull among those of it.
    Column("ticket", Text, nullable=False),
    Column("number", Whole, nullable=False),
    Column("client_seed", Text, nullable=False),
    # The weights in force, as [[prize, weight], ...] in the order of the program.
    Column("weights", Json, nullable=False),
    Column("prize", Text, nullable=False),
    Column("guaranteed", Flag, nullable=False),
    # Whether it is of the class that the guarantee names.
    Column("hit", Flag, nullable=False),
    # What was taken back stays, or somebody could hide what was drawn.
    Column("taken_back", Flag, nullable=False),
    # Null once the member is forgotten.
    Column("member_id", Id),
    # On the program's clock, such as 2026-01-15.
    Column("day", Text, nullable=False),
    Column("drawn_at", Instant, nullable=False),
    UniqueConstraint("draw", "period", "ticket", "number"),
    Index(None, "member_id", "draw", "day"),
    meta=metadata,
)
standing = table(
    "points_draw_standing",
    Column("draw", Text, primary_key=True),
    Column("member_id", Id, primary_key=True),
    # Pulls since the last prize of the class that the guarantee names.
    Column("dry", Whole, CheckConstraint("dry >= 0", name="dry"), nullable=False),
    sqlite_with_rowid=False,
    meta=metadata,
)
stock = table(
    "points_draw_stock",
    Column("draw", Text, primary_key=True),
    Column("prize", Text, primary_key=True),
    Column("taken", Whole, CheckConstraint("taken >= 0", name="taken"), nullable=False),
    sqlite_with_rowid=False,
    meta=metadata,
)
