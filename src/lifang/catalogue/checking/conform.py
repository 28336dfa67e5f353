"""A card made whole by the data standard that it names; what departs from the standard is told as one diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from lifang.catalogue.card import Card, Column
from lifang.catalogue.checking.schema import PLACEHOLDER, find_header, placing_of
from lifang.catalogue.reading import Opened
from lifang.core import BadInput
from lifang.guard import Classification
from lifang.standards import DataStandard, Element

_TOLD = 40  # departures told in one refusal
_NARROWER = {("text", "category"), ("text", "integer"), ("text", "date"), ("text", "boolean"), ("number", "integer")}


@dataclass(frozen=True)
class Conformed:
    """The card with the standard's rules, and what was noticed on the way."""

    card: Card
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Pair:
    """An element and the column that follows it; the header it is read from, if it was found by the element's names."""

    element: Element
    column: Column


def conform(card: Card, standard: DataStandard, opened: Opened) -> Conformed:
    """Return the card with all rules of ``standard`` that it does not restate, for the file that was opened.

    An element without a column in the card is read from the header that is called like it (id, Chinese or English
    name). ``BadInput`` tells every departure: ``-`` a mandatory element that is missing, ``+`` a column that neither
    card nor standard knows, ``~`` a rule of the card that is looser than the standard's.
    """
    pairs, departures = _paired(card, standard, opened)
    looser = {pair.column.name: list(_loosened(pair)) for pair in pairs}
    following = {each.column.name: each.column if looser[each.column.name] else _ruled(each) for each in pairs}
    own = [column for column in card.columns if column.name not in following]
    key, wrong_key = _key(card, standard, pairs)
    whole = replace(_placed(card, standard), columns=(*following.values(), *own), key=key)
    departures += [
        *(each for told in looser.values() for each in told),
        *wrong_key,
        *_too_open(card, pairs),
        *_misplaced(whole, standard, opened),
        *_unknown(whole, standard, opened),
    ]
    if departures:
        raise _refusal(standard, departures)
    present = {pair.element.id for pair in pairs}
    absent = [each.zh for each in standard.elements if each.id not in present and each.type != "geometry"]
    notes = [f"Follows {standard.reference}, {standard.title_en}."]
    if absent:
        notes.append(f"Optional elements that the file does not have: {', '.join(absent)[:300]}.")
    return Conformed(whole, tuple(notes))


def ruled_as_released(card: Card, standard: DataStandard, columns: Sequence[Mapping[str, Any]]) -> Card:
    """Return the card with the standard's rules for the ``columns`` of a release that follow it: to amend the rows."""
    stated = {column.name: column for column in card.columns}
    pairs = []
    for each in columns:
        element = standard.element(each.get("element") or "")
        if element is not None:
            pairs.append(_Pair(element, stated.pop(each["name"], Column(each["name"]))))
    ruled = (*map(_ruled, pairs), *stated.values())
    return replace(_placed(card, standard), columns=ruled, key=_key(card, standard, pairs)[0])


def _paired(card: Card, standard: DataStandard, opened: Opened) -> tuple[list[_Pair], list[str]]:
    columns: dict[str, Column] = {}
    departures: list[str] = []
    for column in card.columns:
        wanted = column.element or column.name
        if standard.element(wanted) is None:
            if column.element:
                near = _near(wanted, (each.id for each in standard.elements))
                departures.append(f"~ columns.{column.name}.element: the standard has no element {wanted!r}{near}")
        elif wanted in columns:
            departures.append(f"~ columns.{column.name}: {wanted} is followed by {columns[wanted].name} already.")
        else:
            columns[wanted] = column
    pairs: list[_Pair] = []
    for element in standard.elements:
        if element.type == "geometry":
            continue
        found = _sourced(columns.get(element.id), element, opened.headers)
        if found is not None:
            pairs.append(_Pair(element, found))
        elif element.mandatory:
            source = columns[element.id].source if element.id in columns else ""
            near = _near(element.zh, opened.headers) or _near(element.id, opened.headers)
            told = f" the card reads it from {source!r}, which is" if source else ""
            departures.append(f"- {element.id} {element.zh} ({element.type}, mandatory):{told} not in the file{near}")
    return pairs, departures


def _sourced(column: Column | None, element: Element, headers: tuple[str, ...]) -> Column | None:
    """Return the column with the header it is read from, or ``None`` if the file has none for it."""
    if column is not None and (column.template or column.source):
        read_from = PLACEHOLDER.findall(column.template) if column.template else [column.source]
        return column if all(find_header(each, headers) for each in read_from) else None
    names = ([column.name] if column else []) + [element.id, element.zh, element.en]
    header = next(filter(None, (_called(name, headers) for name in names)), None)
    if header is None:
        return None
    return replace(column or Column(element.id), source=header)


def _called(name: str, headers: Iterable[str]) -> str | None:
    plain = name.strip().casefold()
    exact = next((header for header in headers if header.strip().casefold() == plain), None)
    return exact or find_header(plain.replace(" ", "_"), headers)


