"""The activity types, permissions and codes of fees, notices and reports."""

from __future__ import annotations

from corekit import ErrorText, Permission

REPORT = Permission(
    name="stored_value.report", description="See closes, liability, fees and slips, and every member's movements."
)

DAY_NOT_OVER = ErrorText(
    "STORED_VALUE_DAY_NOT_OVER",
    "{day} is not over yet on the program's clock; close it tomorrow.",
    "按计划时钟，{day} 尚未结束；请于次日日结。",
)

ERRORS = (DAY_NOT_OVER,)
PERMISSIONS = (REPORT,)
