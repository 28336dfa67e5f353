"""The parts of a workbook's package around its rows (ECMA-376 parts 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

DAY, MOMENT = 1, 2  # the styles of cells that hold dates
_XML = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_OPEN = "http://schemas.openxmlformats.org"
_MAIN = f"{_OPEN}/spreadsheetml/2006/main"
_TYPES = f"{_OPEN}/package/2006/content-types"
_LINKS = f"{_OPEN}/package/2006/relationships"
_CORE = f"{_OPEN}/package/2006/metadata/core-properties"
_OFFICE = f"{_OPEN}/officeDocument/2006/relationships"
_OF_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET_HEAD = (
    _XML
    + f'<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
    '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/><selection pane="bottomLeft"/>'
    "</sheetView></sheetViews><sheetData>".encode()
)
SHEET_END = b"</sheetData></worksheet>"
_STYLES = (
    f'<styleSheet xmlns="{_MAIN}"><numFmts count="2"><numFmt numFmtId="164" formatCode="yyyy-mm-dd"/>'
    '<numFmt numFmtId="165" formatCode="yyyy-mm-dd&quot;T&quot;hh:mm:ss&quot;Z&quot;"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>'
    '<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>'
    '</fills><borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs><cellXfs count="3">'
    '<xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>'
    '<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>'
    '<xf numFmtId="165" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
)


def sheet(number: int) -> str:
    """Return the path of a sheet in the package; ``number`` is from 1."""
    return f"xl/worksheets/sheet{number}.xml"


def first(made: datetime) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of the parts that are known before the rows; ``made`` is in UTC."""
    moment = f'xsi:type="dcterms:W3CDTF">{made:%Y-%m-%dT%H:%M:%SZ}'
    yield from _parts(
        {
            "_rels/.rels": f'<Relationships xmlns="{_LINKS}">{_link(1, f"{_OFFICE}/officeDocument", "xl/workbook.xml")}'
            f"{_link(2, f'{_LINKS}/metadata/core-properties', 'docProps/core.xml')}</Relationships>",
            "docProps/core.xml": f'<cp:coreProperties xmlns:cp="{_CORE}" xmlns:dcterms="http://purl.org/dc/terms/" '
            f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><dcterms:created {moment}</dcterms:created>'
            f"<dcterms:modified {moment}</dcterms:modified></cp:coreProperties>",
            "xl/styles.xml": _STYLES,
        }
    )


def last(sheets: int) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of the parts that name the sheets, of which there are so many."""
    numbers = range(1, sheets + 1)
    named = "".join(f'<sheet name="{"rows" if n == 1 else f"rows {n}"}" sheetId="{n}" r:id="rId{n}"/>' for n in numbers)
    links = "".join(_link(n, f"{_OFFICE}/worksheet", f"worksheets/sheet{n}.xml") for n in numbers)
    paths = {"/xl/workbook.xml": f"{_OF_SHEETS}.sheet.main+xml", "/xl/styles.xml": f"{_OF_SHEETS}.styles+xml"}
    paths |= {f"/{sheet(n)}": f"{_OF_SHEETS}.worksheet+xml" for n in numbers}
    paths["/docProps/core.xml"] = "application/vnd.openxmlformats-package.core-properties+xml"
    types = "".join(f'<Override PartName="{path}" ContentType="{kind}"/>' for path, kind in paths.items())
    of_links = "application/vnd.openxmlformats-package.relationships+xml"
    yield from _parts(
        {
            "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><bookViews><workbookView/></bookViews>'
            f"<sheets>{named}</sheets></workbook>",
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_LINKS}">{links}'
            f"{_link(sheets + 1, f'{_OFFICE}/styles', 'styles.xml')}</Relationships>",
            "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="rels" ContentType="{of_links}"/>'
            f'<Default Extension="xml" ContentType="application/xml"/>{types}</Types>',
        }
    )


def _parts(texts: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    return ((path, _XML + text.encode()) for path, text in texts.items())


def _link(number: int, kind: str, target: str) -> str:
    return f'<Relationship Id="rId{number}" Type="{kind}" Target="{target}"/>'
