"""The lists that a card chooses from: bases, themes, sharing, opening, update cycles; ``lists.toml`` holds them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lifang.catalogue.card.parts import Bilingual
from lifang.catalogue.card.reading import bilingual
from lifang.core import BadInput, UnknownCode, check_slug
from lifang.standards import code_list

_LISTS = tomllib.loads((Path(__file__).parent / "lists.toml").read_text("utf-8"))
_THEMES_MAX = 99  # an item of a resource code has two digits
_EU = "eu"  # beside the names of a theme: the EU's data themes that it belongs to
OTHER = "other"


def _named(table: Mapping[str, Any]) -> dict[str, Bilingual]:
    return {key: _names(value, key) for key, value in table.items()}


def _names(value: Any, where: str) -> Bilingual:
    plain = {key: each for key, each in value.items() if key != _EU} if isinstance(value, Mapping) else value
    return bilingual(plain, where)


BASES = _named(_LISTS["base"])
THEMES = _named(_LISTS["theme"])
SHARING = _named(_LISTS["sharing"])
SHARING_MODES = _named(_LISTS["sharing_mode"])
OPENING = _named(_LISTS["opening"])
CYCLES = _named(_LISTS["update_cycle"])


def themes_of(table: Mapping[str, Any]) -> dict[str, Bilingual]:
    """Return the themes of a city by its ``[themes]``, in their order, ``other`` last; without any those shipped.

    ``BadInput`` for an id that is none, a name that is none, or more than 99 of them.
    """
    if not table:
        return THEMES
    found = {}
    for key, value in table.items():
        check_slug(key, what="theme")
        found[key] = _names(value, f"themes.{key}")
    if len(found) > _THEMES_MAX:
        raise BadInput(f"There are {len(found)} themes.", where="themes", mend=f"Name at most {_THEMES_MAX}.")
    return {**found, OTHER: found.get(OTHER, THEMES[OTHER])}


def eu_themes_of(table: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return the EU data themes (codes of that list) of each theme of a city by its ``[themes]``.

    A theme that names none there has those of the shipped theme of its id, if there is one. ``BadInput`` for a code
    that the EU's list does not have.
    """
    found = {}
    for key in (*table, OTHER) if table else THEMES:
        shipped, own = _LISTS["theme"].get(key, {}), table.get(key)
        told = (own if isinstance(own, Mapping) and _EU in own else shipped).get(_EU, ())
        found[key] = (told,) if isinstance(told, str) else tuple(told)
        for code in found[key]:
            _check_eu(code, f"themes.{key}.{_EU}")
    return found


def _check_eu(code: Any, where: str) -> None:
    try:
        code_list("eu_data_themes").get(str(code))
    except UnknownCode as error:
        raise BadInput(error.what, where=where, mend=error.mend) from error


def named(table: Mapping[str, Bilingual], key: str) -> Bilingual:
    """Return the names of an entry; words that no list knows stand for themselves."""
    return table.get(key, Bilingual(key, key))


def check_listed(key: str, table: Mapping[str, Bilingual], where: str) -> None:
    """Raise ``BadInput`` unless ``key`` is empty or in the list."""
    if key and key not in table:
        mend = f"Use one of {', '.join(table)}."
        raise BadInput(f"{key[:40]!r} is not a value of {where}.", where=where, mend=mend)
