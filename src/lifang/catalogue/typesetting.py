"""Lines and tables set as PDF.

Texts are set in STSong-Light, one of the Chinese fonts that every reader of PDF brings along or replaces (Adobe-GB1).
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

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


def set_pages(
    head: Iterable[tuple[str, float]],
    tables: Iterable[tuple[str, list[list[str]], Sequence[float]]],
    foot: Iterable[tuple[str, float]],
    *,
    title: str,
    author: str,
    subject: str,
) -> bytes:
    """Return pages of A4 as PDF: lines with their sizes in points; tables with title, rows and shares of the width."""
    pdfmetrics.registerFont(UnicodeCIDFont(_FONT))
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=16 * mm,
        bottomMargin=16 * mm,
        title=title,
        author=author,
        subject=subject,
        lang="zh-CN",
    )
    parts: list[Any] = [_line(*each) for each in head]
    for each in tables:
        parts += _table(*each)
    document.build([*parts, Spacer(1, 5 * mm), *(_line(*each) for each in foot)])
    return out.getvalue()


def _table(title: str, rows: list[list[str]], shares: Sequence[float]) -> list[Any]:
    cells = [[_line(text, 8.5) for text in row] for row in rows]
    widths = [share * _WIDTH for share in shares]
    table = LongTable(cells, colWidths=widths, style=_GRID, repeatRows=1, splitInRow=1)
    return [Spacer(1, 5 * mm), _line(title, 12), Spacer(1, 1.5 * mm), table]


def _line(text: str, size: float) -> Paragraph:
    style = ParagraphStyle("text", fontName=_FONT, fontSize=size, leading=size * 1.35, wordWrap="CJK")
    shown = "".join(sign for sign in text[:_CELL_MAX] if sign.isprintable() or sign == " ")
    return Paragraph(escape(shown), style)
