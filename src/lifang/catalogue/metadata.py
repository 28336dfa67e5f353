"""Metadata of a dataset by GB/T 21063.3-2007, in Chinese and English, and the nationally named themes."""

from __future__ import annotations

from typing import Any

from lifang.catalogue.card import Bilingual, Card, Column
from lifang.guard import Classification

THEMES: dict[str, Bilingual] = {
    "public_services": Bilingual("公共服务", "public services"),
    "health": Bilingual("健康保障", "health"),
    "social_security": Bilingual("社会保障", "social security"),
    "food_and_drugs": Bilingual("食品药品安全", "food and drug safety"),
    "work_safety": Bilingual("安全生产", "work safety"),
    "prices": Bilingual("价格监管", "price supervision"),
    "energy": Bilingual("能源安全", "energy security"),
    "credit": Bilingual("信用体系", "credit system"),
    "construction": Bilingual("城乡建设", "urban and rural construction"),
    "community": Bilingual("社区治理", "community governance"),
    "ecology": Bilingual("生态环保", "ecology and environment"),
    "emergency": Bilingual("应急维稳", "emergency and stability"),
    "population": Bilingual("人口", "population"),
    "legal_entities": Bilingual("法人单位", "legal entities"),
    "space": Bilingual("自然资源和空间地理", "natural resources and geography"),
    "other": Bilingual("其他", "other"),
}
_SHARING = {
    Classification.OPEN: Bilingual("无条件共享", "shared without conditions"),
    Classification.SHARED: Bilingual("有条件共享", "shared with conditions"),
    Classification.RESTRICTED: Bilingual("不予共享", "not shared"),
}
_OPENING = {
    Classification.OPEN: Bilingual("无条件开放", "open without conditions"),
    Classification.SHARED: Bilingual("不予开放", "not open"),
    Classification.RESTRICTED: Bilingual("不予开放", "not open"),
}
CYCLES: dict[str, Bilingual] = {
    "realtime": Bilingual("实时", "real time"),
    "hourly": Bilingual("每小时", "hourly"),
    "daily": Bilingual("每日", "daily"),
    "weekly": Bilingual("每周", "weekly"),
    "monthly": Bilingual("每月", "monthly"),
    "quarterly": Bilingual("每季度", "quarterly"),
    "yearly": Bilingual("每年", "yearly"),
    "every_ten_years": Bilingual("每十年", "every ten years"),
    "irregular": Bilingual("不定期", "irregularly"),
    "once": Bilingual("一次性", "once"),
}


def named(table: dict[str, Bilingual], key: str) -> Bilingual:
    """Return the names of a theme or cycle; words that no table knows stand for themselves."""
    return table.get(key, Bilingual(key, key))


def describe(card: Card, columns: list[dict[str, Any]], *, media: str, released: str) -> list[dict[str, Any]]:
    """Return the elements of GB/T 21063 as ``{element, en, value}`` rows; bilingual values are ``{zh, en}``.

    ``columns`` are the release's columns, ``media`` its source format, ``released`` the date where the card has none.
    """
    theme, cycle = named(THEMES, card.theme or "other"), named(CYCLES, card.update_cycle or "irregular")
    sharing = Bilingual(card.sharing, card.sharing) if card.sharing else _SHARING[card.classification]
    opening = Bilingual(card.opening, card.opening) if card.opening else _OPENING[card.classification]
    items = [{key: each.get(key, "") for key in ("name", "zh", "en", "type", "unit", "code_list")} for each in columns]
    rows: list[tuple[str, str, Any]] = [
        ("信息资源名称", "name", _both(card.name)),
        ("信息资源代码", "code", card.id),
        ("信息资源提供方", "provider", _both(card.provider)),
        ("信息资源提供方代码", "provider code", card.provider_code),
        ("信息资源摘要", "summary", _both(card.summary)),
        ("信息资源分类", "theme", _both(theme)),
        ("信息资源格式", "format", media),
        ("信息项信息", "items", items),
        ("共享属性", "sharing", _both(sharing)),
        ("开放属性", "opening", _both(opening)),
        ("更新周期", "update cycle", _both(cycle)),
        ("发布日期", "published", card.published or released),
    ]
    return [{"element": element, "en": en, "value": value} for element, en, value in rows]


def declared_items(columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    """Return a card's columns as items, for a dataset that has no release yet."""
    return [
        {
            "name": each.name,
            "zh": each.zh,
            "en": each.en,
            "type": each.type,
            "unit": each.unit,
            "code_list": each.code_list,
        }
        for each in columns
    ]


def _both(text: Bilingual) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}
