"""A purchase settled by an ORM unit of work: the same rows as the kernel's, in one flush and one commit.

A unit of work is a session of its own, as a request has it: it locks the member, loads what it will change (member,
account, metrics) and writes. It is helped otherwise: it does not look for the key, and what the purchase earns, how
that splits over the lines, when it expires and the hash of the body are given. Ids are made and objects are built while
it is measured, as the kernel does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from attrs import frozen
from sqlalchemy import Engine, Table, create_engine, event, make_url, select
from sqlalchemy.orm import Session

from bench import orm_model as model
from bench.compare import ratios, timed
from bench.servers import Servers
from bench.world import EXCLUDED, ZONE, Shop, World
from corekit import Activity
from corekit.clock import day_number, local_day, micros
from corekit.db.types import Id
from corekit.ids import new_id
from corekit.ledger import tables as ledger
from corekit.ledger.expiry import Expiry
from corekit_points.earning import share

POINTS = "points"
RULE = "purchase@1"
EXPIRY = Expiry(6, "month")
METRICS = ("points.earned", "spend", "visits")
MEMBERS = 1000
PURCHASES = 2
_WRITTEN = {str(mapper.local_table) for mapper in model.Base.registry.mappers}
_PRAGMAS = (
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "recursive_triggers = ON",
    "wal_autocheckpoint = 10000",
)


@frozen
class Bought:
    """A purchase with everything about it that the ORM is given."""

    activity: Activity
    points: int
    shares: dict[str, int]
    expires_at: int
    hash: str

    @classmethod
    def of(cls, activity: Activity) -> Bought:
        """Work out what the ORM is given."""
        weights = [(line.no, line.amount) for line in activity.lines if line.category != EXCLUDED]
        points = sum(amount for _, amount in weights) // 100
        expires_at = EXPIRY.instant(_now(), ZoneInfo(ZONE))
        shares = {str(number): part for number, part in share(points, weights).items()}
        return cls(activity, points, shares, expires_at, sha256(activity.id.encode()).hexdigest()[:32])


class Books:
    """Units of work over a world's database."""

    def __init__(self, url: str) -> None:
        self.engine = transactional(url)
        with Session(self.engine) as session:
            self.issued = session.scalars(
                select(ledger.account.c.id).where(ledger.account.c.kind == "points.issued")
            ).one()

    def settle(self, bought: Bought) -> None:
        """Write one purchase."""
        with Session(self.engine, expire_on_commit=False) as session:
            self._settle(session, bought)

    def _settle(self, session: Session, bought: Bought) -> None:
        activity, now = bought.activity, _now()
        member = session.get_one(model.Member, activity.member, with_for_update=True)
        account = session.scalars(
            select(model.Account).where(model.Account.member_id == member.id, model.Account.kind == POINTS)
        ).one()
        at = max(member.last_at + 1, now)
        member.seq += 1
        member.last_at = at
        account.credits_posted += bought.points
        account.seq += 1
        account.last_at = at
        balance = account.credits_posted - account.debits_posted
        measures: dict[str, int] = dict(zip(METRICS, (bought.points, activity.amount, 1), strict=True))
        effect, posting = new_id(), new_id()
        session.add_all(
            [
                model.Request(
                    scope=activity.source,
                    key=activity.external_id,
                    hash=bought.hash,
                    outcome="settled",
                    member_id=member.id,
                    activity_id=activity.id,
                    recorded_at=at,
                ),
                model.Activity(
                    id=activity.id,
                    member_id=member.id,
                    seq=member.seq,
                    type=activity.type,
                    occurred_at=now,
                    recorded_at=at,
                    source=activity.source,
                    external_id=activity.external_id,
                    amount=activity.amount,
                    unit="USD",
                    payload=dict(activity.payload),
                    program=1,
                    depth=0,
                    state="settled",
                    measures=measures,
                ),
                *(
                    model.Line(
                        activity_id=activity.id,
                        no=line.no,
                        amount=line.amount,
                        sku=line.sku,
                        category=line.category,
                        quantity=line.quantity,
                    )
                    for line in activity.lines
                ),
                model.Effect(
                    id=effect,
                    activity_id=activity.id,
                    no=0,
                    owner="points",
                    kind="Credit",
                    rule=RULE,
                    account_kind=POINTS,
                    amount=bought.points,
                    shares=bought.shares,
                    state="applied",
                    undone=0,
                    unfunded=0,
                ),
                model.Posting(
                    id=posting,
                    activity_id=activity.id,
                    effect_id=effect,
                    unit=POINTS,
                    debit_account_id=self.issued,
                    credit_account_id=account.id,
                    amount=bought.points,
                    recorded_at=at,
                ),
                model.Entry(
                    account_id=account.id,
                    seq=account.seq,
                    posting_id=posting,
                    activity_id=activity.id,
                    side="credit",
                    amount=bought.points,
                    balance_after=balance,
                    available_after=balance - account.debits_pending,
                    recorded_at=at,
                ),
                model.Lot(
                    id=posting,
                    account_id=account.id,
                    activity_id=activity.id,
                    effect_id=effect,
                    issued=bought.points,
                    consumed=0,
                    held=0,
                    expired=0,
                    repaid=0,
                    expires_at=bought.expires_at,
                    issued_at=at,
                    seq=1,
                ),
                model.LotMovement(
                    lot_id=posting, seq=1, activity_id=activity.id, effect_id=effect, kind="issue", amount=bought.points
                ),
                model.Outbox(activity_id=activity.id, member_id=member.id, topic=activity.type, recorded_at=at),
            ]
        )
        _measure(session, member.id, day_number(local_day(now, ZoneInfo(ZONE))), measures)
        session.commit()

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()


