"""Packages created and changed: what CKAN's fields say becomes the card of a dataset, which begins as a draft."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lifang.app import OpenDataset, shown
from lifang.catalogue import Bilingual, Card, LifeState, theme_name
from lifang.core import BadInput, Conflict
from lifang.doors.ckan.asked import Asked
from lifang.doors.ckan.packages import Json, one_of, organization_of, package, resources
from lifang.doors.http import Asker
from lifang.guard import Action, Classification, Resource

_CJK = re.compile("[\u3400-\u9fff]")
_TEXTS = {"url": "source_url", "license_id": "licence"}
_EXTRAS = {
    "classification": "classification",
    "update_cycle": "update_cycle",
    "sharing": "sharing",
    "opening": "opening",
    "provider_code": "provider_code",
    "published": "published",
    "source": "source_text",
}
_TOLD_BACK = frozenset(  # extras that package_show tells and that follow from the data
    {"code", "rows", "release", "recorded", "spatial", "temporal_start", "temporal_end"}
)
_RESET = (*_TEXTS.values(), *_EXTRAS.values(), "summary", "keywords", "theme", "attribution", "contact", "provider")


def package_create(asker: Asker, asked: Asked) -> Json:
    """Create a package, a draft until it is made active: name, title, notes, owner_org, groups, tags, license_id."""
    table = _changed(asker, asked, {"id": asked.needed("name"), "classification": "shared"}, None)
    card = Card.from_mapping(table)
    asker.must(Action.ADMIT, Resource("dataset", card.id, card.classification))
    asker.city.catalogue.draft(card, by=asker.subject)
    return _settled(asker, asked, card.id)


def package_update(asker: Asker, asked: Asked) -> Json:
    """Replace what is said of a package: id, and all its fields; those left out are emptied."""
    return _update(asker, asked, keep=False)


def package_patch(asker: Asker, asked: Asked) -> Json:
    """Change some fields of a package: id, and those fields; state active publishes it, or sends it to review."""
    return _update(asker, asked, keep=True)


def package_delete(asker: Asker, asked: Asked) -> None:
    """Take a package out of use: id, reason. What is published is archived, and keeps its releases.

    The destruction of a draft is asked for, which a second person approves. What is archived already stays so.
    """
    found = open_for_change(asker, asked.needed("id", "name"))
    if found.standing.state is LifeState.ARCHIVED:
        return
    lifecycle = asker.city.catalogue.lifecycle
    moves = {move.id: move for move in lifecycle.open_moves(found.id, asker.subject.id)}
    move = moves.get("archive") or moves.get("ask_destruction")
    if move is None:
        raise Conflict("This package cannot be deleted now.", where="id", mend="See what its life is open to.")
    asker.must(move.action, Resource("dataset", found.id, found.card.classification))
    lifecycle.move(found.id, move.id, by=asker.subject, reason=asked.text("reason") or "package_delete")


def resource_patch(asker: Asker, asked: Asked) -> Json:
    """Change what is said of a resource: id, name, description; of a table they are the package's title and notes."""
    wanted = asked.needed("id")
    found = open_for_change(asker, wanted.partition(".")[0])
    told = {"name": "title", "description": "notes"}
    changes = {told[name]: asked.text(name) for name in told if name in asked.values}
    foreign = sorted(set(asked.values) - {"id", "package_id", "purpose", *told})
    if foreign or not changes or wanted != found.id:
        mend = "Send name or description of the package's table, or a file as the part `upload` of a form."
        what = "A resource is a form of the package's table: this is not said of it alone."
        raise BadInput(what, where=foreign[0][:60] if foreign else "id", mend=mend)
    _update(asker, Asked({"id": found.id, **changes}, asked.root), keep=True)
    return resources(shown(asker, asker.dataset(found.id)), asked.root)[0]


def resource_delete(asker: Asker, asked: Asked) -> None:
    """Refuse to delete a resource alone, which is a form of the package's table: id."""
    open_for_change(asker, asked.needed("id").partition(".")[0])
    what = "A resource is a form of the package's table: none is deleted by itself."
    raise BadInput(what, where="id", mend="Delete rows by datastore_delete, or the package by package_delete.")


def open_for_change(asker: Asker, dataset_id: str) -> OpenDataset:
    """Return a dataset, a draft too, that the asker may read and admit to."""
    found = asker.dataset(dataset_id)
    asker.must(Action.ADMIT, Resource("dataset", found.id, found.card.classification))
    return found


def _update(asker: Asker, asked: Asked, *, keep: bool) -> Json:
    found = open_for_change(asker, asked.needed("id", "name"))
    name = asked.text("name")
    if name and name != found.id:
        raise BadInput("The name of a package does not change.", where="name", mend=f"Leave it, or write {found.id}.")
    table = {**found.card.to_mapping(), "classification": found.card.classification.value}
    if not keep:
        table = {key: value for key, value in table.items() if key not in _RESET or key == "classification"}
    card = Card.from_mapping(_changed(asker, asked, table, found.card))
    if card != found.card:
        asker.must(Action.ADMIT, Resource("dataset", card.id, card.classification))
        asker.city.catalogue.set_card(card, by=asker.subject)
    return _settled(asker, asked, card.id)


