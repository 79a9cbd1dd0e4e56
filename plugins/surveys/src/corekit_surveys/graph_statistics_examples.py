"""Operations to begin with, for GraphiQL: statistics, a trend, and comments."""

from __future__ import annotations

from corekit_schema import Example

EXAMPLES = (
    Example(
        en="What was answered to a survey",
        zh="问卷统计",
        text="""\
query SurveysStatistics {
  surveysStatistics(survey: "lunch") {
    respondents
    least
    groups {
      questions {
        name
        title
        saw
        answered
        choices {
          text
          count
          share
        }
        numbers {
          mean
          median
        }
        chart
      }
    }
  }
}
""",
    ),
    Example(
        en="How a question was answered by tier",
        zh="按等级统计某题",
        text="""\
query SurveysByTier {
  surveysStatistics(survey: "lunch", by: "tier") {
    unnamed
    groups {
      label
      respondents
      questions(names: ["stars"]) {
        withheld
        numbers {
          mean
        }
      }
    }
  }
}
""",
    ),
    Example(
        en="Comments on a survey",
        zh="问卷评论",
        text="""\
query SurveysComments {
  surveysComments(survey: "lunch", first: 20) {
    nodes {
      text
      createdAt
    }
  }
}
""",
    ),
)
