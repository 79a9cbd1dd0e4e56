"""Surveys over GraphQL: who took part is shown to the member, and to staff who may read members."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from corekit_schema import Viewer, global_id
from corekit_schema.testing import Door

TAKEN = "query ($id: ID!) { member(id: $id) { surveysTaken } }"


@pytest.mark.parametrize("dialect", ["sqlite"], indirect=True)
def test_who_may_know_is_told_in_which_surveys_a_member_took_part(canteen: Callable[..., Any]) -> None:
    shop = canteen()
    door, ann = Door(shop.kit), global_id("Member", shop.member)
    assert door.data(TAKEN, id=ann) == {"member": {"surveysTaken": []}}
    assert shop.answer(stars=5).settled
    taken = {"member": {"surveysTaken": ["lunch"]}}
    assert door.data(TAKEN, id=ann) == taken
    assert door.data(TAKEN, Viewer(kind="member", member=shop.member), id=ann) == taken
    others = (Viewer(kind="member", member=shop.join()), Viewer(kind="staff", name="bob"), Viewer(kind="anonymous"))
    for viewer in others:
        assert "lunch" not in str(door.ask(TAKEN, viewer, id=ann))
