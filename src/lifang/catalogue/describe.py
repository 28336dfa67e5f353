"""Metadata of a dataset by GB/T 21063.3-2007, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lifang.catalogue.card import BASES, CYCLES, OPENING, OTHER, SHARING, SHARING_MODES, Bilingual, Card, Column, named
from lifang.catalogue.extent import Extent
from lifang.guard import Classification

_SHARING = {
    Classification.OPEN: "unconditional",
    Classification.SHARED: "conditional",
    Classification.RESTRICTED: "none",
}
_OPENING = {Classification.OPEN: "unconditional", Classification.SHARED: "none", Classification.RESTRICTED: "none"}
_ITEM = ("name", "zh", "en", "type", "unit", "code_list")
RESOURCE_CLASSES = {
    "base": Bilingual("基础信息资源", "base"),
    "theme": Bilingual("主题信息资源", "theme"),
    "department": Bilingual("部门信息资源", "department"),
}


@dataclass(frozen=True)
class Described:
    """A dataset as its metadata tells it: card, resource code, themes of the city, extent, and its release's facts."""

    card: Card
    code: str
    themes: Mapping[str, Bilingual]
    extent: Extent
    columns: list[dict[str, Any]]
    media: str
    released: str


def sharing_of(card: Card) -> str:
    """Return the 共享类型 of a dataset: as declared, else by its classification."""
    return card.sharing or _SHARING[card.classification]


def opening_of(card: Card) -> str:
    """Return the 开放属性 of a dataset: as declared, else by its classification."""
    return card.opening or _OPENING[card.classification]


def kind_of(card: Card) -> Literal["base", "theme", "department"]:
    """Return which class 类 of resource a dataset is of: ``base``, ``theme`` or ``department``."""
    if card.base:
        return "base"
    return "theme" if card.theme not in ("", OTHER) else "department"


def describe(told: Described) -> list[dict[str, Any]]:
    """Return the elements of GB/T 21063 as ``{element, en, value}`` rows; bilingual values are ``{zh, en}``.

    Those of the standard's core come first, in its order; then what the catalogue tells beside them. An element
    beyond the core that a dataset has nothing to tell of is left out.
    """
    card = told.card
    items = [{key: each.get(key, "") for key in _ITEM} for each in told.columns]
    core: list[tuple[str, str, Any]] = [
        ("信息资源名称", "name", _both(card.name)),
        ("信息资源代码", "code", told.code),
        ("信息资源提供方", "provider", _both(card.provider)),
        ("信息资源提供方代码", "provider code", card.provider_code),
        ("信息资源摘要", "summary", _both(card.summary)),
        ("信息资源分类", "theme", _both(named(told.themes, card.theme or OTHER))),
        ("信息资源格式", "format", told.media),
        ("信息项信息", "items", items),
        ("共享属性", "sharing", _both(named(SHARING, sharing_of(card)))),
        ("开放属性", "opening", _both(named(OPENING, opening_of(card)))),
        ("更新周期", "update cycle", _both(named(CYCLES, card.update_cycle or "irregular"))),
        ("发布日期", "published", card.published or told.released),
    ]
    rows = core + [row for row in _beside(told) if row[2] not in ("", [], {"zh": "", "en": ""})]
    return [{"element": element, "en": en, "value": value} for element, en, value in rows]


def _beside(told: Described) -> list[tuple[str, str, Any]]:
    card, extent = told.card, told.extent
    box = extent.box
    period = [extent.start, extent.end] if extent.start else []
    return [
        ("资源属性分类", "resource class", _both(RESOURCE_CLASSES[kind_of(card)])),
        ("基础库", "base", _both(named(BASES, card.base)) if card.base else ""),
        ("关键字", "keywords", list(card.keywords)),
        ("共享条件", "sharing condition", _both(card.sharing_condition)),
        ("共享方式", "sharing mode", _both(named(SHARING_MODES, card.sharing_mode)) if card.sharing_mode else ""),
        ("开放条件", "opening condition", _both(card.opening_condition)),
        ("空间范围", "place", _both(Bilingual(card.coverage.zh, card.coverage.en))),
        ("空间坐标范围", "bounding box", [box.west, box.south, box.east, box.north] if box else []),
        ("时间范围", "period", period),
        ("关联资源代码", "related", list(card.related)),
        ("联系方式", "contact", vars(card.contact) if any(vars(card.contact).values()) else ""),
        ("使用许可", "licence", card.licence),
    ]


def declared_items(columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    """Return a card's columns as items, for a dataset that has no release yet."""
    return [{name: getattr(each, name) for name in _ITEM} for each in columns]


def _both(text: Bilingual) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
