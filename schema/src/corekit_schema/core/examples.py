"""Operations to begin with, for GraphiQL: what everybody asks of the core first."""

from __future__ import annotations

from corekit_schema.graph import A_MEMBER, Example

EXAMPLES = (
    Example(
        en="Members, page by page",
        zh="会员列表（分页）",
        text="""\
query Members($first: Int!, $after: String) {
  members(first: $first, after: $after) {
    nodes {
      id
      number
      name
      joinedAt
      state
      progress {
        tier {
          name
        }
        next {
          name
        }
        percent
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
        en="Members whose name begins so",
        zh="按姓名查找会员",
        text="""\
query MembersByName($filter: MemberFilter!) {
  members(first: 10, filter: $filter) {
    totalCount
    nodes {
      id
      number
      name
      phone
      email
    }
  }
}
""",
        variables={"filter": {"name": "李"}},
    ),
    Example(
        en="A member: tier, balances, what happened last",
        zh="会员详情：等级、余额与最近动态",
        text="""\
query Member($id: ID!) {
  member(id: $id) {
    number
    name
    birthday
    joinedAt
    tags
    tiers {
      tier {
        name
      }
      validFrom
      expiresAt
    }
    balances {
      kind
      available {
        digits
        scale
      }
    }
    activities(first: 3) {
      nodes {
        type
        occurredAt
        amount {
          digits
          unit
          scale
        }
        effects {
          rule
          account
          amount {
            digits
          }
        }
      }
    }
  }
}
""",
        variables={"id": A_MEMBER},
    ),
    Example(
        en="Register a member",
        zh="注册会员",
        text="""\
mutation Register($input: RegisterInput!) {
  register(input: $input) {
    outcome
    member {
      id
      number
      name
      state
    }
    userErrors {
      path
      code
      message
    }
  }
}
""",
        variables={"input": {"name": "李雷", "birthday": "1990-02-28", "channel": "web"}},
    ),
    Example(
        en="Record a purchase",
        zh="记录一笔消费",
        text="""\
mutation Purchase($input: RecordActivityInput!) {
  recordActivity(input: $input) {
    outcome
    activity {
      id
      amount {
        digits
        unit
        scale
      }
      lines {
        category
        amount {
          digits
        }
      }
    }
    effects {
      rule
      account
      amount {
        digits
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
        variables={
            "input": {
                "type": "purchase",
                "memberId": A_MEMBER,
                "amount": "39900",
                "lines": [
                    {"no": 1, "sku": "tea-250", "category": "茶叶", "amount": "29900"},
                    {"no": 2, "sku": "cup-01", "category": "茶具", "amount": "10000"},
                ],
            }
        },
    ),
    Example(
        en="The program: its ladders and tiers",
        zh="会员计划：等级体系",
        text="""\
query Program {
  program {
    name
    version
    validFrom
    ladders {
      code
      name
      tiers {
        code
        name
        criteria {
          metric
          window
          atLeast
        }
        benefits
      }
    }
  }
}
""",
    ),
    Example(
        en="At the counter: who is it, and what can it have now",
        zh="柜台查询：会员概况与现在可享的权益",
        text="""\
query Greeting($known: String!) {
  greeting(known: $known) {
    id
    name
    state
    tiers {
      ladder
      tier {
        name
      }
    }
    balances {
      kind
      available {
        digits
        unit
      }
      expiringNext {
        at
        amount {
          digits
          unit
        }
      }
    }
    offers {
      items {
        kind
        code
        title
        price {
          digits
          unit
        }
        available
        reason {
          code
          message
        }
      }
      missing
    }
  }
}
""",
        variables={"known": A_MEMBER},
    ),
    Example(
        en="Who changed what",
        zh="操作审计",
        text="""\
query Audit($first: Int!, $actor: String) {
  audit(first: $first, actor: $actor) {
    nodes {
      at
      actor
      kind
      what
      subject
      parameters
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
""",
        variables={"first": 20},
    ),
    Example(
        en="Who am I, and what may I do",
        zh="我是谁，有哪些权限",
        text="""\
query Viewer {
  viewer {
    kind
    name
    memberId
    permissions
  }
}
""",
    ),
)
