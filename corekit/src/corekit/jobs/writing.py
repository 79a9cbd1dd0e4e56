"""One chunk of a sweep: chosen, locked, and written by the database itself, in one transaction."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from attrs import field, frozen
from sqlalchemy import Connection, Insert, SelectBase, Table, Text, and_, cast, func, insert, literal, null, select
from sqlalchemy.schema import CreateTable

from corekit.activities import tables as activities
from corekit.activities.terms import Terms
from corekit.clock import day_number
from corekit.db.types import Json
from corekit.errors import Integrity
from corekit.ids import new_id
from corekit.jobs.bounds import AFTER, UPTO, Bounds
from corekit.jobs.declared import Sweep
from corekit.jobs.statements import AWAITED, DUE, DUE_HOLDS, POSTGRESQL, SQLITE, Statements, bound, part, swept
from corekit.ledger import tables as ledger
from corekit.ledger.chart import Book
from corekit.ledger.segments import segment
from corekit.members.states import STATES, allowed
from corekit.members.tables import member

SOURCE = "core"
PREFIX = 24
"""So many digits of a new identifier tell a chunk from every other; eight more number its rows."""
_STATEMENTS = {"sqlite": Statements(SQLITE), "postgresql": Statements(POSTGRESQL)}
_HOUSE = {"Credit": "issued", "Debit": "redeemed", "Expire": "breakage"}
_COUNTED = {"preserve_rowcount": True}
_FOUND = ("member_id", "external_id", "amount", "rule", "payload", "reverses")
_KINDS_OF_ID = ("activity", "effect", "posting", "account", "intake")


def is_plain(terms: Terms, sweep: Sweep, at: int) -> bool:
    """Say whether the database writes the rows: nobody reacts to them, and no tier hangs on what they measure.

    Where not, they are left as recorded, and settled like every other activity.
    """
    if sweep.effect == "Expire":  # as where the account is touched: nothing is asked
        return True
    metrics = list(terms.measured.get(sweep.activity_type, ()))
    if sweep.effect == "Credit":
        metrics += terms.credited.get(sweep.account or "", ())
    return not (
        terms.registry.owner("type", sweep.activity_type) == SOURCE
        or terms.types[sweep.activity_type].reversal
        or any(terms.reacts(plugin, sweep.activity_type) for plugin in terms.reacting)
        or any(metric.rule is not None or metric.name in terms.ladder_metrics for metric in metrics)
        # When all that is left lapses follows from each entry by the calendar.
        or (sweep.account is not None and terms.book(sweep.account, at).is_idle)
        # Without an effect an amount may be zero, which measures nothing.
        or (sweep.effect is None and any(metric.measure == "amount" for metric in metrics))
    )


def candidates(sweep: Sweep, bounds: Bounds) -> SelectBase:
    """Select what a sweep finds and what nothing was done for yet: member, key, amount and rule."""
    chosen = sweep.select(bounds).subquery("chosen")
    name = literal(f"{sweep.activity_type}:").concat(chosen.c.key)
    request, intake = activities.request, activities.intake
    answered = select(request.c.key).where(request.c.scope == SOURCE, request.c.key == name).exists()
    waits = select(intake.c.key).where(intake.c.scope == SOURCE, intake.c.key == name).exists()
    return select(
        chosen.c.member_id,
        name.label("external_id"),
        chosen.c.amount,
        chosen.c.rule,
        (chosen.c.payload if "payload" in chosen.c else cast(null(), Json())).label("payload"),
        (func.replace(cast(chosen.c.reverses, Text), "-", "") if "reverses" in chosen.c else cast(null(), Text)).label(
            "reverses"
        ),
    ).where(bounds.within(chosen.c.member_id), ~answered, ~waits)


@frozen
class Counts:
    """What a chunk did: rows chosen, activities settled, left for workers, refused, and put off to the next round."""

    chosen: int
    settled: int = 0
    waiting: int = 0
    refused: int = 0
    later: int = 0
    last: str | None = None
    """The last member with whom the chunk is done."""


def choosing(sweep: Sweep, bounds: Bounds, number: int) -> Insert:
    """Return what puts the next rows, so many at most, into the table of a chunk, with what they are found to be.

    It serves each part of all members: whoever keeps it has it compiled once.
    """
    found = candidates(sweep, bounds).subquery("found")
    account, debt = ledger.account.alias("a"), ledger.account.alias("d")
    kind = sweep.account or ""
    owed = func.coalesce(debt.c.debits_posted - debt.c.credits_posted, 0)
    columns: dict[str, Any] = {
        "n": func.row_number().over(order_by=(found.c.member_id, found.c.external_id)),
        "nth": func.row_number().over(partition_by=found.c.member_id, order_by=found.c.external_id),
        "in_all": func.count().over(partition_by=found.c.member_id),
        **{name: found.c[name] for name in _FOUND},
        **{name: member.c[name] for name in ("seq", "last_at", "state")},
        "account_id": account.c.id,
        "account_state": account.c.state,
        "balance": func.coalesce(account.c.credits_posted - account.c.debits_posted, 0),
        "pending": func.coalesce(account.c.debits_pending, 0),
        "account_seq": func.coalesce(account.c.seq, 0),
        "owes": owed,
    }
    chosen = (
        select(*columns.values())
        .select_from(found)
        .join(member, member.c.id == found.c.member_id)
        .outerjoin(account, and_(account.c.member_id == found.c.member_id, account.c.kind == kind))
        .outerjoin(debt, and_(debt.c.member_id == found.c.member_id, debt.c.kind == f"{kind}.debt"))
        .order_by(found.c.member_id, found.c.external_id)
        .limit(number)
    )
    return insert(swept).from_select(list(columns), chosen)


@frozen(kw_only=True)
class Chunk:
    """Writes chunks of a sweep on a connection, inside the transaction that the caller began.

    ``at`` is the instant as of which the sweep runs; ``historical`` says that what it writes settles then.
    """

    connection: Connection
    terms: Terms
    sweep: Sweep
    at: int
    historical: bool
    say: Statements = field(init=False)
    plain: bool = field(init=False)
    """Whether the database writes the rows."""
    ids: Mapping[str, str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "say", _STATEMENTS[self.connection.dialect.name])
        object.__setattr__(self, "plain", is_plain(self.terms, self.sweep, self.at))
        object.__setattr__(self, "ids", {name: new_id()[:PREFIX] for name in _KINDS_OF_ID})

    def choose(self, statement: Insert, after: str, upto: str) -> Counts:
        """Choose and lock the next rows of members from where to where, with what they and their accounts are by then.

        What nobody but workers settles is left to them at once. What is written here has the seq of its member, so
        further rows of a member come in the next round.
        """
        for table in (swept, part):
            self._empty(table)
        with self._unhurried():
            self.connection.execute(statement, {AFTER.key: after, UPTO.key: upto})
        newest = select(swept.c.n, swept.c.member_id, swept.c.in_all - swept.c.nth).order_by(swept.c.n.desc()).limit(1)
        row = self.connection.execute(newest).one_or_none()
        if row is None:
            return Counts(0)
        chosen, last, cut = row
        later = 0
        if self.plain:
            later = cut + self._do(self.say.one_each)
        elif cut:  # the rest of the last member is what its next chunk begins with
            before = select(swept.c.member_id).where(swept.c.member_id < last).order_by(swept.c.n.desc()).limit(1)
            last = self.connection.execute(before).scalar() or after
        if self.say.lock is not None:
            later += self._do(self.say.lock)
        return Counts(chosen, later=later, last=last)

    def settle(self, now: int) -> Counts:
        """Write what is left, as of the time that was taken under the lock."""
        at = self.at if self.historical else now
        self._do(self.say.settle_at, at=at)
        if not self.plain:
            return Counts(0, waiting=self._leave("1 = 1", now))
        waiting = self._leave(odd, now) if (odd := self._odd()) else 0
        self._judge()
        if self.sweep.effect == "Credit":
            self._do(self.say.accounts, kind=self._book.code)
            self._do(self.say.name_accounts)
        if self.sweep.effect in ("Debit", "Expire") and self._book.lots:
            self._divide()
        written = self._do(self.say.requests, source=SOURCE, kind=self.sweep.account, now=at)
        settled = self._write_activities()
        if self.sweep.effect is not None:
            self._write_effects()
        self._do(self.say.members)
        self._do(self.say.outbox, type=self.sweep.activity_type)
        self._measure()
        return Counts(0, settled=settled, waiting=waiting, refused=written - settled)

    # ------------------------------------------------------------------------------------------- who settles how

    def _odd(self) -> str:
        """Return the condition of rows that only the ordinary path can settle: something comes before them."""
        if self.sweep.effect == "Expire":
            return ""
        conditions = [DUE_HOLDS]
        if not self._type.internal:
            good = [state for state in STATES if allowed(state, self._type.name) is None]
            conditions.append(f"s.state NOT IN ({_texts(good)})")
        if lots := [code for code, book in self.terms.chart.books.items() if book.lots]:
            conditions.append(DUE.format(kinds=_texts(lots)))
        if self.sweep.effect == "Debit":
            conditions += ["s.account_state <> 'open'", AWAITED]
        if self.sweep.effect == "Credit":
            conditions += ["s.owes > 0", "s.account_state = 'frozen'"]
        return " OR ".join(conditions)

    def _leave(self, odd: str, now: int) -> int:
        statement = self.say.leave.format(
            odd=odd,
            amount="s.amount" if self._type.amount != "none" else "0",
            payload=self.say.say.or_empty.replace("@", self._payload) if self.sweep.effect is None else self._payload,
            historical=int(self.historical),
        )
        number = self._do(
            statement, source=SOURCE, occurred=self.at, type=self._type.name, unit=self.terms.unit(self._type), now=now
        )
        if number:
            self._do(self.say.forget.format(odd=odd))
        return number

    def _judge(self) -> None:
        if self.sweep.effect != "Debit":
            self._do(self.say.judge_all)
            return
        otherwise = self.sweep.otherwise or ("refuse" if self._type.command else "drop")
        self._do(self.say.judge, short=otherwise)

    def _divide(self) -> None:
        self._do(self.say.parts, due=self.at if self.sweep.effect == "Expire" else None)
        missing = self.connection.execute(bound(self.say.missing)[0]).scalar()
        if missing:
            message = f"the lots of accounts {self.sweep.account} lack {missing} of what the books say"
            raise Integrity(message, missing=int(missing))

    # ------------------------------------------------------------------------------------------------- what is written

    def _write_activities(self) -> int:
        measures = self._measures()
        names = ", ".join(f"'{name}', {value}" for name, value in measures.items())
        statement = self.say.activities.format(
            amount="s.amount" if self._type.amount != "none" else "0",
            payload=self._payload,
            measures=f"{self.say.say.document}({names})" if names else "NULL",
        )
        return self._do(
            statement,
            type=self._type.name,
            occurred=self.at,
            source=SOURCE,
            unit=self.terms.unit(self._type),
            program=self.terms.program_at(self.at).version,
        )

    def _write_effects(self) -> None:
        effect, book = self.sweep.effect or "", self._book
        owner = book.owner if effect == "Expire" else self.terms.swept[self._type.name][1]
        self._do(self.say.effects, owner=owner, effect_kind=effect, kind=book.code)
        segment_id: str | None = None
        if book.dimensions:  # a sweep says nothing of them
            segment_id, type_, _, dimensions = segment(self._type.name, None, ())
            self._do(self.say.segment, segment=segment_id, type=type_, dimensions=dimensions)
        postings, entries = self.say.ledger[effect]
        self._do(postings, unit_code=book.unit.code, house=book.house[_HOUSE[effect]], segment=segment_id)
        self._do(entries)
        if book.lots:
            self._write_lots()
        column = "credits_posted" if effect == "Credit" else "debits_posted"
        source = (
            "(SELECT account_id, max(at) AS at, sum(amount) AS amount, count(*) AS entries "
            "FROM corekit_swept_part GROUP BY account_id)"
            if effect == "Expire"
            else "(SELECT account_id, at, amount, 1 AS entries FROM corekit_swept WHERE verdict = 'apply')"
        )
        # The newest instant of the chunk: what is left of a kind that lapses together never lapses too early.
        newest = int(self.connection.execute(bound(self.say.newest)[0]).scalar_one() or 0) if book.is_idle else 0
        lapses = book.lapses(newest, self.terms.zone)
        self._do(self.say.counters.format(column=column, source=source), lapses=lapses)

    def _write_lots(self) -> None:
        if self.sweep.effect == "Credit":
            book = self._book
            expires = book.expiry.instant(self.at, self.terms.zone) if book.expiry is not None else None
            self._do(self.say.issue[0], expires=expires)
            self._do(self.say.issue[1])
            return
        spends = self.sweep.effect == "Debit"
        self._do(
            self.say.movements.format(spend=self.say.spend if spends else "NULL"),
            movement="consume" if spends else "expire",
        )
        self._do(self.say.lots.format(column="consumed" if spends else "expired"))

    def _measures(self) -> dict[str, str]:
        """Return what each row measures: the names of metrics, and the values as SQL."""
        if self.sweep.effect == "Expire":
            return {}
        found = {
            metric.name: "s.amount" if metric.measure == "amount" else "1"
            for metric in self.terms.measured.get(self._type.name, ())
        }
        if self.sweep.effect == "Credit":
            for metric in self.terms.credited.get(self._book.code, ()):
                found[metric.name] = f"{found[metric.name]} + s.amount" if metric.name in found else "s.amount"
        return found

    def _measure(self) -> None:
        day = day_number(self.terms.day(self.at))
        for metric, value in self._measures().items():
            total, by_day = self.say.metrics
            self._do(total.format(value=value), metric=metric)
            self._do(by_day.format(value=value), metric=metric, day=day)

    # ---------------------------------------------------------------------------------------------------------- inside

    @property
    def _type(self) -> Any:
        return self.terms.types[self.sweep.activity_type]

    @property
    def _book(self) -> Book:
        return self.terms.book(self.sweep.account or "", self.at)

    @property
    def _payload(self) -> str:
        """Return the payload of a row as SQL: an effect is explained by the sweep and its rule."""
        if self.sweep.effect == "Expire":
            return "NULL"
        if self.sweep.effect is None:
            return "s.payload"
        return f"{self.say.say.document}('sweep', :sweep, 'rule', s.rule)"

    @contextmanager
    def _unhurried(self) -> Generator[None]:
        """Let a statement take its time, and be planned for what it looks at: many members, of whom it locks none."""
        if self.connection.dialect.name == "sqlite":
            yield
            return
        self.connection.exec_driver_sql(_set(_UNHURRIED))
        yield
        self.connection.exec_driver_sql(_set(dict.fromkeys(_UNHURRIED)))

    def _empty(self, table: Table) -> None:
        self.connection.execute(CreateTable(table, if_not_exists=True))
        self.connection.execute(table.delete())

    def _do(self, statement: str, **values: Any) -> int:
        clause, names = bound(statement)
        given = {**self.ids, "sweep": self.sweep.name, **values}
        return self.connection.execute(
            clause, {name: given[name] for name in names}, execution_options=_COUNTED
        ).rowcount


_UNHURRIED: Mapping[str, str | None] = {
    "statement_timeout": "0",
    # Settlement's statements look up by index, whatever they are given; this one joins sets.
    "plan_cache_mode": "force_custom_plan",
    "enable_hashjoin": "on",
    "enable_mergejoin": "on",
}


def _set(options: Mapping[str, str | None]) -> str:
    """Return what sets options until the end of the transaction; None: as the connection has them."""
    set_ = (f"set_config('{name}', {'NULL' if to is None else repr(to)}, true)" for name, to in options.items())
    return f"SELECT {', '.join(set_)}"


def _texts(values: Sequence[str]) -> str:
    """Write names of the code as a list of literals."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)
