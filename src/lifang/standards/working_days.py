"""Working days: weekends everywhere, and in China the public holidays and make-up days that the State Council fixes.

Arrangements are published a year ahead (全国年节及纪念日放假办法, and the yearly notice of the State Council); a
year without one has its weekends only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

import chinese_calendar

_SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class WorkingCalendar:
    """The working days of a city in ``zone``; ``chinese``: by China's arrangements of holidays."""

    zone: tzinfo
    chinese: bool = True

    def is_working(self, day: date) -> bool:
        """Return whether offices work on ``day``."""
        if self.chinese:
            try:
                return bool(chinese_calendar.is_workday(day))
            except NotImplementedError:  # no arrangement is known for this year
                pass
        return day.weekday() < _SATURDAY

    def end_of_working_day(self, moment: datetime) -> datetime:
        """Return the midnight that ends the first working day not before the day of ``moment``."""
        local = moment.astimezone(self.zone)
        while not self.is_working(local.date()):
            local += _DAY
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + _DAY
        return midnight.astimezone(moment.tzinfo)

    def later(self, moment: datetime, days: int) -> datetime:
        """Return the same time of day ``days`` working days after ``moment``."""
        local, left = moment.astimezone(self.zone), days
        while left:
            local += _DAY
            left -= self.is_working(local.date())
        return local.astimezone(moment.tzinfo)
