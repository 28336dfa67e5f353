"""When a dataset's next release is due, by its update cycle and the calendar of the city."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from lifang.catalogue.retention import later

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
_SATURDAY = 5
_GRACE = timedelta(hours=1)


def due_after(last: datetime, cycle: str, zone: tzinfo) -> datetime | None:
    """Return until when the release after ``last`` is punctual; ``None`` for a cycle that sets no date.

    Cycles of a day and longer end with the day, in the zone of the city, on which they are over; one that ends on a
    Saturday or Sunday ends with the Monday after. Shorter ones have an hour's grace.
    """
    period = PERIODS.get(cycle)
    if period is None:
        return None
    over = later(last, period, zone)
    if over is None:
        return None
    if period.startswith("PT"):
        return over + _GRACE
    local = over.astimezone(zone)
    if local.weekday() >= _SATURDAY:
        local += timedelta(days=7 - local.weekday())
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return midnight.astimezone(last.tzinfo)


def punctual_share(last: datetime, cycle: str, zone: tzinfo, now: datetime) -> float | None:
    """Return 1 while the next release is not due, then less, and 0 once a whole further cycle has passed."""
    due = due_after(last, cycle, zone)
    if due is None:
        return None
    return max(0.0, min(1.0, 1.0 - (now - due) / (due - last)))
