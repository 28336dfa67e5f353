"""Words of portals in our own: texts by language, update cycles, licences, dates, boxes, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import shapely

from lifang.catalogue import Bilingual, known_licences
from lifang.standards import code_list

_CJK = re.compile("[\u3400-\u9fff]")
_ADDRESS = re.compile(r"https?://[^\s<>\"'`\\^{|}]{1,2000}")
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_TEXT_MAX = 20_000
_EU_LICENCE = "publications.europa.eu/resource/authority/licence/"


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
    return _cycles().get(word, "")


@cache
def _cycles() -> dict[str, str]:
    """Return the update cycle of each word for one."""
    found: dict[str, str] = {}
    for each in code_list("eu_frequencies"):
        told = each.properties
        words = (told["cycle"], each.code.lower(), told["repeats"].lower(), *told["also"].split())
        found |= dict.fromkeys(filter(None, words), told["cycle"])
    return found


def licence_id(text: str) -> str:
    """Return the SPDX identifier of a licence that is named by its address or its id; other words as they are."""
    plain = _bare(text.strip())
    for each in known_licences():
        names = (each.id, _bare(each.url), f"{_EU_LICENCE}{each.eu}" if each.eu else "")
        if plain in {name.lower() for name in names if name}:
            return each.id
    return text.strip()[:500]


def _bare(address: str) -> str:
    return re.sub(r"^https?://(www\.)?", "", address).rstrip("/").lower()


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
