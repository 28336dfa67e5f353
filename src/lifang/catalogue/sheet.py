"""The data sheet of a dataset: metadata, dictionary, quality, licence and citation, in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from lifang.catalogue.card import Card
from lifang.catalogue.citation import Citation
from lifang.catalogue.dictionary import Entry
from lifang.catalogue.model import Release


@dataclass(frozen=True)
class Sheet:
    """What a data sheet tells of a dataset."""

    card: Card
    release: Release | None
    metadata: Sequence[dict[str, Any]]
    entries: Sequence[Entry]
    citation: Citation


def data_sheet(sheet: Sheet) -> bytes:
    """Return the data sheet as PDF."""
    from lifang.catalogue.typesetting import set_pages  # noqa: PLC0415 - it takes long to load

    card, release, citation = sheet.card, sheet.release, sheet.citation
    head = [(card.name.zh or card.name.en, 17.0), (card.name.en if card.name.zh else "", 11.0)]
    head += [(each, 9.5) for each in (card.summary.zh, card.summary.en) if each]
    tables: list[tuple[str, list[list[str]], Sequence[float]]] = [
        ("元数据 Metadata (GB/T 21063)", _metadata(sheet.metadata), (0.3, 0.7)),
        ("数据字典 Data dictionary", _dictionary(sheet.entries), (0.2, 0.27, 0.17, 0.36)),
    ]
    if release:
        tables.append(("数据质量 Quality", _quality(release), (0.4, 0.2, 0.4)))
    return set_pages(
        head,
        tables,
        [("引用 Citation", 12.0), (citation.zh, 9.0), (citation.en, 9.0)],
        title=f"{card.name.zh} {card.name.en}".strip(),
        author=card.provider.zh or card.provider.en,
        subject=card.id,
    )


def _metadata(elements: Iterable[dict[str, Any]]) -> list[list[str]]:
    shown = (each for each in elements if each["en"] != "items")
    return [
        ["元素 Element", "值 Value"],
        *([f"{each['element']} {each['en']}", _told(each["value"])] for each in shown),
    ]


def _dictionary(entries: Iterable[Entry]) -> list[list[str]]:
    rows = [["列 Column", "名称 Title", "类型 Type", "规则 Rules"]]
    for each in entries:
        kind = f"{each.type} {each.unit}".strip()
        told = (f"{each.zh} {each.en}", each.definition_zh, each.definition_en)
        rows.append([each.name, " / ".join(filter(None, (text.strip() for text in told))), kind, _rules(each)])
    return rows


def _rules(entry: Entry) -> str:
    told = [
        "主键 key" if entry.is_key else "",
        "必填 required" if entry.required else "",
        "唯一 unique" if entry.unique else "",
        f"≥ {entry.minimum}" if entry.minimum is not None else "",
        f"≤ {entry.maximum}" if entry.maximum is not None else "",
        entry.pattern,
        f"{entry.code_list_zh} {entry.code_list_en} ({entry.codes_total})" if entry.code_list else "",
    ]
    return "; ".join(filter(None, told))


def _quality(release: Release) -> list[list[str]]:
    report = release.quality
    rows = [["项 Figure", "值 Value", "说明 Note"]]
    rows += [
        ["版次 release", str(release.number), release.recorded.date().isoformat()],
        ["行数 rows admitted", f"{report.admitted:,}", f"{report.refused:,} 行未收 refused"],
        ["坏单元格 bad cells", f"{report.bad_cells:,}", ""],
    ]
    rows += [[f"{each.name} 完整率 filled", f"{each.complete:.2%}", ""] for each in report.columns]
    rows += [[f"{hit.column} {hit.rule}", f"{hit.count:,}", ""] for hit in report.hits]
    return rows


def _told(value: Any) -> str:
    if isinstance(value, dict):
        return " / ".join(str(each) for each in value.values() if each)
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value)
