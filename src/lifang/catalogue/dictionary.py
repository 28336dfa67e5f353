"""The data dictionary of a dataset: its columns as declared and as found, with the codes that their lists hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifang.catalogue.card import Card, Column
from lifang.catalogue.model import Release
from lifang.core import UnknownCode
from lifang.standards import Code, DataStandard, Element, code_list

CODES_MAX = 500  # of a list, told with a column


@dataclass(frozen=True)
class Entry:
    """One column: names, type, unit, the rules that its values keep, figures of the release, and its codes.

    ``definition_zh``, ``definition_en`` and ``clause`` are those of the element of the dataset's standard, if it
    follows one. ``codes`` are the first 500 of ``codes_total`` in the list ``code_list``, which ``code_list_zh`` and
    ``_en`` name.
    """

    name: str
    zh: str
    en: str
    definition_zh: str
    definition_en: str
    clause: str
    type: str
    unit: str
    is_key: bool
    required: bool
    unique: bool
    pattern: str
    minimum: float | str | None
    maximum: float | str | None
    complete: float | None
    distinct: int | None
    found_minimum: float | int | str | None
    found_maximum: float | int | str | None
    code_list: str
    code_list_zh: str
    code_list_en: str
    codes: tuple[Code, ...]
    codes_total: int


def dictionary_of(card: Card, release: Release | None, standard: DataStandard | None) -> list[Entry]:
    """Return the columns of a release (of the card, where there is none), in order, as ``standard`` defines them."""
    declared = {each.name: each for each in card.columns}
    columns: list[Mapping[str, Any]] = (
        list(release.columns) if release else [{"name": each.name, **vars(each)} for each in card.columns]
    )
    figures = {each.name: each for each in release.quality.columns} if release else {}
    entries = []
    for column in columns:
        name = str(column["name"])
        element = standard.element(str(column.get("element") or name)) if standard else None
        entries.append(_entry(column, declared.get(name), element, figures.get(name), card))
    return entries


def _entry(column: Mapping[str, Any], said: Column | None, element: Element | None, figures: Any, card: Card) -> Entry:
    name = str(column["name"])
    rules = said or Column(name)
    title_zh, title_en, codes = _codes(str(column.get("code_list") or ""))
    return Entry(
        name=name,
        zh=str(column.get("zh") or ""),
        en=str(column.get("en") or ""),
        definition_zh=element.definition_zh if element else "",
        definition_en=element.definition_en if element else "",
        clause=element.source if element else "",
        type=str(column["type"]),
        unit=str(column.get("unit") or ""),
        is_key=name in card.key,
        required=rules.required or name in card.key,
        unique=rules.unique or card.key == (name,),
        pattern=rules.pattern,
        minimum=rules.minimum,
        maximum=rules.maximum,
        complete=figures.complete if figures else None,
        distinct=figures.distinct if figures else None,
        found_minimum=figures.minimum if figures else None,
        found_maximum=figures.maximum if figures else None,
        code_list=str(column.get("code_list") or ""),
        code_list_zh=title_zh,
        code_list_en=title_en,
        codes=codes[:CODES_MAX],
        codes_total=len(codes),
    )


def _codes(list_id: str) -> tuple[str, str, tuple[Code, ...]]:
    if not list_id:
        return "", "", ()
    try:
        found = code_list(list_id)
    except UnknownCode:
        return list_id, list_id, ()
    return found.title_zh, found.title_en, tuple(found)
