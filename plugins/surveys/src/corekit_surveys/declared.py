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
)
MANAGE = Permission(name="surveys.manage", description="Write surveys, open and close them.")

CODE_INVALID = ErrorText(
    "SURVEYS_CODE_INVALID",
    "A code is made of up to 60 small Latin letters, digits and hyphens.",
    "代码由至多 60 个小写拉丁字母、数字和连字符组成。",
)
CODE_TAKEN = ErrorText("SURVEYS_CODE_TAKEN", "There is a survey {survey} already.", "问卷 {survey} 已存在。")
UNKNOWN = ErrorText("SURVEYS_UNKNOWN", "There is no survey {survey}.", "没有问卷 {survey}。")
STATE = ErrorText(
    "SURVEYS_STATE",
    "The survey is {state}: a draft is opened, and what is open is closed.",
    "问卷状态为 {state}：草稿可以开放，开放的可以关闭。",
)
NOT_OPEN = ErrorText(
    "SURVEYS_NOT_OPEN", "The survey is {state}; nobody answers it now.", "问卷状态为 {state}，现在不能作答。"
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
    *(CODE_INVALID, CODE_TAKEN, UNKNOWN, STATE, NOT_OPEN, ANSWERED_BEFORE, DRAFT_MISSING, DRAFT_TOO_LARGE, CHANGED),
)
