"""The data sheet of a dataset as PDF: metadata, dictionary, quality, licence and citation, in Chinese and English.

Texts are set in STSong-Light, one of the Chinese fonts that every reader of PDF brings along or replaces (Adobe-GB1).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from lifang.catalogue.card import Card
from lifang.catalogue.citation import Citation
from lifang.catalogue.dictionary import Entry
from lifang.catalogue.model import Release

_FONT = "STSong-Light"
_CELL_MAX = 600  # characters of a cell: a row must fit on a page
_WIDTH = A4[0] - 36 * mm
_GRID = TableStyle(
    [
        ("GRID", (0, 0), (-1, -1), 0.4, colors.HexColor("#b7c0c8")),
        ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#eef2f5")),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
)


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
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    out = io.BytesIO()
    card = sheet.card
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=16 * mm,
        title=f"{card.name.zh} {card.name.en}".strip(),
        author=card.provider.zh or card.provider.en,
        subject=card.id,
        lang="zh-CN",
    )
    document.build(_story(sheet))
    return out.getvalue()


def _story(sheet: Sheet) -> list[Any]:
    card, release = sheet.card, sheet.release
    parts: list[Any] = [_line(card.name.zh or card.name.en, 17), _line(card.name.en if card.name.zh else "", 11)]
    parts += [_line(each, 9.5) for each in (card.summary.zh, card.summary.en) if each]
    parts += _section("元数据 Metadata (GB/T 21063)", _metadata(sheet.metadata), (0.3, 0.7))
    parts += _section("数据字典 Data dictionary", _dictionary(sheet.entries), (0.2, 0.27, 0.17, 0.36))
    if release:
        parts += _section("数据质量 Quality", _quality(release), (0.4, 0.2, 0.4))
    parts += [Spacer(1, 5 * mm), _line("引用 Citation", 12), _line(sheet.citation.zh, 9), _line(sheet.citation.en, 9)]
    return parts


def _section(title: str, rows: list[list[str]], shares: Sequence[float]) -> list[Any]:
    cells = [[_line(text, 8.5) for text in row] for row in rows]
    widths = [share * _WIDTH for share in shares]
    table = LongTable(cells, colWidths=widths, style=_GRID, repeatRows=1, splitInRow=1)
    return [Spacer(1, 5 * mm), _line(title, 12), Spacer(1, 1.5 * mm), table]


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
        rows.append([each.name, f"{each.zh} {each.en}".strip(), kind, _rules(each)])
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
        return " · ".join(str(each) for each in value.values() if each)
    if isinstance(value, list):
        return ", ".join(str(each) for each in value)
    return str(value)


def _line(text: str, size: float) -> Paragraph:
    style = ParagraphStyle("text", fontName=_FONT, fontSize=size, leading=size * 1.35, wordWrap="CJK")
    shown = "".join(sign for sign in text[:_CELL_MAX] if sign.isprintable() or sign == " ")
    return Paragraph(escape(shown), style)
