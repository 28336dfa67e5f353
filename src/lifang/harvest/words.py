"""Words of portals in our own: texts by language, update cycles, licences, dates, boxes, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable

import shapely

from lifang.catalogue import Bilingual, known_licences

_CJK = re.compile("[\u3400-\u9fff]")
_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\^{|}]{1,2000}")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_TEXT_MAX = 20_000
_CYCLES = {
    "realtime": ("cont", "update_cont", "r/pt1s"),
    "hourly": ("hourly", "r/pt1h"),
    "daily": ("daily", "r/p1d"),
    "weekly": ("weekly", "r/p1w", "r/p7d"),
    "monthly": ("monthly", "r/p1m"),
    "quarterly": ("quarterly", "r/p3m"),
    "yearly": ("annual", "yearly", "r/p1y"),
    "every_ten_years": ("decennial", "r/p10y"),
    "irregular": ("irreg", "irregular"),
    "once": ("never", "once"),
}


def both(texts: Iterable[tuple[str, str]]) -> Bilingual:
    """Return texts, each with its language (nothing if not said), in Chinese and English; others stand as English."""
    zh = en = other = ""
    for text, lang in texts:
        clean = text.strip()[:_TEXT_MAX]
        if lang.startswith("zh") or (not lang and _CJK.search(clean)):
            zh = zh or clean
        elif lang.startswith("en") or not lang:
            en = en or clean
        else:
            other = other or clean
    return Bilingual(zh, en or ("" if zh else other))


def cycle_of(text: str) -> str:
    """Return an update cycle of ours for one of the EU's table, ISO 8601 or plain English; nothing if it is none."""
    word = re.split(r"[/#](?=[^/#]*$)", text.strip())[-1].lower() if "://" in text else text.strip().lower()
    return next((ours for ours, theirs in _CYCLES.items() if word == ours or word in theirs), "")


def licence_id(text: str) -> str:
    """Return the SPDX identifier of a licence that is named by its address or its id; other words as they are."""
    plain = re.sub(r"^https?://(www\.)?", "", text.strip()).rstrip("/").lower()
    for each in known_licences():
        if plain in (each.id.lower(), re.sub(r"^https?://(www\.)?", "", each.url).rstrip("/").lower()):
            return each.id
    return text.strip()[:500]


def web_address(text: str) -> str:
    """Return a web address, nothing if the text is none."""
    return text.strip() if _ADDRESS.fullmatch(text.strip()) else ""


def date_of(text: str) -> str:
    """Return the day, month or year that a date or moment is in; nothing if it is none."""
    match = _DATE.match(text.strip())
    return match[0] if match else ""


def box_of(text: str) -> tuple[float, ...]:
    """Return west, south, east, north of WKT, GeoJSON or four numbers; nothing if it is none of these."""
    numbers = re.split(r"[,\s]+", text.strip())
    try:
        if len(numbers) == 4:
            sides = tuple(map(float, numbers))
        else:
            bare = re.sub(r"^<[^>]*>\s*", "", text.strip())[:_TEXT_MAX]
            shape = shapely.from_geojson(bare) if bare.startswith("{") else shapely.from_wkt(bare)
            sides = tuple(map(float, shape.bounds)) if not shape.is_empty else ()
    except (ValueError, TypeError, AttributeError, shapely.errors.ShapelyError):
        return ()
    fits = len(sides) == 4 and -180 <= sides[0] < sides[2] <= 180 and -90 <= sides[1] < sides[3] <= 90
    return sides if fits else ()
