"""The greeting at the counter, and what members can have now, over GraphQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from corekit import AccountKind, Declares, ErrorText, MemberNow, Offer, Refusal, Unit
from corekit.testing.modules import plugin_module
from corekit_schema import ANONYMOUS

GREETING = """
query ($known: String!) {
  greeting(known: $known) {
    id state balances { kind }
    offers { items { kind title price { digits unit } available reason { code message parameters } } missing }
  }
}
"""


@pytest.mark.row("M13", way="graphql")
def test_one_query_at_the_counter_tells_what_a_member_can_have(make_kit: Any, door: Any) -> None:
    def offers(members: Sequence[MemberNow]) -> Iterator[Offer]:
        for member in members:
            title = {"en": "Mug", "zh": "杯子"}
            short = Refusal("SHOP_SHORT", missing=10)
            yield Offer(member=member.id, kind="shop.mug", code="mug", title=title, price={"stars": 10}, reason=short)

    def raises() -> None:
        raise RuntimeError("secret of the bar")

    errors = [ErrorText("SHOP_SHORT", "{missing} missing.", "还差 {missing}。")]
    declares = Declares(accounts=[AccountKind(code="shop", unit=Unit("stars"))], errors=errors)
    shop = plugin_module(declares, "shop", corekit_offers=offers)
    graph = door(make_kit(modules={"shop": shop, "bar": plugin_module(None, "bar", corekit_offers=raises)}))
    text = "mutation ($input: RegisterInput!) { register(input: $input) { member { id } } }"
    member = graph.data(text, input={"phone": "+4915112345678"})["register"]["member"]["id"]
    found = graph.data(GREETING, known="+49 1511 2345678")["greeting"]
    assert (found["id"], found["state"], found["balances"]) == (member, "ACTIVE", [])
    assert found["offers"] == {
        "items": [
            {
                "kind": "shop.mug",
                "title": "Mug",
                "price": [{"digits": "10", "unit": "stars"}],
                "available": False,
                "reason": {"code": "SHOP_SHORT", "message": "10 missing.", "parameters": {"missing": 10}},
            }
        ],
        "missing": ["bar"],
    }
    assert graph.data(GREETING, known=member)["greeting"] == found
    assert graph.data(GREETING, known="nobody")["greeting"] is None
    assert graph.data(GREETING, known="\0")["greeting"] is None
    assert graph.ask(GREETING, ANONYMOUS, known="nobody")["errors"]
