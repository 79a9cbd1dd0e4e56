"""Operations to begin with, for GraphiQL: what a member has, paying in, spending, and taking money out."""

from __future__ import annotations

from corekit_schema import A_MEMBER, Example

EXAMPLES = (
    Example(
        en="A member's stored value, top-up by top-up",
        zh="会员储值：余额与各笔充值",
        text="""\
query StoredValueMember($id: ID!) {
  member(id: $id) {
    name
    storedValue {
      principal {
        digits
      }
      bonus {
        digits
      }
      held {
        digits
      }
      groups {
        since
        principal {
          digits
        }
        bonus {
          digits
        }
        lapsesAt
      }
      withdrawalQuote {
        payable {
          digits
        }
        hash
      }
    }
  }
}
""",
        variables={"id": A_MEMBER},
    ),
    Example(
        en="Pay in",
        zh="充值",
        text="""\
mutation StoredValueTopUp($input: StoredValueTopUpInput!) {
  storedValueTopUp(input: $input) {
    outcome
    member {
      storedValue {
        available {
          digits
        }
      }
    }
    userErrors {
      path
      code
      message
    }
  }
}
""",
        variables={"input": {"memberId": A_MEMBER, "amount": "50000", "channel": "cash"}},
    ),
    Example(
        en="Spend stored value",
        zh="储值消费",
        text="""\
mutation StoredValueSpend($input: StoredValueSpendInput!) {
  storedValueSpend(input: $input) {
    outcome
    member {
      storedValue {
        available {
          digits
        }
      }
    }
    userErrors {
      code
      message
    }
  }
}
""",
        variables={"input": {"memberId": A_MEMBER, "amount": "1250", "orderNo": "1001"}},
    ),
)
