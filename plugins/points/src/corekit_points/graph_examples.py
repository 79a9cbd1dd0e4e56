"""Operations to begin with, for GraphiQL: what members have, giving and taking by hand, what is owed."""

from __future__ import annotations

from corekit_schema import A_MEMBER, Example

EXAMPLES = (
    Example(
        en="Members with tier, points and what moved them last",
        zh="会员列表：等级、积分与最近变动",
        text="""\
query PointsMembers($first: Int!, $after: String) {
  members(first: $first, after: $after) {
    nodes {
      name
      tier {
        tier {
          name
        }
      }
      points {
        available {
          digits
        }
      }
      statement(kind: "points", first: 3) {
        nodes {
          activityType
          amount {
            digits
          }
        }
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
""",
        variables={"first": 10},
    ),
    Example(
        en="A member's points, and how they came about",
        zh="会员积分与流水",
        text="""\
query PointsMember($id: ID!) {
  member(id: $id) {
    name
    tier {
      tier {
        name
      }
    }
    points {
      currency {
        name
      }
      available {
        digits
      }
      pending {
        digits
      }
      expiringSoon(within: 60) {
        at
        amount {
          digits
        }
      }
    }
    statement(kind: "points", first: 5) {
      nodes {
        recordedAt
        activityType
        rule
        amount {
          digits
        }
        balanceAfter {
          digits
        }
      }
    }
  }
}
""",
        variables={"id": A_MEMBER},
    ),
    Example(
        en="Give points by hand",
        zh="人工补发积分",
        text="""\
mutation PointsAdjust($input: PointsAdjustInput!) {
  pointsAdjust(input: $input) {
    outcome
    member {
      name
      points {
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
        variables={"input": {"memberId": A_MEMBER, "amount": "100", "reason": "门店活动漏记，补发积分"}},
    ),
    Example(
        en="What is owed in points, by month",
        zh="积分负债（按月）",
        text="""\
query PointsLiability($months: Int!) {
  pointsReports {
    liability(months: $months) {
      currency {
        code
        name
      }
      outstanding {
        digits
      }
      pending {
        digits
      }
      months {
        month
        issued {
          digits
        }
        spent {
          digits
        }
        expired {
          digits
        }
      }
      forecast {
        month
        amount {
          digits
        }
      }
    }
  }
}
""",
        variables={"months": 3},
    ),
)
