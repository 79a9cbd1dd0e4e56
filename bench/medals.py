"""What a hundred medals cost when purchases settle in bulk, and what a back-fill costs to judging member by member."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench.compare import ratios, timed
from bench.servers import Servers
from bench.world import CATEGORIES, PROGRAM, Shop, World
from corekit.program import apply_text
from corekit_medals.backfill import run

MEMBERS = 2000
PURCHASES = 10
NUMBER = 1000
WARM = 3
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
    for least in (5, 10, 25, 50, 100, 250, 500, 1000):
        yield f'kind = "count", {bought}, least = {least}'
    for window, least in (("month", 30), ("year", 100), ("rolling 30 days", 50)):
        yield f'kind = "count", {bought}, least = {least}, window = "{window}"'
    for least in (1_000, 5_000, 10_000, 50_000, 100_000):
        yield f'kind = "sum", {bought}, least = {least}'
    yield f'kind = "sum", {bought}, least = 20_000, window = "year"'
    for category in CATEGORIES[:4]:
        yield f'kind = "sum", {bought}, least = 2000, lines = {{ categories = ["{category}"] }}'
    for category in CATEGORIES[4:7]:
        yield f'kind = "count", {bought}, least = 100, window = "year", lines = {{ categories = ["{category}"] }}'
    for least in (500, 5000):
        yield f'kind = "sum", {bought}, measure = "quantity", least = {least}'
    for least in (10, 50, 100):
        yield f'kind = "distinct", {bought}, field = "store", least = {least}'
    for least in (500, 1000):
        yield f'kind = "distinct", {bought}, field = "lines.sku", least = {least}'
    for unit, least in (("day", 3), ("day", 7), ("week", 4), ("week", 12), ("month", 6), ("month", 12)):
        yield f'kind = "streak", {bought}, unit = "{unit}", least = {least}'
    for minimum in (250, 1000):
        yield f'kind = "first", {bought}, minimum = {minimum}'
    for first in (1, 7):
        season = f"{{ from = 2027-{first:02}-01, to = 2027-{first + 2:02}-28 }}"
        yield f'{season}|kind = "count", {bought}, least = 40'
    for number in (4, 15):
        parts = f'{{ kind = "tier", tier = "gold" }}, {{ kind = "medal", medal = "m{number}" }}'
        yield f'kind = "all", criteria = [{parts}, {{ kind = "count", {bought}, least = 20 }}]'
    for least in (40, 160):
        parts = f'{{ kind = "streak", {bought}, unit = "day", least = 8 }}, {{ kind = "sum", {bought}, least = {least}000 }}'
        yield f'kind = "any", criteria = [{parts}]'
    none = f'{{ kind = "none", criteria = [{{ kind = "count", {bought}, least = 5, window = "rolling 14 days" }}] }}'
    yield f'kind = "all", criteria = [{{ kind = "count", {bought}, least = 60 }}, {none}]'


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


def measure(servers: Servers) -> list[float]:
    """Return how many times as long settling in bulk takes with a hundred medals as without, per round."""
    bare = World.new(servers.empty("postgresql", "medals_bare"), members=MEMBERS, purchases=PURCHASES)
    bare.kit.close()
    url = servers.copy(bare.url, "medals_all")
    bare = World(bare.url, bare.members)
    world = World(url, bare.members, plugins=["medals"])
    world.kit.upgrade()
    apply_text(world.kit, program())
    run(world.kit)
    ways = timed(_settling(world)), timed(_settling(bare))
    for way in ways * WARM:
        way(NUMBER)
    found = ratios(ways[1], ways[0], numbers=(NUMBER, NUMBER))
    for each in (world, bare):
        each.kit.close()
        servers.drop(each.url)
    return found


def _settling(world: World) -> Callable[[int], Callable[[], object]]:
    shop = Shop(world.members, seed=2)

    def prepare(number: int) -> Callable[[], object]:
        bought = shop.purchases(number)
        return lambda: world.settle(bought)

    return prepare
