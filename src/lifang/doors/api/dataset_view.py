"""Datasets as the catalogue's routes show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lifang.app import Listed, OpenDataset
from lifang.catalogue import (
    BASES,
    CYCLES,
    OPENING,
    RULES,
    SHARING,
    SHARING_MODES,
    Bilingual,
    Card,
    Extent,
    Hit,
    LifeState,
    Release,
    kind_of,
    licence_of,
    named,
    opening_of,
    sharing_of,
)
from lifang.core import chinese, format_instant
from lifang.doors.api.bodies.catalogue import (
    Column,
    ContactBody,
    DatasetBody,
    DatasetSummary,
    HarvestedBody,
    MetadataElement,
    Period,
    RefusedRow,
    ReleaseBody,
    Term,
    Theme,
)
from lifang.doors.api.bodies.kinds import Name
from lifang.harvest import Harvested

Themes = Mapping[str, Bilingual]


def name_of(text: Bilingual) -> Name:
    """Return a text in both languages."""
    return Name(zh=text.zh, en=text.en)


def listed_item(listed: Listed, themes: Themes) -> DatasetSummary:
    """Return a dataset in a list; of one that needs more its name, theme, provider and classification only."""
    if listed.needs is None:
        return _summary(listed.card, listed.release, listed.extent, themes, listed.state)
    card = listed.card
    told = Card(card.id, card.name, theme=card.theme, provider=card.provider, classification=card.classification)
    plain = _summary(told, None, Extent(), themes, listed.state)
    return plain.model_copy(update={"needs": listed.needs, "sharing": None, "opening": None, "update_cycle": None})


def whole_dataset(
    dataset: OpenDataset, releases: list[Release], themes: Themes, harvested: Harvested | None = None
) -> DatasetBody:
    """Return a dataset in full, with the first of ``releases``."""
    newest = releases[0] if releases else None
    card = dataset.card
    required = frozenset(each.name for each in card.columns if each.required) | frozenset(card.key)
    contact = card.contact
    return DatasetBody(
        **_summary(card, newest, dataset.extent_of(newest), themes, dataset.standing.state).model_dump(),
        code=dataset.code,
        standard=card.standard or None,
        provider_code=card.provider_code,
        sharing_condition=name_of(card.sharing_condition),
        sharing_mode=_term(SHARING_MODES, card.sharing_mode),
        opening_condition=name_of(card.opening_condition),
        related=list(card.related),
        place=Name(zh=card.coverage.zh, en=card.coverage.en),
        contact=ContactBody(
            name=Name(zh=contact.zh, en=contact.en), email=contact.email, phone=contact.phone, url=contact.url
        ),
        metadata=[MetadataElement(**element) for element in dataset.metadata_of(newest)],
        columns=[_column(column, required) for column in (newest.columns if newest else ())],
        releases=[ReleaseBody.model_validate(release.as_json()) for release in releases],
        quality=_quality(newest) if newest else {},
        attribution=name_of(card.attribution),
        source=card.source_url or card.source_text,
        harvested=_harvested(harvested),
    )


def _summary(card: Card, newest: Release | None, extent: Extent, themes: Themes, state: LifeState) -> DatasetSummary:
    theme = card.theme or "other"
    both, box = named(themes, theme), extent.box
    return DatasetSummary(
        id=card.id,
        name=name_of(card.name),
        summary=name_of(card.summary),
        theme=Theme(id=theme, zh=both.zh, en=both.en),
        format=newest.format if newest else card.format,
        provider=name_of(card.provider),
        licence=card.licence,
        licence_name=name_of(licence_of(card.licence).name),
        classification=card.classification.value,
        state=state.value,
        rows=newest.rows if newest else None,
        refused=newest.refused if newest else None,
        updated=format_instant(newest.recorded) if newest else None,
        release=newest.number if newest else None,
        geometry=newest.has_geometry if newest else False,
        quality_score=newest.rows / (newest.rows + newest.refused) if newest and newest.rows else None,
        kind=kind_of(card),
        base=_term(BASES, card.base),
        keywords=list(card.keywords),
        sharing=_term(SHARING, sharing_of(card)),
        opening=_term(OPENING, opening_of(card)),
        update_cycle=_term(CYCLES, card.update_cycle or "irregular"),
        bbox=[box.west, box.south, box.east, box.north] if box else None,
        period=Period(start=extent.start, end=extent.end) if extent.start or extent.end else None,
    )


def _harvested(found: Harvested | None) -> HarvestedBody | None:
    if found is None:
        return None
    source = found.source
    return HarvestedBody(
        source=source.id,
        title=source.title,
        url=source.url,
        identifier=found.identifier,
        state=found.state,
        seen=format_instant(found.seen),
        files=[asdict(each) for each in found.files],
    )


def _term(table: Mapping[str, Bilingual], key: str) -> Term | None:
    both = named(table, key)
    return Term(id=key, zh=both.zh, en=both.en) if key else None


def _column(column: Any, required: frozenset[str]) -> Column:
    return Column(
        name=column["name"],
        title=Name(zh=column.get("zh") or "", en=column.get("en") or ""),
        type=column["type"],
        unit=column.get("unit") or None,
        code_list=column.get("code_list") or None,
        required=column["name"] in required or bool(column.get("required")),
        element=column.get("element") or None,
    )


def _quality(release: Release) -> dict[str, Any]:
    report = release.quality
    return {
        "rows": report.rows,
        "admitted": report.admitted,
        "refused": report.refused,
        "bad_cells": report.bad_cells,
        "completeness": {column.name: column.complete for column in report.columns},
        "columns": [vars(column) for column in report.columns],
        "rules": [
            {
                "rule": hit.rule,
                "rule_name": rule_name(hit.rule).model_dump(),
                "column": hit.column,
                "count": hit.count,
                "example": _example(hit),
            }
            for hit in report.hits
        ],
        "notes": [{"zh": chinese(note) or note, "en": note} for note in report.notes],
    }


def rule_name(rule: str) -> Name:
    """Return what a rule is called; one that is no longer known by its id."""
    return name_of(RULES.get(rule, Bilingual(rule, rule)))


def refused_row(row: Mapping[str, Any]) -> RefusedRow:
    """Return a refused cell with the rule and the mend in both languages."""
    names = ("row", "column", "value", "rule", "mend")
    told = {name: row[name] for name in names}
    return RefusedRow(**told, rule_name=rule_name(row["rule"]), mend_zh=chinese(row["mend"]))


def _example(hit: Hit) -> dict[str, Any] | None:
    example = next(iter(hit.examples), None)
    return None if example is None else {**example, "mend_zh": chinese(str(example.get("mend", "")))}
