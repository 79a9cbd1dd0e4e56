"""Operations to begin with, for GraphiQL: what can be won, pulling, and what proves the result."""

from __future__ import annotations

from corekit_schema import A_MEMBER, Example

EXAMPLES = (
    Example(
        en="Prize draws, what can be won, and what was promised of their seeds",
        zh="抽奖活动：奖品与种子承诺",
        text="""\
query PointsDraws {
  pointsDraws {
    id
    name
    price {
      digits
    }
    guaranteeClass
    guaranteeBy
    prizes {
      id
      name
      weight
      left
    }
    seeds(first: 3) {
      period
      commitment
      seed
    }
  }
}
""",
    ),
    Example(
        en="Pull in a prize draw",
        zh="参与抽奖",
        text="""\
mutation PointsDrawPrize($input: PointsDrawInput!) {
  pointsDraw(input: $input) {
    outcome
    member {
      pointsDrawn(first: 1) {
        prize
        ticket
        number
        guaranteed
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
        variables={"input": {"memberId": A_MEMBER, "draw": "wheel", "clientSeed": "5eed"}},
    ),
    Example(
        en="What a member drew, with all that it follows from",
        zh="会员抽奖记录与可验证要素",
        text="""\
query PointsDrawn($id: ID!) {
  member(id: $id) {
    name
    pointsDrawn(first: 10) {
      drawnAt
      draw
      period
      ticket
      number
      clientSeed
      weights {
        prize
        weight
      }
      prize
      takenBack
    }
  }
}
""",
        variables={"id": A_MEMBER},
    ),
)
