"""Only adults join."""

from __future__ import annotations

from datetime import date

from corekit import Applicant, Declares, ErrorText, Facts, Refusal, hookimpl

YEARS = 18


@hookimpl
def corekit_declare() -> Declares:
    """Declare the code with its sentences; it begins with the plugin's name, ``adults``."""
    return Declares(
        errors=[ErrorText("ADULTS_TOO_YOUNG", "Members are {years} or older.", "会员须年满 {years} 周岁。")]
    )


@hookimpl
def corekit_may_enrol(applicant: Applicant, facts: Facts) -> Refusal | None:
    """Refuse who is too young on the day of joining; who does not say when they were born may join."""
    if (birthday := applicant.profile.get("birthday")) is None:
        return None
    born, today = date.fromisoformat(birthday), facts.local(applicant.registration)
    old_enough = (today.year - born.year, today.month, today.day) >= (YEARS, born.month, born.day)
    return None if old_enough else Refusal("ADULTS_TOO_YOUNG", years=YEARS)
