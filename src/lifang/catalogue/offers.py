"""What a dataset offers to those who come from other portals: its files, its licence, a short name of its provider."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from lifang.catalogue.card import OTHER, Bilingual, Card
from lifang.catalogue.export import EXPORT_FORMATS, NEED_GEOMETRY
from lifang.catalogue.model import Release
from lifang.core import UnknownCode
from lifang.standards import Code, code_list

_NAME_MAX = 60


@dataclass(frozen=True)
class Licence:
    """A licence: its id, its names, where it is published (nothing if nobody knows), and whether it is an open one.

    ``eu`` is its code in the licence table of EU Vocabularies, if it has one there.
    """

    id: str
    name: Bilingual
    url: str = ""
    is_open: bool = False
    eu: str = ""


@lru_cache(1000)
def licence_of(text: str) -> Licence:
    """Return the licence that a card names; words that are no SPDX identifier stand for themselves."""
    try:
        return _licence(code_list("licences").get(text))
    except UnknownCode:
        return Licence(short_name(text), Bilingual(text, text))


def known_licences() -> list[Licence]:
    """Return the licences of data that have an identifier."""
    return [_licence(code) for code in code_list("licences")]


def provider_name(card: Card) -> str:
    """Return a short name of a card's provider for addresses: from its English name, its code, or else its digest."""
    provider = card.provider
    return short_name(provider.en) if _plain(provider.en) else short_name(card.provider_code or provider.zh)


def theme_name(theme: str) -> str:
    """Return a short name of a theme for addresses: its id, or what addresses can hold of words that are no id."""
    return theme if re.fullmatch(r"[a-z][a-z0-9_-]*", theme) else short_name(theme) or OTHER


def short_name(text: str) -> str:
    """Return ``text`` as a-z, 0-9 and ``-``; with a digest where letters were lost, nothing for nothing."""
    plain = _plain(text)
    lost = len(plain) > _NAME_MAX or any(not sign.isascii() and sign.isalnum() for sign in text)
    if not lost:
        return plain or (_digest(text) if text.strip() else "")
    return "-".join(filter(None, (plain[:_NAME_MAX].strip("-"), _digest(text))))


def offered_formats(release: Release) -> tuple[str, ...]:
    """Return the formats in which the rows of a release can be taken away."""
    return tuple(each for each in EXPORT_FORMATS if each not in NEED_GEOMETRY or release.has_geometry)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", folded).strip("-")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:8]


def _licence(code: Code) -> Licence:
    told = code.properties
    return Licence(
        code.code, Bilingual(code.zh, code.en), told.get("url", ""), told.get("open") == "yes", told.get("eu", "")
    )
