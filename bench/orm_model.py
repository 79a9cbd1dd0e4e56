"""The core's own tables as declarative classes, for those who would write them by an ORM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy.orm import DeclarativeBase, Mapped

from corekit.activities import tables as activities
from corekit.db.base import metadata
from corekit.ledger import tables as ledger
from corekit.members import tables as members


class Base(DeclarativeBase):
    """What the classes have in common."""

    metadata = metadata


class Member(Base):
    """A member as settlement sees it."""

    __table__ = members.member
    if TYPE_CHECKING:
        id: Mapped[str]
        seq: Mapped[int]
        last_at: Mapped[int]


class Account(Base):
    """An account of a member."""

    __table__ = ledger.account
    if TYPE_CHECKING:
        id: Mapped[str]
        kind: Mapped[str]
        member_id: Mapped[str | None]
        debits_posted: Mapped[int]
        credits_posted: Mapped[int]
        debits_pending: Mapped[int]
        seq: Mapped[int]
        last_at: Mapped[int]


class Request(Base):
    """A key and its answer."""

    __table__ = activities.request


class Activity(Base):
    """What happened."""

    __table__ = activities.activity


class Line(Base):
    """A line of a purchase."""

    __table__ = activities.line


class Effect(Base):
    """What an activity caused."""

    __table__ = activities.effect


class Posting(Base):
    """An amount from one account to another."""

    __table__ = ledger.posting


class Entry(Base):
    """A posting as one member's statement shows it."""

    __table__ = ledger.entry


class Lot(Base):
    """A credit with an expiry of its own."""

    __table__ = ledger.lot


class LotMovement(Base):
    """What became of a part of a lot."""

    __table__ = ledger.lot_movement


class Outbox(Base):
    """What others are told."""

    __table__ = activities.outbox


class Metric(Base):
    """What a member did, summed up."""

    __table__ = activities.metric
    if TYPE_CHECKING:
        member_id: Mapped[str]
        metric: Mapped[str]
        value: Mapped[int]


class MetricDay(Base):
    """What a member did on a day."""

    __table__ = activities.metric_day
    if TYPE_CHECKING:
        member_id: Mapped[str]
        metric: Mapped[str]
        day: Mapped[int]
        value: Mapped[int]
