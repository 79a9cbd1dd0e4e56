"""Operations to begin with, for GraphiQL: reports, what moved, and fees."""

from __future__ import annotations

from corekit_schema import A_MEMBER, Example

EXAMPLES = (
    Example(
        en="Closes, liability and fees of stored value",
        zh="储值日结、负债与费用报表",
        text="""\
query StoredValueReports($since: String!, $until: String!) {
  storedValueReports {
    closes(since: $since, until: $until) {
      day
      lines {
        account
        store
        channel
        opening {
          digits
        }
        cameIn {
          digits
        }
        wentOut {
          digits
        }
        closing {
          digits
        }
      }
    }
    liability(quarters: 4) {
      account
      quarters {
        quarter
        issued {
          digits
        }
        spent {
          digits
        }
        outstanding {
          digits
        }
      }
    }
    fees(months: 3) {
      month
      kind
      store
      paid {
        digits
      }
      unpaid {
        digits
      }
      waived {
        digits
      }
    }
  }
}
""",
        variables={"since": "2026-01-01", "until": "2026-01-31"},
    ),
    Example(
        en="What moved on a member's stored value",
        zh="会员储值流水",
        text="""\
query StoredValueMovements($id: ID!) {
  member(id: $id) {
    storedValueMovements(first: 20) {
      recordedAt
      activityType
      account
      store
      channel
      amount {
        digits
      }
      balanceAfter {
        digits
      }
    }
  }
}
""",
        variables={"id": A_MEMBER},
    ),
    Example(
        en="Charge a member a fee of the program",
        zh="收取会员费用",
        text="""\
mutation StoredValueChargeFee($input: StoredValueChargeFeeInput!) {
  storedValueChargeFee(input: $input) {
    outcome
    userErrors {
      path
      code
      message
    }
  }
}
""",
        variables={"input": {"memberId": A_MEMBER, "fee": "delivery", "store": "north"}},
    ),
)
