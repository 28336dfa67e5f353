"""The bodies of the code lists."""

from __future__ import annotations

from lifang.doors.api.bodies.kinds import Said


class CodeListBody(Said):
    """A code list: the standard it is from, its edition and source."""

    id: str
    standard: str
    title_zh: str
    title_en: str
    edition: str
    source: str
    licence: str
    note: str


class CodeListPage(Said):
    """Code lists."""

    items: list[CodeListBody]
    next: str | None


class CodeBody(Said):
    """One code; ``properties`` holds the list's own columns, such as a limit and its unit."""

    code: str
    zh: str
    en: str
    parent: str
    valid_from: str | None
    valid_to: str | None
    properties: dict[str, str]


class CodePage(Said):
    """The codes of one list."""

    of: CodeListBody
    items: list[CodeBody]
    next: str | None
