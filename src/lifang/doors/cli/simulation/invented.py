"""What the simulated devices measure: made up from the hour and a seed, the same for the same moment; pure."""

from __future__ import annotations

import math
import random
from datetime import datetime

_QUIET_DB, _LOUD_DB = 48.0, 64.0
_SPREAD_DB = 2.5
_WORKS_DB, _WORKS_SHARE = 18.0, 0.004  # roadworks: how much louder, and in which share of the periods
_DUSK_H, _DAWN_H = 18.5, 6.5
_BRIGHT = 80.0
_FAULTY_EVERY, _FAULTY_SHARE = 29, 0.5  # one meter in so many is silent for such a share of the day


def hour_of(local: datetime) -> float:
    """Return the hour of the day with its fraction."""
    return local.hour + local.minute / 60


def noise_db(device: str, local: datetime) -> float:
    """Return the noise at a road in dB(A): quiet at four, loud in the afternoon, at times roadworks."""
    chance = random.Random(f"{device}@{local:%Y%m%d%H%M}")  # noqa: S311 - made-up values, no secrets
    day = (1 - math.cos((hour_of(local) - 4) / 24 * 2 * math.pi)) / 2
    works = _WORKS_DB if chance.random() < _WORKS_SHARE else 0.0
    return round(_QUIET_DB + (_LOUD_DB - _QUIET_DB) * day + chance.gauss(0, _SPREAD_DB) + works, 1)


def lamp_level(local: datetime) -> float:
    """Return how bright a lamp burns by its schedule, in per cent: at night only."""
    return _BRIGHT if not _DAWN_H <= hour_of(local) < _DUSK_H else 0.0


def is_faulty(number: int, local: datetime) -> bool:
    """Return whether a meter is silent now: some are for half of each day, so that health has something to show."""
    return number % _FAULTY_EVERY == 0 and hour_of(local) < 24 * _FAULTY_SHARE


def room_temperature(room: str, local: datetime) -> float:
    """Return the temperature of a room in degrees Celsius: warmest in the evening, each room about its own mean."""
    mean = 20 + 3 * random.Random(room).random()  # noqa: S311 - made-up values, no secrets
    chance = random.Random(f"{room}@{local:%Y%m%d%H%M}")  # noqa: S311
    return round(mean + 1.8 * math.cos((hour_of(local) - 19) / 24 * 2 * math.pi) + chance.gauss(0, 0.15), 1)


def room_co2(room: str, local: datetime) -> float:
    """Return the carbon dioxide of a room in parts per million: more where people are, at night and in the evening."""
    people = random.Random(f"{room} people").random()  # noqa: S311 - made-up values, no secrets
    chance = random.Random(f"co2 {room}@{local:%Y%m%d%H%M}")  # noqa: S311
    asleep = (1 + math.cos((hour_of(local) - 2) / 24 * 2 * math.pi)) / 2
    return round(430 + 700 * people * asleep + chance.gauss(0, 12))
