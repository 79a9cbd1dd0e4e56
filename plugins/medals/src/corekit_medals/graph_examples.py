"""Operations to begin with, for GraphiQL."""

from __future__ import annotations

from corekit_schema import A_MEMBER, Example

EXAMPLES = (
    Example(
        en="A member's medals, and how near the next ones are",
        zh="会员的勋章及下一枚的进度",
        text="""\
query MedalsMember($id: ID!) {
  member(id: $id) {
    name
    medals {
      medal {
        code
        name
      }
      level {
        number
        name
      }
      held
      since
      pinned
      percent
      steps {
        kind
        value
        needed
        counts
        unit
        scale
      }
    }
  }
}
""",
        variables={"id": A_MEMBER},
    ),
    Example(
        en="The medals, and how rare they are",
        zh="全部勋章及其稀有度",
        text="""\
query Medals {
  medals {
    code
    name
    description
    edition
    seasonFrom
    seasonTo
    levels {
      number
      name
      holders
      perMille
      left
    }
  }
}
""",
    ),
    Example(
        en="Pin medals of a member, and put others in order",
        zh="置顶并排列会员的勋章",
        text="""\
mutation MedalsArrange($input: MedalsArrangeInput!) {
  medalsArrange(input: $input) {
    outcome
    userErrors {
      path
      code
      message
    }
  }
}
""",
        variables={"input": {"memberId": A_MEMBER, "pinned": [], "others": []}},
    ),
)
