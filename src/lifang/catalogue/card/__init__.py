"""The card of a dataset: what is known of it before its file is read, and the ``dataset.toml`` it is written in."""

from lifang.catalogue.card.code import ResourceCode, front_of, parse_code
from lifang.catalogue.card.lists import (
    BASES,
    CYCLES,
    OPENING,
    OTHER,
    SHARING,
    SHARING_MODES,
    THEMES,
    eu_themes_of,
    named,
    themes_of,
)
from lifang.catalogue.card.model import Card
from lifang.catalogue.card.parts import TYPES, Bilingual, Column, Contact, Coverage, Geometry, check_web_address

__all__ = [
    "BASES",
    "CYCLES",
    "OPENING",
    "OTHER",
    "SHARING",
    "SHARING_MODES",
    "THEMES",
    "TYPES",
    "Bilingual",
    "Card",
    "Column",
    "Contact",
    "Coverage",
    "Geometry",
    "ResourceCode",
    "check_web_address",
    "eu_themes_of",
    "front_of",
    "named",
    "parse_code",
    "themes_of",
]
