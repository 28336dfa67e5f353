"""Names: how kinds, properties, units and ids are called in NGSI-LD, always the same way, and back again.

Names begin with a letter and go on with letters, digits and ``_`` (CIM 009 clause 4.6.2); ids are URNs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, unquote

from lifang.core import BadInput, NotFound

URN = "urn:ngsi-ld:"
THING = "Thing"  # the type of a thing whose kind is not told
ID_MAX = 600  # characters of a URN
_PARTS = re.compile(r"[^\W_]+")
_UNFIT = re.compile(r"\W")
_SAFE = "!$()*+,;=:@-._~"
# Terms that have a meaning of their own in an entity.
RESERVED = frozenset(
    {
        "classification",
        "createdAt",
        "datasetId",
        "deletedAt",
        "description",
        "deviceModel",
        "gateway",
        "id",
        "location",
        "modifiedAt",
        "mountedOn",
        "name",
        "network",
        "observedAt",
        "owner",
        "quality",
        "scope",
        "type",
        "unitCode",
    }
)
# UN/CEFACT Recommendation 20 codes of units by their UCUM code; a unit without one keeps its UCUM code.
UN_CEFACT: Mapping[str, str] = {
    "1": "C62",
    "%": "P1",
    "g/m3": "A93",
    "mg/m3": "GP",
    "ug/m3": "GQ",
    "m": "MTR",
    "km": "KMT",
    "mm": "MMT",
    "m2": "MTK",
    "km2": "KMK",
    "s": "SEC",
    "h": "HUR",
    "a": "ANN",
    "m/s": "MTS",
    "km/h": "KMH",
    "K": "KEL",
    "Cel": "CEL",
    "Pa": "PAL",
    "hPa": "A97",
    "deg": "DD",
    "W/m2": "D54",
}


def type_name(kind: str) -> str:
    """Return the entity type of a thing's kind: ``air-quality-station`` is an ``AirQualityStation``."""
    name = "".join(part[0].upper() + part[1:] for part in _PARTS.findall(kind))
    if not name:
        return THING
    return name if name[0].isalpha() else f"{THING}{name}"


def attribute_name(text: str) -> str:
    """Return the attribute of a property: what no name may hold becomes ``_``; what has a meaning gets one behind."""
    name = _UNFIT.sub("_", text) or "_"
    if not name[0].isalpha():
        name = f"p{name}" if name[0] == "_" else f"p_{name}"
    return f"{name}_" if name in RESERVED else name


def urn(kind: str, identifier: str) -> str:
    """Return the URN of what is called ``identifier`` among those of type ``kind``, percent-encoded as URIs are."""
    return f"{URN}{quote(kind)}:{quote(identifier, safe=_SAFE)}"


def thing_urn(kind: str, thing_id: str) -> str:
    """Return the id of a thing's entity."""
    return urn(type_name(kind), thing_id)


def thing_of(text: str) -> tuple[str, str]:
    """Return the type and the thing's id in an entity id; ``BadInput`` if it is no URI, ``NotFound`` if not ours."""
    check_uri(text, where="id")
    if not text.startswith(URN):
        raise NotFound(f"There is no entity {text[:80]}.", mend=f"Ids here begin with {URN}.")
    kind, _, name = text.removeprefix(URN).partition(":")
    return unquote(kind), unquote(name)


def check_uri(text: str, *, where: str) -> str:
    """Return ``text`` if it can be a URI (RFC 3986), or ``BadInput``."""
    fits = len(text) <= ID_MAX and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`\x00-\x1f]+", text)
    if not fits:
        raise BadInput(f"{text[:80]!r} is no URI.", where=where, mend=f"Write one, such as {URN}Thing:pole-7.")
    return text
