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


_ACTIVITIES = """
[[activities]]
name = "check_in"
fields = [{ name = "store" }]
"""


def _definition(name: str, when: str) -> str:
    season, _, rest = when.partition("|")
    season, when = (f"season = {season}\n", rest) if rest else ("", season)
    return f'\n[[medals.definitions]]\nid = "{name}"\ntexts.en = {{ name = "{name}" }}\n{season}when = {{ {when} }}\n'


def _criteria() -> Iterator[str]:
    """Yield what the medals ask for: most of it of purchases, as members come to it within months and years."""
    bought = 'activity = "purchase"'
    for least in (5, 10, 25, 50, 100, 250, 500, 1000):
        yield f'kind = "count", {bought}, least = {least}'
    for window, least in (("day", 3), ("month", 30), ("year", 100), ("rolling 7 days", 20), ("rolling 30 days", 50)):
        yield f'kind = "count", {bought}, least = {least}, window = "{window}"'
    for least in (500, 1_000, 5_000, 10_000, 50_000, 100_000):
        yield f'kind = "sum", {bought}, least = {least}'
    for window, least in (("month", 10_000), ("year", 20_000), ("rolling 90 days", 30_000)):
        yield f'kind = "sum", {bought}, least = {least}, window = "{window}"'
    for category in CATEGORIES:
        yield f'kind = "sum", {bought}, least = 2000, lines = {{ categories = ["{category}"] }}'
    for category in CATEGORIES[:5]:
        yield f'kind = "count", {bought}, least = 100, window = "year", lines = {{ categories = ["{category}"] }}'
    for least in (500, 1000, 5000):
        yield f'kind = "sum", {bought}, measure = "quantity", least = {least}'
    for least in (5, 10, 50, 100):
        yield f'kind = "distinct", {bought}, field = "store", least = {least}'
    yield f'kind = "distinct", {bought}, field = "store", least = 40, window = "month"'
    for least in (500, 1000):
        yield f'kind = "distinct", {bought}, field = "lines.sku", least = {least}'
    yield f'kind = "distinct", {bought}, field = "lines.category", least = 9'
    for unit in ("day", "week", "month"):
        for least in (3, 6, 12):
            yield f'kind = "streak", {bought}, unit = "{unit}", least = {least}'
    for minimum in (250, 500, 1000):
        yield f'kind = "first", {bought}, minimum = {minimum}'
    for month in (1, 4, 7, 10):
        season = f"{{ from = 2026-{month:02}-01, to = 2026-{month + 2:02}-28 }}"
        yield f'{season}|kind = "count", {bought}, least = 40'
    yield f'kind = "count", activity = ["purchase", "check_in"], least = 300'
    for tier in ("silver", "gold"):
        yield f'kind = "tier", tier = "{tier}"'
    for number in (1, 2, 3, 9, 14, 40):
        yield f'kind = "medal", medal = "m{number}"'
    for number in (4, 15, 22, 35):
        parts = f'{{ kind = "tier", tier = "gold" }}, {{ kind = "medal", medal = "m{number}" }}'
        yield f'kind = "all", criteria = [{parts}, {{ kind = "count", {bought}, least = 20 }}]'
    for least in (40, 80, 160):
        parts = f'{{ kind = "streak", {bought}, unit = "day", least = 8 }}, {{ kind = "sum", {bought}, least = {least}000 }}'
        yield f'kind = "any", criteria = [{parts}]'
    for least in (60, 120):
        none = f'{{ kind = "none", criteria = [{{ kind = "count", {bought}, least = 5, window = "rolling 14 days" }}] }}'
        yield f'kind = "all", criteria = [{{ kind = "count", {bought}, least = {least} }}, {none}]'
    told = 'activity = "check_in"'
    for least in (1, 5, 10, 25, 50, 100):
        yield f'kind = "count", {told}, least = {least}'
    for least in (2, 5, 10, 25):
        yield f'kind = "distinct", {told}, field = "store", least = {least}'
    for unit in ("day", "week", "month"):
        for least in (2, 4, 8):
            yield f'kind = "streak", {told}, unit = "{unit}", least = {least}'


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
