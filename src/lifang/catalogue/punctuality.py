"""When a dataset's next release is due, by its update cycle and the working days of the city."""

from __future__ import annotations

from datetime import datetime, timedelta

from lifang.catalogue.retention import later
from lifang.standards import WorkingCalendar

PERIODS = {
    "realtime": "PT1H",
    "hourly": "PT1H",
    "daily": "P1D",
    "weekly": "P7D",
    "monthly": "P1M",
    "quarterly": "P3M",
    "yearly": "P1Y",
    "every_ten_years": "P10Y",
}
_GRACE = timedelta(hours=1)


def due_after(last: datetime, cycle: str, calendar: WorkingCalendar) -> datetime | None:
    """Return until when the release after ``last`` is punctual; ``None`` for a cycle that sets no date.

    Cycles of a day and longer end with the day, in the zone of the city, on which they are over; one that ends on a day
    off ends with the next working day. Shorter ones have an hour's grace.
    """
    period = PERIODS.get(cycle)
    if period is None:
        return None
    over = later(last, period, calendar.zone)
    if over is None:
        return None
    if period.startswith("PT"):
        return over + _GRACE
    return calendar.end_of_working_day(over).astimezone(last.tzinfo)


def punctual_share(last: datetime, cycle: str, calendar: WorkingCalendar, now: datetime) -> float | None:
    """Return 1 while the next release is not due, then less, and 0 once a whole further cycle has passed."""
    due = due_after(last, cycle, calendar)
    if due is None:
        return None
    return max(0.0, min(1.0, 1.0 - (now - due) / (due - last)))
