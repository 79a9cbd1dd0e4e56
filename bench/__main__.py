"""Measure all, or those named: prints a table and writes build/bench.json; fails where a goal is missed.

Exit codes: 0 every goal holds, 1 one does not, 2 it could not be measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from attrs import frozen
from rich.console import Console
from rich.table import Table

from bench import (
    answering,
    bulk,
    closing,
    downloading,
    executor,
    growth,
    holding,
    importing,
    intake,
    medals,
    orm,
    post,
    proof,
    reading,
    serving,
    stock,
    sweeps,
)
from bench.compare import Found, Goal, report
from bench.servers import ROOT, Servers, servers

RESULTS = ROOT / "build" / "bench.json"
WIDE = 140
"""Columns of a terminal that shows everything."""


@frozen
class Benchmark:
    """A goal and how its ratios are found."""

    goal: Goal
    measure: Callable[[Servers], Sequence[float] | Found]


_ORM = "ORM unit of work that locks, loads and writes the same : record, {}"
_BULK = "record : record_many, {}"
_IMPORT = "reading and checking members : importing the same, {}"
_SWEEP = "a member by itself : by a sweep, {}"
_LIST = "PostGraphile 5 : a page of members over HTTP, {}"
_SWEEPS = (("fee", "fee", sweeps.FEE), ("expiry", "expiry", sweeps.EXPIRY), ("tiers", "re-tiering", sweeps.TIERS))
FIXED = (
    Benchmark(
        Goal(id="orm-postgresql", what=_ORM.format("PostgreSQL"), must=3, aim=6),
        partial(orm.measure, dialect="postgresql"),
    ),
    Benchmark(
        Goal(id="orm-sqlite", what=_ORM.format("SQLite"), must=5, aim=9),
        partial(orm.measure, dialect="sqlite"),
    ),
    Benchmark(
        Goal(id="post", what="record, one connection : pgbench, one statement", must=0.4, aim=0.6),
        post.measure,
    ),
    Benchmark(
        Goal(id="holds", what="authorise and capture, one connection : pgbench, the same rows", must=0.25, aim=0.4),
        holding.measure,
    ),
    Benchmark(
        Goal(id="bulk-postgresql", what=_BULK.format("PostgreSQL"), must=5, aim=8),
        partial(bulk.measure, dialect="postgresql"),
    ),
    Benchmark(
        Goal(id="bulk-sqlite", what=_BULK.format("SQLite"), must=3, aim=4),
        partial(bulk.measure, dialect="sqlite"),
    ),
    Benchmark(
        Goal(id="bulk-one-member", what="one member's 10,000 activities : as many of many members, in bulk", must=0.3),
        bulk.measure_one_member,
    ),
    Benchmark(
        Goal(id="import-postgresql", what=_IMPORT.format("PostgreSQL"), must=0.5, aim=0.8),
        partial(importing.measure, dialect="postgresql"),
    ),
    Benchmark(
        Goal(id="import-sqlite", what=_IMPORT.format("SQLite"), must=0.5, aim=0.8),
        partial(importing.measure, dialect="sqlite"),
    ),
    Benchmark(
        Goal(id="intake", what="recorded by COPY, settled by workers : pgbench, 4 clients", must=1.0, aim=2.5),
        intake.measure,
    ),
    Benchmark(
        Goal(
            id="growth",
            what="cost per activity with 1,000,000 activities stored : with 10,000",
            must=1.3,
            at_most=True,
        ),
        growth.measure,
    ),
    Benchmark(
        Goal(id="verify-scans", what="the proof of 1,000,000 postings : a scan of its tables", must=60, at_most=True),
        proof.measure,
    ),
    Benchmark(
        Goal(id="verify-growth", what="the proof of 1,000,000 postings : of 100,000", must=12, at_most=True),
        proof.measure_growth,
    ),
    Benchmark(
        Goal(id="close", what="a loop over 1,000,000 entries : the close of their day", must=10),
        closing.measure,
    ),
    Benchmark(
        Goal(
            id="close-memory",
            what="peak memory of the process, a close of 1,000,000 entries : of 100,000",
            must=1.1,
            at_most=True,
        ),
        closing.measure_memory,
    ),
    Benchmark(
        Goal(id="executor", what="graphql-core : the planned executor, on the same values", must=8, aim=15),
        executor.measure,
    ),
    Benchmark(
        Goal(id="replan", what="finding a document and its plan again : the whole request", must=0.02, at_most=True),
        executor.measure_replan,
    ),
    Benchmark(
        Goal(id="list-1", what=_LIST.format("1 client"), must=1.2, aim=2),
        partial(serving.measure_list, clients=1),
    ),
    Benchmark(
        Goal(id="list-8", what=_LIST.format("8 clients"), must=1.5, aim=2),
        partial(serving.measure_list, clients=8),
    ),
    Benchmark(
        Goal(id="loaders", what="graphene with data loaders : the same page, processor's time", must=8, aim=10),
        reading.measure_loaders,
    ),
    Benchmark(
        Goal(id="pages", what="the thousandth page of members : the first", must=1.2, at_most=True),
        reading.measure_pages,
    ),
    Benchmark(
        Goal(id="http", what="record in Python : the same mutation over HTTP", must=0.5, aim=0.8),
        serving.measure_http,
    ),
    Benchmark(
        Goal(id="download", what="a bare file response of 100 MB : a download by a link", must=0.7),
        downloading.measure,
    ),
    Benchmark(
        Goal(
            id="download-memory",
            what="peak memory of the server, 100 MB to 1 and to 8 readers : 10 MB to as many",
            must=1.1,
            at_most=True,
        ),
        downloading.measure_memory,
    ),
    Benchmark(
        Goal(id="medals", what="purchases in bulk with a hundred medals : without", must=1.25, at_most=True),
        medals.measure,
    ),
    Benchmark(
        Goal(id="medals-backfill", what="a member judged by itself : by a back-fill of 1,000,000", must=10, aim=20),
        medals.measure_backfill,
    ),
    Benchmark(
        Goal(id="answers-statistics", what="an aggregate by hand of 1,000,000 answers : their statistics", must=0.4),
        answering.measure,
    ),
    Benchmark(
        Goal(id="answers-accept", what="an ORM unit of work that accepts an answer : record_many of them", must=3),
        answering.measure_accepting,
    ),
    Benchmark(
        Goal(id="stock", what="32 redeemers of what has no end : of one stock", must=0.6, aim=0.8),
        stock.measure,
    ),
)


def benchmarks(members: int) -> list[Benchmark]:
    """Return all benchmarks, those of sweeps over so many members."""
    many, fewer, few = f"{members:,}", f"{members // 10:,}", f"{sweeps.SETTLED:,}"
    return [
        *FIXED,
        *(
            Benchmark(
                Goal(id=f"sweeps-{id_}", what=_SWEEP.format(f"the {what} of {many}, PostgreSQL"), must=10, aim=20),
                partial(sweeps.measure, dialect="postgresql", name=name, members=members),
            )
            for id_, what, name in _SWEEPS
        ),
        Benchmark(
            Goal(id="sweeps-sqlite", what=_SWEEP.format(f"the fee of {few}, SQLite"), must=10, aim=20),
            partial(sweeps.measure, dialect="sqlite", name=sweeps.FEE),
        ),
        Benchmark(
            Goal(id="sweeps-growth", what=f"sweeps over {many} members : over {fewer}", must=12, aim=10, at_most=True),
            partial(sweeps.measure_growth, members=members),
        ),
        Benchmark(
            Goal(
                id="sweeps-memory",
                what=f"peak memory of the process, {many} members : {fewer}",
                must=1.1,
                at_most=True,
            ),
            partial(sweeps.measure_memory, members=members),
        ),
    ]


def main(arguments: Sequence[str]) -> int:
    """Run the command; return its exit code."""
    ids = ", ".join(each.goal.id for each in benchmarks(sweeps.MEMBERS))
    parser = argparse.ArgumentParser("make bench", description="Measure all, or those named.")
    parser.add_argument("ids", nargs="*", metavar="ID", help=f"what to measure; all of {ids} by default")
    parser.add_argument(
        "--members",
        type=sweeps.steps,
        default=sweeps.MEMBERS,
        help=f"members of sweeps, in steps of {10 * sweeps.SETTLED:,}; {sweeps.MEMBERS:,} by default",
    )
    given = parser.parse_args(arguments)
    known = {each.goal.id: each for each in benchmarks(given.members)}
    asked: list[str] = []
    for id_ in given.ids:  # a group is asked for by how its ids begin
        found = [name for name in known if name == id_ or name.startswith(f"{id_}-")]
        if not found:
            parser.error(f"there is no benchmark {id_}; there are {ids}")
        asked += found
    progress = Console(stderr=True)
    rows: list[dict[str, object]] = []
    with servers() as place:
        for benchmark in [known[id_] for id_ in asked or known]:
            with progress.status(f"measuring {benchmark.goal.id}"):
                rows.append(report(benchmark.goal, benchmark.measure(place)))
            beside = "".join(f"; {what}: {figure:.4g}" for what, figure in _beside(rows[-1]).items())
            progress.print(f"{benchmark.goal.id}: {rows[-1]['ratio']}{beside}")
    RESULTS.write_text(json.dumps(rows, indent=2) + "\n")
    console = Console()
    console.print(table(rows, wide=console.width >= WIDE))
    return 0 if all(row["holds"] for row in rows) else 1


def _beside(row: Mapping[str, Any]) -> Mapping[str, float]:
    """Return the figures beside a result."""
    figures: Mapping[str, float] = row.get("beside", {})
    return figures


def table(rows: Sequence[dict[str, object]], *, wide: bool) -> Table:
    """Show results; what each ratio is of what only where there is room."""
    shown = Table(title="ratios: median over the rounds")
    texts = ("id", "what") if wide else ("id",)
    numbers = ("ratio", "min", "max", "rounds")
    for name in (*texts, *numbers, "must", "aim", "holds"):
        shown.add_column(name, justify="left" if name in texts else "right", no_wrap=True)
    for row in rows:
        sign = "<=" if row.get("at_most") else ">="
        aim = "" if row["aim"] is None else f"{sign} {row['aim']}"
        verdict = "[green]yes[/]" if row["holds"] else "[red]no[/]"
        shown.add_row(*[str(row[name]) for name in (*texts, *numbers)], f"{sign} {row['must']}", aim, verdict)
    return shown


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
