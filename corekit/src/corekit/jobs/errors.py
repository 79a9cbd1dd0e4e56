"""What can keep a job from running."""

from __future__ import annotations

from corekit.declares import ErrorText
from corekit.errors import CorekitError

ERRORS = (
    ErrorText("JOB_RUNNING", "The job {job} is running since {since}.", "任务 {job} 自 {since} 起正在运行。"),
    ErrorText("JOB_LOST", "Another runner has taken the run over.", "该任务已由其他进程接管。"),
    ErrorText(
        "SWEEP_INVALID", "The select of sweep {sweep} is not what a sweep needs.", "批处理 {sweep} 的查询不合要求。"
    ),
)
"""The codes with their sentences."""


class Running(CorekitError):
    """Another runner has the job (``job``, ``since``)."""

    code = "JOB_RUNNING"


class Lost(CorekitError):
    """Another runner has taken the run over, or it was ended; what was done stays (``run``)."""

    code = "JOB_LOST"