def _measure(session: Session, member: str, day: int, measures: dict[str, int]) -> None:
    totals = session.scalars(select(model.Metric).where(model.Metric.member_id == member))
    on_day = select(model.MetricDay).where(model.MetricDay.member_id == member, model.MetricDay.day == day)
    known = {row.metric: row for row in totals}
    days = {row.metric: row for row in session.scalars(on_day)}
    for name, value in measures.items():
        known[name].value += value
        row = days.get(name)
        if row is None:
            row = model.MetricDay(member_id=member, metric=name, day=day, value=0)
            session.add(row)
        row.value += value


def measure(servers: Servers, dialect: str) -> list[float]:
    """Return how many times as long the ORM takes as ``record``, per round."""
    world = World.new(servers.empty(dialect, "orm_kernel"), members=MEMBERS, purchases=PURCHASES)
    twin = world.twin(servers, "orm_books").url
    world = World(world.url, world.members)
    books = Books(twin)
    _compare(world, books)
    shops = Shop(world.members, seed=2), Shop(world.members, seed=2)

    def kernel(number: int) -> Callable[[], object]:
        activities = shops[0].purchases(number)
        return lambda: [world.kit.record(activity) for activity in activities]

    def orm(number: int) -> Callable[[], object]:
        purchases = [Bought.of(activity) for activity in shops[1].purchases(number)]

        def run() -> None:
            for bought in purchases:
                books.settle(bought)

        return run

    found = ratios(timed(kernel), timed(orm), starts=(100, 50))
    world.kit.close()
    books.close()
    for url in (world.url, twin):
        servers.drop(url)
    return found


def transactional(url: str) -> Engine:
    """Return an engine as the ORM wants it, with transactions of its own, as durable as the kernel's."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            json_serializer=_json,
            json_deserializer=orjson.loads,
            connect_args={"options": "-c jit=off"},
        )
    engine = create_engine(parsed, connect_args={"cached_statements": 512})

    @event.listens_for(engine, "connect")
    def prepare(raw: Any, _record: object) -> None:
        for pragma in _PRAGMAS:
            raw.execute(f"PRAGMA {pragma}")

    assert prepare is not None
    return engine


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _now() -> int:
    return micros(datetime.now(UTC))


def _compare(world: World, books: Books) -> None:
    """Settle one purchase both ways; the rows must be the same, but for ids and instants."""
    activity = Shop(world.members, seed=3).purchases(1)[0]
    world.kit.record(activity)
    books.settle(Bought.of(activity))
    sides: list[dict[str, list[tuple[Any, ...]]]] = []
    for url in (world.url, books.engine.url.render_as_string(hide_password=False)):
        engine = transactional(url)
        with engine.connect() as connection:
            sides.append({table.name: _rows(connection, table, activity) for table in _tables()})
        engine.dispose()
    for name, rows in sides[0].items():
        if not rows or rows != sides[1][name]:
            raise RuntimeError(f"the ORM writes {sides[1][name]} into {name}, the kernel {rows}")


def _tables() -> Sequence[Table]:
    return [table for table in model.Base.metadata.sorted_tables if table.name in _WRITTEN]


def _rows(connection: Any, table: Table, activity: Activity) -> list[tuple[Any, ...]]:
    """Return what a table holds about an activity or its member, without ids, instants and the hash."""
    about = next((table.c[name] for name in ("activity_id", "member_id") if name in table.c), table.c[0])
    if table.name == "core_activity":
        about = table.c.id
    wanted = activity.member if about.name == "member_id" or table.name == "core_member" else activity.id
    columns = [
        column
        for column in table.c
        if not isinstance(column.type, Id) and not column.name.endswith("_at") and column.name != "hash"
    ]
    return sorted(connection.execute(select(*columns).where(about == wanted)), key=repr)