def _ruled(pair: _Pair) -> Column:
    """Return the column with every rule of its element that it does not state itself."""
    column, element = pair.column, pair.element
    kind = element.type if column.type == "text" else column.type
    return replace(
        column,
        type=kind,
        zh=column.zh or element.zh,
        en=column.en or element.en,
        unit=column.unit or element.unit,
        minimum=element.minimum if column.minimum is None else column.minimum,
        maximum=element.maximum if column.maximum is None else column.maximum,
        code_list=column.code_list or element.code_list,
        check_digit=column.check_digit or element.check_digit,
        pattern=column.pattern or element.pattern,
        required=column.required or element.mandatory,
        unique=column.unique or element.unique,
        element=element.id,
    )


def _loosened(pair: _Pair) -> Iterator[str]:
    column, element = pair.column, pair.element
    where = f"columns.{column.name}"
    if column.type not in ("text", element.type) and (element.type, column.type) not in _NARROWER:
        yield f"~ {where}.type: {column.type}, where the standard has {element.type}."
    for name in ("unit", "code_list", "check_digit", "pattern"):
        stated, wanted = getattr(column, name), getattr(element, name)
        if stated and wanted and stated != wanted:
            more = " (what the file holds is source_unit)" if name == "unit" else ""
            yield f"~ {where}.{name}: {stated}, where the standard has {wanted}{more}."
    yield from _wider(where, "minimum", element.minimum, column.minimum)
    yield from _wider(where, "maximum", column.maximum, element.maximum)


def _wider(where: str, name: str, least: float | str | None, most: float | str | None) -> Iterator[str]:
    if least is None or most is None:
        return
    if isinstance(least, str) != isinstance(most, str) or least > most:  # type: ignore[operator]
        stated, wanted = (most, least) if name == "minimum" else (least, most)
        yield f"~ {where}.{name}: {stated}, where the standard has {wanted}."


def _key(card: Card, standard: DataStandard, pairs: list[_Pair]) -> tuple[tuple[str, ...], list[str]]:
    names = {pair.element.id: pair.column.name for pair in pairs}
    wanted = tuple(names[each] for each in standard.key if each in names)
    if not card.key or not wanted:
        return card.key or wanted, []
    if beyond := [each for each in card.key if each not in wanted]:
        return card.key, [f"~ key: {', '.join(beyond)} is not part of the standard's key ({', '.join(wanted)})."]
    return card.key, []


def _too_open(card: Card, pairs: list[_Pair]) -> Iterator[str]:
    if card.classification is not Classification.OPEN:
        return
    for pair in pairs:
        element = pair.element
        if element.personal == "sensitive":
            law = "个人信息保护法 Art. 28, 29"
            yield f"~ classification: {element.id} {element.zh} is sensitive personal information, not open ({law})."
        elif element.grade != "general":
            law = "数据安全法 Art. 21; GB/T 43697-2024"
            yield f"~ classification: {element.id} {element.zh} is graded {element.grade}, not open ({law})."


def _placed(card: Card, standard: DataStandard) -> Card:
    element = next((each for each in standard.elements if each.type == "geometry"), None)
    if element is None:
        return card
    required = card.geometry.required or element.required
    return replace(card, geometry=replace(card.geometry, required=required, zh=element.zh, en=element.en))


def _misplaced(card: Card, standard: DataStandard, opened: Opened) -> Iterator[str]:
    element = next((each for each in standard.elements if each.type == "geometry"), None)
    if element is not None and element.required and placing_of(card, opened) is None:
        yield f"- {element.id} {element.zh} (geometry, mandatory): not in the file; name lon and lat in [geometry]."


def _unknown(card: Card, standard: DataStandard, opened: Opened) -> Iterator[str]:
    if card.undeclared in ("infer", "leave_out"):
        return
    used: set[str | None] = set()
    for column in card.columns:
        read_from = PLACEHOLDER.findall(column.template) if column.template else [column.source or column.name]
        used |= {find_header(each, opened.headers) for each in read_from}
    placing = placing_of(card, opened)
    used |= set(placing.headers if placing else ())
    known = {each.zh: each.id for each in standard.elements}
    for header in opened.headers:
        if header not in used:
            yield f"+ {header}: not in the standard{_near(header, known)}"


def _near(word: str, words: Iterable[str]) -> str:
    near = get_close_matches(word, list(words), 1, 0.6)
    return f"; did you mean {near[0]!r}?" if near else "."


def _refusal(standard: DataStandard, departures: list[str]) -> BadInput:
    told = departures[:_TOLD]
    if len(departures) > _TOLD:
        told.append(f"… and {len(departures) - _TOLD} more.")
    if any(each.startswith("+") for each in departures):
        told.append('Declare columns of your own in the card, or write undeclared = "leave_out" there.')
    many = "1 difference" if len(departures) == 1 else f"{len(departures)} differences"
    return BadInput(
        f"The file does not follow {standard.reference}, {standard.title_zh}: {many}.",
        where=f"standard {standard.reference}",
        mend="\n".join(told),
    )
