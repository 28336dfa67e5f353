"""Words of OData expressions: literals, names, operators, in the order they stand (OData 4.0 ABNF; 18-088, 9.3.3.5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from lifang.core import BadInput, parse_instant
from lifang.store import Geometry

TEXT_MAX = 50_000
_ZONE = r"(?:Z|[+\- ]\d{2}:?\d{2})"
_TOKENS = re.compile(
    r"\s+"
    r"|(?P<geometry>(?:geography|geometry)'(?:[^']|'')*')"
    r"|(?P<duration>duration'[^']*')"
    r"|(?P<text>'(?:[^']|'')*')"
    rf"|(?P<moment>-?\d{{4}}-\d{{2}}-\d{{2}}T\d{{2}}:\d{{2}}(?::\d{{2}}(?:\.\d{{1,9}})?)?{_ZONE})"
    r"|(?P<date>-?\d{4}-\d{2}-\d{2})(?![\w-])"
    r"|(?P<time>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)"
    r"|(?P<number>-?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,4})?)(?![\w.])"
    r"|(?P<name>[@A-Za-z_\u0080-\U0010ffff][\w.@]*(?:\[\d{1,9}\])*(?:/[\w.@:\-]+(?:\[\d{1,9}\])*)*)"
    r"|(?P<sign>[(),:\-])",
    re.IGNORECASE,
)
_DURATION = re.compile(
    r"(-?)P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?", re.IGNORECASE
)
_CONSTANTS: dict[str, Any] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Token:
    """One word: its kind (``literal``, ``name``, ``sign`` or ``end``), its value, and where it begins."""

    kind: str
    value: Any
    at: int


def tokens(text: str) -> Iterator[Token]:
    """Yield the words of ``text``, then one of kind ``end``; ``BadInput`` names the character that is none."""
    if len(text) > TEXT_MAX:
        raise BadInput(f"An expression has at most {TEXT_MAX:,} characters.", mend="Ask for less at once.")
    at = 0
    while at < len(text):
        found = _TOKENS.match(text, at)
        if found is None or found.end() == at:
            raise BadInput(
                f"{text[at : at + 20]!r} is not understood.", where=f"character {at + 1}", mend="Texts stand in quotes."
            )
        if found.lastgroup is not None:
            yield _token(found.lastgroup, found[0], at)
        at = found.end()
    yield Token("end", None, at)


def _token(kind: str, text: str, at: int) -> Token:
    if kind in {"name", "sign"}:
        if text in _CONSTANTS:
            return Token("literal", _CONSTANTS[text], at)
        return Token(kind, text, at)
    try:
        return Token("literal", _READERS[kind](text), at)
    except (ValueError, OverflowError) as error:
        what = error.what if isinstance(error, BadInput) else f"{text[:40]!r} is no {kind}."
        raise BadInput(what, where=f"character {at + 1}", mend="Correct it.") from error


def _quoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _geometry(text: str) -> Geometry:
    return Geometry(_quoted(text[text.index("'") :]).rpartition(";")[2].strip())  # SRID=4326; may stand before it


def _moment(text: str) -> datetime:
    return parse_instant(text.replace(" ", "+"))


def _number(text: str) -> int | float:
    if text.lstrip("-").isdigit():
        return int(text[:400])
    return float(text)


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(_quoted(text[len("duration") :]))
    if found is None or not any(found.groups()[1:]):
        raise ValueError(text)
    days, hours, minutes = (int(each or 0) for each in found.group(2, 3, 4))
    whole = timedelta(days=days, hours=hours, minutes=minutes, seconds=float(found[5] or 0))
    return -whole if found[1] else whole


_READERS = {
    "geometry": _geometry,
    "duration": _duration,
    "text": _quoted,
    "moment": _moment,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "number": _number,
}
