"""Operations to begin with, for GraphiQL: surveys, what a member can answer, writing and answering them."""

from __future__ import annotations

from corekit_schema import A_MEMBER, Example

_LUNCH = {
    "title": {"default": "How was lunch?", "zh-cn": "午餐怎么样？"},
    "pages": [{"name": "lunch", "elements": [{"type": "rating", "name": "stars", "isRequired": True}]}],
}

EXAMPLES = (
    Example(
        en="The surveys that a member can answer",
        zh="会员可作答的问卷",
        text="""\
query SurveysMember($id: ID!) {
  member(id: $id) {
    name
    surveysTaken
    surveys {
      survey {
        code
        title
        definition
      }
      canAnswer
      reasons {
        code
        message
      }
      draft {
        answers
      }
    }
  }
}
""",
        variables={"id": A_MEMBER},
    ),
    Example(
        en="Surveys, and how many have answered",
        zh="问卷及作答人数",
        text="""\
query Surveys {
  surveys(first: 10) {
    nodes {
      code
      title
      state
      version
      opensAt
      closesAt
      quotaLeft
      answers
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
""",
    ),
    Example(
        en="Let a survey ask something else",
        zh="修订问卷",
        text="""\
mutation SurveysRevise($input: SurveysReviseInput!) {
  surveysRevise(input: $input) {
    survey {
      code
      version
      definition
    }
    userErrors {
      path
      code
      message
    }
  }
}
""",
        variables={"input": {"code": "lunch", "definition": _LUNCH}},
    ),
    Example(
        en="Say who answers a survey, and how often",
        zh="设置问卷的作答对象与次数",
        text="""\
mutation SurveysChange($input: SurveysChangeInput!) {
  surveysChange(input: $input) {
    survey {
      code
      state
      audience
      most
    }
    userErrors {
      path
      code
      message
    }
  }
}
""",
        variables={"input": {"code": "lunch", "most": 0, "audience": {"tier": "basic"}, "showOnHome": True}},
    ),
    Example(
        en="Answer a survey for a member",
        zh="代会员作答问卷",
        text="""\
mutation SurveysAnswer($input: SurveysAnswerInput!) {
  surveysAnswer(input: $input) {
    outcome
    userErrors {
      path
      code
      message
    }
  }
}
""",
        variables={"input": {"survey": "lunch", "memberId": A_MEMBER, "answers": {"stars": 5}}},
    ),
)
