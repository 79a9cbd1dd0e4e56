"""The activity type, the permission and the codes of draws."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from corekit import ActivityType, ErrorText, Permission
from corekit_points.draws.prizes import MOST_PULLS


class DrawnSchema(Schema):
    """Which draw, how many pulls, and what the member adds to chance: up to 64 hexadecimal digits."""

    draw = fields.String(required=True, validate=validate.Length(1, 40))
    pulls = fields.Integer(strict=True, load_default=1, validate=validate.Range(1, MOST_PULLS))
    client_seed = fields.String(
        load_default="", validate=validate.Regexp(r"[0-9a-f]{0,64}\Z", error="Give up to 64 digits of 0-9 and a-f.")
    )


DRAWN = ActivityType(
    name="points.drawn",
    description="A member pulls in a prize draw, once or several times.",
    schema=DrawnSchema,
    command=True,
    simulated=False,
)
DRAW = Permission(name="points.draw", description="Pull in a prize draw for a member.")

DRAW_UNKNOWN = ErrorText("POINTS_DRAW_UNKNOWN", "There is no draw {draw}.", "没有抽奖活动 {draw}。")
DRAW_UNSEEDED = ErrorText(
    "POINTS_DRAW_UNSEEDED",
    "The draw {draw} has no seed for {period} yet, so nothing is promised; run the job points.draws, then draw.",
    "抽奖活动 {draw} 在 {period} 尚无已公布的种子；请先运行任务 points.draws。",
)
DRAW_OVER = ErrorText(
    "POINTS_DRAW_OVER",
    "The seed of the draw {draw} for {period} is revealed, so nothing more is drawn by it.",
    "抽奖活动 {draw} 在 {period} 的种子已公开，该期抽奖已结束。",
)
DRAW_LIMIT = ErrorText(
    "POINTS_DRAW_LIMIT",
    "A member has {most} pulls by {limit}; {left} are left.",
    "每位会员每 {limit} 可抽 {most} 次，剩余 {left} 次。",
)
DRAW_GONE = ErrorText(
    "POINTS_DRAW_GONE", "Others were faster at every prize; draw again.", "奖品刚被他人抽走，请再试一次。"
)
ERRORS = (DRAW_UNKNOWN, DRAW_UNSEEDED, DRAW_OVER, DRAW_LIMIT, DRAW_GONE)
