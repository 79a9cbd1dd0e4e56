"""Operations to begin with, for GraphiQL: the catalogue, what a member can have, and taking a reward."""

from __future__ import annotations

from corekit_schema import A_MEMBER, Example

EXAMPLES = (
    Example(
        en="What a member can have for points now, and why not the rest",
        zh="会员当前可兑换的奖品及不可兑换的原因",
        text="""\
query PointsOffers($id: ID!) {
  member(id: $id) {
    name
    points {
      available {
        digits
      }
    }
    pointsOffers {
      reward {
        code
        name
        points {
          digits
        }
      }
      canHave
      reasons {
        code
        message
      }
    }
    pointsRedemptions(first: 5) {
      rewardCode
      state
      redeemedAt
      expiresAt
    }
  }
}
""",
        variables={"id": A_MEMBER},
    ),
    Example(
        en="Take a reward for points, and get its code",
        zh="积分兑换奖品并取得兑换码",
        text="""\
mutation PointsRedeemReward($input: PointsRedeemRewardInput!) {
  pointsRedeemReward(input: $input) {
    outcome
    activity {
      pointsRedemption {
        id
        state
        code
        expiresAt
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
        variables={"input": {"memberId": A_MEMBER, "reward": "mug"}},
    ),
)
