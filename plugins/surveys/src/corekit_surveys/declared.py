"""The activity type, the permission and the codes that the plugin brings, besides those of definitions and answers."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from corekit import ActivityType, ErrorText, Permission
from corekit_surveys import codes


class AnsweredSchema(Schema):
    """Which survey, by its code; what was answered is never part of an activity."""

    survey = fields.String(required=True, validate=validate.Length(1, 60))


ANSWERED = ActivityType(
    name="surveys.answered",
    description="A member took part in a survey; what it had saved as a draft is its answer.",
    schema=AnsweredSchema,
    command=True,
    afresh=True,
)
MANAGE = Permission(name="surveys.manage", description="Write surveys, open and close them, and see all of them.")
ANSWER = Permission(name="surveys.answer", description="Answer surveys for members, as somebody does who asks them.")
PERMISSIONS = (MANAGE, ANSWER)

CODE_INVALID = ErrorText(
    "SURVEYS_CODE_INVALID",
    "A code is made of up to 60 small Latin letters, digits and hyphens.",
    "代码由至多 60 个小写拉丁字母、数字和连字符组成。",
)
CODE_TAKEN = ErrorText("SURVEYS_CODE_TAKEN", "There is a survey {survey} already.", "问卷 {survey} 已存在。")
UNKNOWN = ErrorText("SURVEYS_UNKNOWN", "There is no survey {survey}.", "没有问卷 {survey}。")
STATE = ErrorText(
    "SURVEYS_STATE",
    "The survey is {state}: a draft is opened, what is open is closed, and what is closed is opened again.",
    "问卷状态为 {state}：草稿可以开放，开放的可以关闭，关闭的可以重新开放。",
)
BEGUN = ErrorText(
    "SURVEYS_BEGUN",
    "Somebody has answered this survey, or begun to; close it instead.",
    "已有会员作答或开始作答此问卷，请改为关闭。",
)
ANONYMITY = ErrorText(
    "SURVEYS_ANONYMITY",
    "Somebody has answered this survey, or begun to: whether it is anonymous stays as it was promised.",
    "已有会员作答或开始作答此问卷，是否匿名须按承诺保持不变。",
)
NO_KEY = ErrorText(
    "SURVEYS_NO_KEY",
    "Anonymous answers are sealed, and there is no key; set keys under [plugins.surveys] of corekit.toml.",
    "匿名答案须加密，但没有密钥；请在 corekit.toml 的 [plugins.surveys] 中设置 keys。",
)
SEALED = ErrorText(
    "SURVEYS_SEALED",
    "An anonymous answer was sealed with another key; add it to keys under [plugins.surveys] of corekit.toml again.",
    "匿名答案是用其他密钥加密的；请将该密钥重新加入 corekit.toml 的 [plugins.surveys] 中的 keys。",
)
WINDOW = ErrorText("SURVEYS_WINDOW", "It would close before it opens.", "结束时间早于开始时间。")
NUMBER = ErrorText(
    "SURVEYS_NUMBER", "Here stands a whole number from {least} to {most}.", "此处应为 {least} 至 {most} 的整数。"
)
PAUSE_OF_ONE = ErrorText(
    "SURVEYS_PAUSE_OF_ONE",
    "Who answers once makes no pause: leave it out, or let members answer more often.",
    "只答一次时没有间隔：请删去间隔，或允许多次作答。",
)

NOT_OPEN = ErrorText(
    "SURVEYS_NOT_OPEN", "The survey is {state}; nobody answers it now.", "问卷状态为 {state}，现在不能作答。"
)
NOT_YET = ErrorText("SURVEYS_NOT_YET", "It is answered from {opens} on.", "自 {opens} 起可作答。")
OVER = ErrorText("SURVEYS_OVER", "It was answered until {closes}.", "作答已于 {closes} 结束。")
AUDIENCE = ErrorText("SURVEYS_AUDIENCE", "The rule does not hold: {expected}.", "规则有误：{expected}。")
OUTSIDE = {
    "tier": ErrorText("SURVEYS_TIER", "It is for members from tier {tier} on.", "仅限 {tier} 级及以上会员作答。"),
    "kind": ErrorText("SURVEYS_KIND", "It asks members of the kind {names}.", "仅限 {names} 类会员作答。"),
    "tag": ErrorText("SURVEYS_TAG", "It asks members with the tag {names}.", "仅限带有标签 {names} 的会员作答。"),
    "group": ErrorText("SURVEYS_GROUP", "It asks members of the group {names}.", "仅限 {names} 组的会员作答。"),
    "bought": ErrorText("SURVEYS_BOUGHT", "It asks who bought {names}.", "仅限购买过 {names} 的会员作答。"),
    "metric": ErrorText(
        "SURVEYS_METRIC",
        "It asks members from {least} of {metric} on ({window}); this one has {value}.",
        "仅限 {metric}（{window}）达到 {least} 的会员作答，当前为 {value}。",
    ),
    "excluded": ErrorText("SURVEYS_EXCLUDED", "It is not for members like this one.", "此问卷不面向该类会员。"),
}
"""Why somebody is outside of the audience."""
QUOTA_FULL = ErrorText("SURVEYS_QUOTA_FULL", "All answers that are wanted were given.", "所需的答案已收齐。")
ANSWERED_MOST = ErrorText(
    "SURVEYS_ANSWERED_MOST", "The member has answered this survey {most} times.", "该会员已作答此问卷 {most} 次。"
)
PAUSE = ErrorText(
    "SURVEYS_PAUSE", "The member answers this survey again from {day} on.", "该会员自 {day} 起可再次作答。"
)
ANSWERED_BEFORE = ErrorText("SURVEYS_ANSWERED_BEFORE", "The member has answered this survey.", "该会员已作答此问卷。")
DRAFT_MISSING = ErrorText(
    "SURVEYS_DRAFT_MISSING", "Nothing is saved that could be sent; save answers first.", "没有已保存的答案，请先保存。"
)
DRAFT_TOO_LARGE = ErrorText(
    "SURVEYS_DRAFT_TOO_LARGE", "Answers have up to {most} bytes as JSON.", "答案以 JSON 计至多 {most} 字节。"
)
CHANGED = ErrorText(
    "SURVEYS_CHANGED",
    "The survey or the answers were changed meanwhile; look at them and send them with a new key.",
    "问卷或答案已发生变化；请查看后以新键提交。",
)
ERRORS = (
    *codes.DEFINITION,
    *codes.ANSWERS,
    *(CODE_INVALID, CODE_TAKEN, UNKNOWN, STATE, BEGUN, ANONYMITY, NO_KEY, SEALED, WINDOW, NUMBER, PAUSE_OF_ONE),
    *(NOT_OPEN, NOT_YET, OVER, QUOTA_FULL, ANSWERED_BEFORE, ANSWERED_MOST, PAUSE),
    *(AUDIENCE, *OUTSIDE.values()),
    *(DRAFT_MISSING, DRAFT_TOO_LARGE, CHANGED),
)
