"""The card of a harvested dataset: what its portal says, labelled with where it is from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from lifang.catalogue import Bilingual, Card, Contact, Coverage, short_name
from lifang.core import BadInput
from lifang.guard import strictest
from lifang.harvest.model import Remote, Source
from lifang.harvest.words import both, web_address

_ID_MAX = 60
_KEYWORDS, _KEYWORD_LENGTH = 100, 80


def dataset_id_of(source: Source, identifier: str) -> str:
    """Return the id of the dataset that a source calls ``identifier``: the source's, then what is left of the name."""
    own = identifier.rstrip("/").rpartition("/")[2] if "://" in identifier else identifier
    plain = short_name(own)
    whole = f"{source.id}-{plain}"
    if plain and len(whole) <= _ID_MAX:
        return whole
    digest = short_name(f"\u7684{identifier}")[-8:]  # a sign that is not ASCII, so that a digest is appended
    return f"{whole[: _ID_MAX - 9].rstrip('-')}-{digest}"


def card_of(
    remote: Remote,
    source: Source,
    dataset_id: str,
    themes: Mapping[str, Bilingual],
    eu_themes: Mapping[str, tuple[str, ...]],
) -> Card:
    """Return the card; ``BadInput`` if what the portal says cannot be held by one.

    ``themes`` are the city's own, ``eu_themes`` the EU's data themes that each of them belongs to.
    """
    words = dict.fromkeys(each.strip()[:_KEYWORD_LENGTH] for each in remote.keywords)
    return Card(
        id=dataset_id,
        name=remote.title,
        provider=remote.provider,
        summary=remote.summary,
        theme=_theme(remote, themes, eu_themes),
        keywords=tuple(filter(None, words))[:_KEYWORDS],
        classification=strictest(source.classification, remote.classification),
        update_cycle=remote.cycle,
        published=_date(remote.issued),
        licence=remote.licence,
        attribution=remote.provider,
        source_url=remote.page or web_address(remote.identifier) or source.url,
        source_text=f"Harvested from {source.title} ({source.url})",
        coverage=_coverage(remote),
        contact=_contact(remote),
    )


def _theme(remote: Remote, themes: Mapping[str, Bilingual], eu_themes: Mapping[str, tuple[str, ...]]) -> str:
    """Return the theme of this city that the portal names by id or by name, else one of its EU themes, else ``other``.

    Of several, the first whose EU themes differ the least.
    """
    told = {each.casefold() for each in remote.themes}
    for theme, names in themes.items():
        if told & {theme, names.zh, names.en.casefold()}:
            return theme
    near = [theme for theme, codes in eu_themes.items() if set(codes) & set(remote.eu_themes)]
    return min(near, key=lambda theme: len(set(eu_themes[theme]) ^ set(remote.eu_themes)), default="other")


def _date(text: str) -> str:
    try:
        date.fromisoformat((text + "-01-01")[:10])
    except ValueError:
        return ""
    return text


def _coverage(remote: Remote) -> Coverage:
    start, end = _date(remote.start), _date(remote.end)
    try:
        return Coverage(bbox=remote.bbox, start=start, end=end)
    except BadInput:
        return Coverage(bbox=remote.bbox)


def _contact(remote: Remote) -> Contact:
    name = both([(remote.contact[:200], "")])
    try:
        return Contact(zh=name.zh, en=name.en, email=remote.email)
    except BadInput:
        return Contact(zh=name.zh, en=name.en)
