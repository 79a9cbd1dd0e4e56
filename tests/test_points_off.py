"""Points off and on again: their rows are kept, and read meanwhile."""

from __future__ import annotations

from corekit import Activity, Kit
from corekit.ledger.read import balances
from corekit.testing.plugin import MakeKit

PROGRAM = '[program]\nname = "Corner shop"\n[[points.rules]]\nid = "base"\nactivity = "purchase"\nrate = "1"\n'


def test_points_off_and_on_again_keeps_its_rows(make_kit: MakeKit) -> None:
    kit = make_kit(["points"], program=PROGRAM)
    url = kit.database.url.render_as_string(hide_password=False)
    member = kit.record(Activity(type="member.registered")).member
    bought = [_buys(kit, member, 1200)]
    off = make_kit(database=url)
    bought.append(_buys(off, member, 500))
    assert _points(off, member) == 12
    assert off.verify().clean
    on = make_kit(["points"], database=url)
    bought.append(_buys(on, member, 300))
    assert _points(on, member) == 15
    assert [len(on.why(each).effects) for each in bought] == [1, 0, 1]
    assert on.verify().clean


def _buys(kit: Kit, member: str, amount: int) -> str:
    outcome = kit.record(Activity(type="purchase", member=member, amount=amount))
    assert outcome.settled
    return outcome.activity_id or ""


def _points(kit: Kit, member: str) -> int:
    with kit.read() as read:
        return sum(each.available for each in balances(read, [member], kit.now())[member])
