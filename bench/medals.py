"""What a hundred medals cost when purchases settle in bulk, and what a back-fill costs to judging member by member."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import psycopg
from sqlalchemy import func, select

from bench.compare import Found, ratios, timed
from bench.multiply import multiply
from bench.servers import Servers
from bench.world import CATEGORIES, PROGRAM, Shop, World
from corekit import Kit, member
from corekit.program import apply_text
from corekit.tables import activity
from corekit_medals.backfill import preview
from corekit_medals.progress import standings
from corekit_medals.tables import award

MEMBERS = 500
PURCHASES = 60
"""Of each member before it is measured: between what medals ask for in the first months and in the first years."""
NUMBER = 1000
"""Purchases of a round: two chunks."""
DEFINITIONS = 100


def program() -> str:
    """Return the program of the benchmarks with a hundred medals."""
    whens = list(_criteria())
    if len(whens) != DEFINITIONS:
        raise RuntimeError(f"there are {len(whens)} definitions")
    return PROGRAM.read_text() + _ACTIVITIES + "".join(_definition(f"m{nth}", when) for nth, when in enumerate(whens))


_OTHERS = ("check_in", "review", "game")
_ACTIVITIES = "".join(
    f'\n[[activities]]\nname = "{name}"\nfields = [{{ name = "place" }}, {{ name = "stars", type = "whole" }}]\n'
    for name in _OTHERS
)


def _definition(name: str, when: str) -> str:
    season, _, rest = when.partition("|")
    season, when = (f"season = {season}\n", rest) if rest else ("", season)
    return f'\n[[medals.definitions]]\nid = "{name}"\ntexts.en = {{ name = "{name}" }}\n{season}when = {{ {when} }}\n'


def _criteria() -> Iterator[str]:
    """Yield what the medals ask for, as members come to it within months and years: half of it of purchases."""
    yield from _of_purchases()
    for name in _OTHERS:
        yield from _of_others(f'activity = "{name}"')
    for tier in ("silver", "gold"):
        yield f'kind = "tier", tier = "{tier}"'
    for number in (1, 2, 9, 14, 40):
        yield f'kind = "medal", medal = "m{number}"'
    yield 'kind = "count", activity = ["review", "check_in"], least = 100'
    yield 'kind = "first", activity = "member.registered"'


def _of_purchases() -> Iterator[str]:
    bought = 'activity = "purchase"'
    yield from _counts(bought)
    yield from _sums(bought)
    yield from _kinds(bought)
    for number in (4, 15):
        parts = f'{{ kind = "tier", tier = "gold" }}, {{ kind = "medal", medal = "m{number}" }}'
        yield f'kind = "all", criteria = [{parts}, {{ kind = "count", {bought}, least = 20 }}]'
    for least in (40_000, 160_000):
        days = f'{{ kind = "streak", {bought}, unit = "day", least = 8 }}'
        yield f'kind = "any", criteria = [{days}, {{ kind = "sum", {bought}, least = {least} }}]'
    none = f'{{ kind = "none", criteria = [{{ kind = "count", {bought}, least = 5, window = "rolling 14 days" }}] }}'
    yield f'kind = "all", criteria = [{{ kind = "count", {bought}, least = 60 }}, {none}]'


def _counts(bought: str) -> Iterator[str]:
    for least in (5, 10, 25, 50, 100, 250, 500, 1000):
        yield f'kind = "count", {bought}, least = {least}'
    for window, least in (("month", 30), ("year", 100), ("rolling 30 days", 50)):
        yield f'kind = "count", {bought}, least = {least}, window = "{window}"'
    for category in CATEGORIES[4:7]:
        yield f'kind = "count", {bought}, least = 100, window = "year", lines = {{ categories = ["{category}"] }}'
    for first in (1, 7):
        season = f"{{ from = 2027-{first:02}-01, to = 2027-{first + 2:02}-28 }}"
        yield f'{season}|kind = "count", {bought}, least = 40'


def _sums(bought: str) -> Iterator[str]:
    for least in (1_000, 5_000, 10_000, 50_000, 100_000):
        yield f'kind = "sum", {bought}, least = {least}'
    yield f'kind = "sum", {bought}, least = 20_000, window = "year"'
    for category in CATEGORIES[:4]:
        yield f'kind = "sum", {bought}, least = 2000, lines = {{ categories = ["{category}"] }}'
    for least in (500, 5000):
        yield f'kind = "sum", {bought}, measure = "quantity", least = {least}'


def _kinds(bought: str) -> Iterator[str]:
    for least in (10, 50, 100):
        yield f'kind = "distinct", {bought}, field = "store", least = {least}'
    for least in (500, 1000):
        yield f'kind = "distinct", {bought}, field = "lines.sku", least = {least}'
    for unit, least in (("day", 3), ("day", 7), ("week", 4), ("week", 12), ("month", 6), ("month", 12)):
        yield f'kind = "streak", {bought}, unit = "{unit}", least = {least}'
    for minimum in (250, 1000):
        yield f'kind = "first", {bought}, minimum = {minimum}'


def _of_others(told: str) -> Iterator[str]:
    for least in (1, 5, 25, 100):
        yield f'kind = "count", {told}, least = {least}'
    yield f'kind = "count", {told}, least = 10, window = "month"'
    for least in (2, 5, 10, 25):
        yield f'kind = "distinct", {told}, field = "place", least = {least}'
    for unit, least in (("day", 3), ("week", 4), ("month", 6)):
        yield f'kind = "streak", {told}, unit = "{unit}", least = {least}'
    yield f'kind = "first", {told}, where = {{ stars = 5 }}'
    yield f'kind = "count", {told}, least = 20, where = {{ stars = [4, 5] }}'
    parts = f'{{ kind = "count", {told}, least = 10 }}, {{ kind = "distinct", {told}, field = "place", least = 3 }}'
    yield f'kind = "all", criteria = [{parts}]'


def measure(servers: Servers) -> Found:
    """Return how many times as long settling in bulk takes with a hundred medals as without, per round.

    Beside it stands how many medals were awarded: each is an activity of its own, which is settled as well.
    """
    bare = World.new(servers.empty("postgresql", "medals_bare"), members=MEMBERS, purchases=0)
    bare.kit.close()
    url = servers.copy(bare.url, "medals_all")
    bare = World(bare.url, bare.members)
    world = World(url, bare.members, plugins=["medals"])
    world.kit.upgrade()
    apply_text(world.kit, program())
    for each in (world, bare):
        shop = Shop(each.members)
        for _ in range(PURCHASES):
            each.settle(shop.one_each(MEMBERS))
        with psycopg.connect(each.url, autocommit=True) as connection:  # else it may plan as if it were still empty
            connection.execute("VACUUM ANALYZE")
    before = _awarded(world)
    ways = timed(_settling(bare)), timed(_settling(world))
    for way in ways * 2:
        way(NUMBER)
    found = ratios(*ways, numbers=(NUMBER, NUMBER))
    awarded = (_awarded(world) - before) / (NUMBER * (len(found) + 2))
    for each in (world, bare):
        each.kit.close()
        servers.drop(each.url)
    return Found(found, {"awards per purchase": awarded})


def _awarded(world: World) -> int:
    with world.kit.read() as read:
        return int(read.scalar(select(func.count()).select_from(award)))


def _settling(world: World) -> Callable[[int], Callable[[], object]]:
    shop = Shop(world.members, seed=2)

    def prepare(number: int) -> Callable[[], object]:
        bought = shop.purchases(number)
        return lambda: world.settle(bought)

    return prepare


# Back-fill

SETTLED, BOUGHT, LINES = 2_000, 24, 2
COPIES = 20
ALONE = 200
"""Members that are judged by themselves in a round."""
ROUNDS = 3
NEW = (
    'kind = "count", activity = "purchase", least = 20',
    'kind = "sum", activity = "purchase", least = 300, window = "month"',
    'kind = "sum", activity = "purchase", least = 200, lines = { categories = ["produce", "meat"] }',
    'kind = "distinct", activity = "purchase", field = "store", least = 20',
    'kind = "streak", activity = "purchase", unit = "day", least = 1',
    'kind = "first", activity = "purchase", minimum = 45',
    'kind = "tier", tier = "silver"',
    (
        'kind = "all", criteria = [{ kind = "tier", tier = "silver" },'
        ' { kind = "count", activity = "purchase", least = 10, window = "rolling 30 days" }]'
    ),
)
"""What new medals ask for, one of each kind."""


def measure_backfill(servers: Servers) -> Found:
    """Return how many times as long a member takes whose history is read and judged as by the back-fill, per round.

    Both find who met what new medals ask for; that it is awarded then is the same work.
    """
    url = servers.empty("postgresql", "medals_past")
    world = World.new(url, members=SETTLED, purchases=BOUGHT, plugins=["medals"], lines=LINES)
    world.kit.close()
    multiply(url, COPIES)
    world = World(url, [], plugins=["medals"])
    apply_text(world.kit, PROGRAM.read_text() + "".join(_definition(f"m{nth}", when) for nth, when in enumerate(NEW)))
    with world.kit.read() as read:
        members = [row.id for row in read.all(select(member.c.id).order_by(member.c.id))]
        stored = read.scalar(select(func.count()).select_from(activity))
    found: list[float] = []
    seconds = 0.0
    for nth in range(ROUNDS):
        began = time.perf_counter()
        with world.kit.read() as read:
            met = preview(world.kit, read)
        seconds = time.perf_counter() - began
        if not all(each.members for each in met):
            raise RuntimeError(f"nobody met one of the medals: {met}")
        some = members[nth :: len(members) // ALONE]
        began = time.perf_counter()
        for each in some:
            _judge(world.kit, each)
        found.append((time.perf_counter() - began) / len(some) / (seconds / len(members)))
    world.kit.close()
    servers.drop(url)
    return Found(found, {"activities": stored, "members": len(members), "seconds of the last back-fill": seconds})


def _judge(kit: Kit, each: str) -> None:
    with kit.read() as read:
        standings(read, kit.program.sections["medals"], kit.program, [each], kit.now())
