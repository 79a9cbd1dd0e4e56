"""The permissions and codes of statistics, exports, imports and comments."""

from __future__ import annotations

from corekit import ErrorText, Permission

STATISTICS = Permission(name="surveys.statistics", description="See statistics of surveys.")
ANSWERS = Permission(name="surveys.answers", description="Read, export and import answers to surveys one by one.")
MODERATE = Permission(name="surveys.moderate", description="Decide which comments on surveys are shown.")
PERMISSIONS = (STATISTICS, ANSWERS, MODERATE)

SPLIT_UNKNOWN = ErrorText(
    "SURVEYS_SPLIT_UNKNOWN",
    "Answers are not told apart by {by}{hint}. Write tier, tier:LADDER, kind, tag:TAG, attribute:NAME, day, week "
    "or month.",
    "不能按 {by} 分组{hint}。可用：tier、tier:阶梯、kind、tag:标签、attribute:属性、day、week、month。",
)
GROUPS_MANY = ErrorText(
    "SURVEYS_GROUPS_MANY",
    "By {by} there are more than {most} groups; take what has fewer values.",
    "按 {by} 分组超过 {most} 组，请选择取值较少的项。",
)
SELECTION_SMALL = ErrorText(
    "SURVEYS_SELECTION_SMALL",
    "Few answered from {since} to {until}, so these answers are counted together only: choose all of these days and "
    "their versions, or none of them.",
    "{since} 至 {until} 作答人数较少，只能合并统计：请全部包含或全部排除这些日期及其版本。",
)
QUESTION_UNKNOWN = ErrorText(
    "SURVEYS_QUESTION_UNKNOWN",
    "The survey has no such question {question}{hint}.",
    "问卷中没有这样的问题 {question}{hint}。",
)
LINE_MALFORMED = ErrorText(
    "SURVEYS_LINE_MALFORMED", "This line is not what is expected: {expected}.", "此行应为：{expected}。"
)
COMMENT_INVALID = ErrorText(
    "SURVEYS_COMMENT_INVALID",
    "A comment is a text that is not blank, of up to {most} characters.",
    "评论应为非空文本，至多 {most} 个字符。",
)
COMMENTS_MANY = ErrorText(
    "SURVEYS_COMMENTS_MANY",
    "A member writes up to {most} comments within 24 hours; the next one can be written from {again} on.",
    "每位会员 24 小时内至多发表 {most} 条评论；{again} 之后可再发表。",
)
COMMENTER = ErrorText(
    "SURVEYS_COMMENTER",
    "Comments are written by active members; this one is {state}.",
    "只有有效会员可以发表评论，该会员状态为 {state}。",
)
COMMENT_UNKNOWN = ErrorText("SURVEYS_COMMENT_UNKNOWN", "There is no comment {comment}.", "没有评论 {comment}。")
ERRORS = (
    *(SPLIT_UNKNOWN, GROUPS_MANY, SELECTION_SMALL, QUESTION_UNKNOWN, LINE_MALFORMED),
    *(COMMENT_INVALID, COMMENTS_MANY, COMMENTER, COMMENT_UNKNOWN),
)