def _settled(asker: Asker, asked: Asked, dataset_id: str) -> Json:
    """Return the package after a wish for another state is met: active publishes it, or asks for its review."""
    lifecycle = asker.city.catalogue.lifecycle
    wanted = asked.text("state")
    moves = {move.id: move for move in lifecycle.open_moves(dataset_id, asker.subject.id)}
    move = moves.get("publish") or moves.get("submit")
    if wanted == "active" and move:
        asker.must(move.action, Resource("dataset", dataset_id, asker.city.catalogue.classification(dataset_id)))
        lifecycle.move(dataset_id, move.id, by=asker.subject)
    elif wanted not in ("", "active", "draft"):
        raise BadInput(f"{wanted[:40]!r} is no state.", where="state", mend="Use draft or active.")
    return package(shown(asker, asker.dataset(dataset_id)), asked.root)


def _changed(asker: Asker, asked: Asked, table: dict[str, Any], present: Card | None) -> dict[str, Any]:
    """Return the card's table with what was asked for written into it."""
    for name, field in _TEXTS.items():
        if name in asked.values:
            table[field] = asked.text(name)
    for name, field in (("title", "name"), ("notes", "summary"), ("author", "attribution")):
        before = getattr(present, field) if present else Bilingual()
        if (text := _bilingual(asked, name, before)) is not None:
            table[field] = text
    if "private" in asked.values and asked.truth("private") != (table["classification"] != "open"):
        table["classification"] = "shared" if asked.truth("private") else "open"
    if "tags" in asked.values or "tag_string" in asked.values:
        tags = [str(each.get("name", "")) for each in asked.objects("tags")]
        table["keywords"] = [word for word in dict.fromkeys([*tags, *asked.names("tag_string")]) if word]
    if groups := asked.objects("groups"):
        table["theme"] = _theme(asker, str(groups[0].get("name") or groups[0].get("id") or ""))
    if owner := asked.text("owner_org"):
        table["provider"] = _provider(asker, owner)
    if "maintainer" in asked.values or "maintainer_email" in asked.values:
        table["contact"] = {**table.get("contact", {}), **_contact(asked)}
    _extras(asked, table)
    return table


def _bilingual(asked: Asked, name: str, before: Bilingual) -> dict[str, str] | None:
    """Return a text in both languages if it was sent; the text alone changes the language that CKAN shows of it."""
    told = asked.mapping(f"{name}_translated")
    languages: dict[str, str] = {lang: str(told.get(lang) or "") for lang in ("zh", "en") if lang in told}
    if languages and languages != {"zh": before.zh or before.en, "en": before.en or before.zh}:
        return languages
    if name not in asked.values:
        return None
    text = asked.text(name)
    if text == one_of(before):
        return {"zh": before.zh, "en": before.en}
    is_chinese = bool(_CJK.search(text)) or bool(before.zh and not before.en)
    return {"zh": text, "en": before.en} if is_chinese else {"zh": before.zh if before.en else "", "en": text}


def _theme(asker: Asker, name: str) -> str:
    themes = asker.city.catalogue.themes
    for theme in themes:
        if name == theme_name(theme):
            return theme
    raise BadInput(f"There is no group {name[:60]!r}.", where="groups", mend=f"Known: {', '.join(themes)}.")


def _provider(asker: Asker, name: str) -> dict[str, str]:
    """Return the provider that an organization is the short name of; words that are none stand for themselves."""
    for dataset in asker.city.catalogue.datasets(subject=asker.subject, purpose=asker.purpose):
        told = organization_of(dataset.card)
        if told and told["name"] == name:
            return {"zh": dataset.card.provider.zh, "en": dataset.card.provider.en}
    return {"zh": name, "en": ""} if _CJK.search(name) else {"zh": "", "en": name}


def _contact(asked: Asked) -> dict[str, str]:
    told = {"zh": asked.text("maintainer"), "email": asked.text("maintainer_email")}
    return {name: value for name, value in told.items() if value}


def _extras(asked: Asked, table: dict[str, Any]) -> None:
    extras: Mapping[str, str] = {
        str(each.get("key", "")): str(each.get("value") or "") for each in asked.objects("extras")
    }
    for key, value in extras.items():
        if key in _EXTRAS:
            table[_EXTRAS[key]] = value
        elif key not in _TOLD_BACK and not key.startswith("harvest_"):
            mend = f"Known: {', '.join(sorted(_EXTRAS))}."
            raise BadInput(f"A card has no place for {key[:60]!r}.", where="extras", mend=mend)
    if not table["classification"]:
        table["classification"] = Classification.SHARED.value
