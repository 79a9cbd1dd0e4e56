"""Points as a plugin: what it declares, and what activities earn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from corekit import (
    Activity,
    Batch,
    Credit,
    Debit,
    Declares,
    Effect,
    Facts,
    Lineage,
    PluginWrite,
    Reader,
    Refusal,
    Section,
    Skipped,
    TakeBack,
    Transfer,
    hookimpl,
)
from corekit_points import declared, granting, tables
from corekit_points.budget_report import BUDGETS
from corekit_points.budgets import within
from corekit_points.derived import accounts, metrics
from corekit_points.draws import declared as draws_declared
from corekit_points.draws import drawing, reading
from corekit_points.draws.merging import TAKE_PULLS, TakePulls
from corekit_points.draws.seeds import DRAWS
from corekit_points.draws.writing import PULLS
from corekit_points.earning import judge
from corekit_points.pending import available_from
from corekit_points.program import PointsSchema
from corekit_points.rules import Book
from corekit_points.tasks import rewards

if TYPE_CHECKING:
    from corekit_schema import Graph


@hookimpl
def corekit_declare() -> Declares:
    """Declare the currencies and metrics of the program, the adjustment, and who may make one."""
    return Declares(
        lineage=Lineage(owner="points", package="corekit_points", metadata=tables.metadata),
        effects=[granting.GRANT, PULLS, TAKE_PULLS],
        jobs=[BUDGETS, DRAWS],
        activities=[declared.ADJUSTMENT, declared.CANCELLATION, declared.TRANSFER, draws_declared.DRAWN],
        reacts=[
            declared.ADJUSTMENT.name,
            declared.CANCELLATION.name,
            declared.TRANSFER.name,
            draws_declared.DRAWN.name,
            "member.merged",
        ],
        permissions=[declared.ADJUST, declared.CANCEL, declared.GIVE, declared.REPORT, draws_declared.DRAW],
        errors=[
            declared.CURRENCY_UNKNOWN,
            declared.TRANSFER_NOT_ALLOWED,
            declared.RECEIVER,
            *declared.SKIPS,
            *draws_declared.ERRORS,
        ],
        budget=10,  # of a pull that wins what there is a stock of
        program=Section(schema=PointsSchema, accounts=accounts, metrics=metrics, reacts=lambda book: book.activities),
    )


@hookimpl
def corekit_prepare(batch: Batch, read: Reader, facts: Facts) -> Mapping[str, Any]:
    """Read what is left of budgets that stop a rule, and what is known before members pull, where that is wanted."""
    spent = granting.load(batch, read, facts)
    drawn = drawing.load(batch, read, facts)
    return {**spent, **{member: {**spent.get(member, {}), drawing.KEY: each} for member, each in drawn.items()}}


@hookimpl
def corekit_react(batch: Batch, facts: Facts) -> Iterator[Effect]:
    """Credit what each activity earns, and say which rules gave nothing; an adjustment is what it says."""
    for activity in batch:
        if activity.type == declared.ADJUSTMENT.name:
            move = Credit if activity.amount > 0 else Debit
            yield move(activity, rule="adjustment@1", account=str(activity.unit), amount=abs(activity.amount))
            continue
        if activity.type == declared.CANCELLATION.name:
            yield TakeBack(
                activity,
                rule="cancelled@1",
                target=str(activity.payload["activity"]),
                account=str(activity.unit),
                amount=activity.amount or None,
            )
            continue
        if activity.type == "member.merged":
            yield TakePulls(activity, rule="merge@1", giver=activity.members[0])
        book: Book = facts.program(activity)
        if activity.type == draws_declared.DRAWN.name:
            yield from drawing.pull(book, activity, facts)
        if activity.type == declared.TRANSFER.name:
            yield _transfer(book, activity)
            continue
        for found in judge(book, activity, facts):
            rule = found.rule
            if found.amount:
                credit = Credit(
                    activity,
                    rule=rule.name,
                    account=rule.kind,
                    amount=found.amount,
                    shares=found.shares,
                    available_from=available_from(rule.pending, activity, facts),
                )
                yield within(rule, credit, facts)
            if found.code is not None:
                yield Skipped(activity, rule=rule.name, code=found.code, parameters=found.parameters)
        yield from rewards(book, activity, facts)


def _transfer(book: Book, activity: Activity) -> Transfer:
    account = str(activity.unit)
    if not any(currency.kind == account and currency.transfers for currency in book.currencies.values()):
        raise Refusal(declared.TRANSFER_NOT_ALLOWED.code, account=account)
    if len(activity.members) != 1:
        raise Refusal(declared.RECEIVER.code, named=len(activity.members))
    (receiver,) = activity.members
    return Transfer(activity, rule="transferred@1", account=account, amount=activity.amount, to=receiver)


@hookimpl
def corekit_export(member: str, read: Reader) -> Mapping[str, Any] | None:
    """Tell members what they drew."""
    return reading.exported(member, read)


@hookimpl
def corekit_erase(member: str, write: PluginWrite) -> None:
    """Forget who drew."""
    reading.erased(member, write)


@hookimpl(optionalhook=True)  # its specification comes with corekit_schema, which need not be installed
def corekit_graph() -> Graph:
    """Add points to members, queries and mutations."""
    from corekit_points.graph import graph

    return graph()
