"""When a multiplier holds: dates, weekdays, hours, holidays of a country, birthdays, anniversaries of joining."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal

from attrs import frozen

from corekit import MemberFacts

Span = Literal["day", "week", "month"]


@frozen(kw_only=True, eq=False)
class Calendar:
    """Conditions on the local time of an activity, all of which must hold, and what they bring.

    ``multiplier`` multiplies, ``add`` minor units of the rule's currency come on top before anything multiplies.

    ``dates`` are first and last days; ``weekdays`` count from Monday 0; ``hours`` are minutes of the day, the
    first included, the second not, past midnight where the second is the smaller; ``holidays`` is country and
    subdivision. An empty condition always holds.
    """

    id: str
    multiplier: tuple[int, int] | None = None
    add: int = 0
    dates: tuple[tuple[date, date], ...] = ()
    weekdays: frozenset[int] = frozenset()
    hours: tuple[int, int] | None = None
    holidays: tuple[str, str | None] | None = None
    anniversary: Span | None = None
    birthday: Span | None = None

    def holds(self, local: datetime) -> bool:
        """Say whether every condition but anniversary and birthday holds at a moment on the program's clock."""
        if self.hours is not None:
            first, last = self.hours
            minute = local.hour * 60 + local.minute
            inside = first <= minute < last if first < last else minute >= first or minute < last
            if not inside:
                return False
        return self._on(local.date())

    def celebrates(self, local: datetime, member: MemberFacts) -> bool:
        """Say whether the member has the anniversary of joining, and the birthday (where it is known), in its span."""
        day = local.date()
        if self.anniversary is not None:
            joined = member.joined_at.astimezone(local.tzinfo).date()
            if not _returns(self.anniversary, joined, day):
                return False
        if self.birthday is None:
            return True
        return member.birthday is not None and _returns(self.birthday, member.birthday, day)

    @lru_cache(maxsize=4096)  # noqa: B019 - calendars live as long as the program they belong to
    def _on(self, day: date) -> bool:
        """Say whether the day is one of those meant; a year of baskets asks for few days, again and again."""
        if self.weekdays and day.weekday() not in self.weekdays:
            return False
        if self.dates and not any(first <= day <= last for first, last in self.dates):
            return False
        return self.holidays is None or day in holidays_of(*self.holidays, day.year)


def _returns(span: Span, first: date, day: date) -> bool:
    """Say whether a day lies in the day, the week (Monday to Sunday) or the month of an anniversary of a first day."""
    if span == "month":
        return day.month == first.month and day.year > first.year
    if span == "day":
        return anniversary(first, day.year) == day
    monday = day - timedelta(days=day.weekday())
    sunday = monday + timedelta(days=6)
    # A week at the turn of the year may hold an anniversary of either year.
    near = (anniversary(first, year) for year in {monday.year, sunday.year})
    return any(found is not None and monday <= found <= sunday for found in near)


def anniversary(joined: date, year: int) -> date | None:
    """Return the anniversary in a year, None before the first.

    Who joined on 29 February has it on the 28th where the year has no 29th.
    """
    if year <= joined.year:
        return None
    try:
        return joined.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


@lru_cache(maxsize=256)
def holidays_of(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """Return the public holidays of a country (ISO 3166 code), or of a part of it, in a year.

    Raises LookupError with a sentence where none are known of that place.
    """
    import holidays  # noqa: PLC0415 - it takes its time, and many programs name no holidays

    try:
        return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))
    except NotImplementedError:
        place = f"the country {country!r}" if subdivision is None else f"the part {subdivision!r} of {country!r}"
        raise LookupError(f'No holidays are known of {place}; write for example "US".') from None


@lru_cache(maxsize=1024)
def midnight(day: date, zone: tzinfo | None) -> datetime:
    """Return the first instant of a day."""
    return datetime.combine(day, time.min, zone)
