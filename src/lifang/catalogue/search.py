"""What of a dataset is indexed, and what a question to the catalogue means in the index."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time

from lifang.catalogue.card import OTHER, Bilingual, Card, Contact, Coverage, named
from lifang.catalogue.dataset import Dataset
from lifang.catalogue.describe import kind_of, opening_of, sharing_of
from lifang.catalogue.extent import extent_of
from lifang.catalogue.lifecycle import IN_USE, LifeState
from lifang.catalogue.model import Release
from lifang.catalogue.offers import licence_of, offered_formats, provider_name, theme_name
from lifang.core import BadInput, Box, parse_instant, to_micros
from lifang.guard import Action, Classification, Resource, Subject, decide
from lifang.store import Clause, Either, Every, Having, IndexDocument, IndexFields, Nearly, Span, Words

FACETS = {  # how many values of each are told at most
    "theme": 100,
    "base": 10,
    "kind": 3,
    "provider": 100,
    "format": 50,
    "classification": 3,
    "sharing": 3,
    "opening": 3,
    "tag": 50,
    "update_cycle": 50,
}
SORTS = ("relevance", "updated", "created", "title", "title_en", "id", "key")
OFFERED = (  # as other portals name and compare them: in small letters, but for those that are told
    "organization",
    "office",
    "author",
    "group",
    "word",
    "licence",
    "licence_id",
    "offer",
)
FIELDS = IndexFields(
    texts=("name", "summary", "brief", "full"),
    keywords=(*FACETS, "provider_name", "provider_code", "grade", *OFFERED),
    numbers=("created", "updated", "first", "west", "south", "east", "north", "start", "end"),
    sorts=("id", "title", "title_en"),
    version="4",
)
_BRIEF = frozenset({"theme", "provider", "classification"})  # what is told of a dataset that needs a purpose
_BETTER = {"name": 6.0, "brief": 2.0}
_BETTER_BRIEF = {"name": 6.0}
_BETWEEN = "\x1f"  # stands between the two names of a provider
DEGREE = 1_000_000  # what the index has of a degree
_ORDER = {"key": "_key", **{name: name for name in ("updated", "created", "title", "title_en", "id")}}


@dataclass(frozen=True)
class Visible:
    """What the one who asks may know: grades ``read`` in full, ``listed`` by name, provider, theme and classification.

    A grade is a kind of resource, as the guard knows datasets, with a classification: ``draft:open``; what is shared on
    conditions has grades of its own. In full too: grades ``own`` of what the ``provider`` provides, and the datasets
    ``granted`` by an agreement.
    """

    read: tuple[str, ...]
    listed: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    provider: str = ""
    granted: tuple[str, ...] = ()


def visible_to(subject: Subject, purpose: str) -> Visible:
    """Return what of the catalogue the guard lets ``subject`` know for a purpose."""
    every = [
        Resource(kind, "*", each, conditional=conditional)
        for kind in ("dataset", "draft")
        for each in Classification
        for conditional in (False, True)
    ]
    read = [each for each in every if decide(subject, Action.READ, each, purpose).allowed]
    listed = [each for each in every if each not in read and decide(subject, Action.LIST, each, purpose).allowed]
    return Visible(tuple(map(grade_of, read)), tuple(map(grade_of, listed)))


def readable_to(subject: Subject, purpose: str, action: Action, granted: Sequence[str]) -> Visible:
    """Return what of the catalogue the guard lets ``subject`` take whole; ``granted`` are ids decided one by one."""
    plain, kept = (
        [Resource("dataset", "*", each, conditional=conditional) for each in Classification]
        for conditional in (False, True)
    )
    read = [each for each in (*plain, *kept) if decide(subject, action, each, purpose).allowed]
    by = subject.organisation
    mine = [each for each in kept if each not in read and by]
    own = [each for each in mine if decide(subject, action, replace(each, provider=by), purpose).allowed]
    return Visible(
        tuple(map(grade_of, read)), own=tuple(map(grade_of, own)), provider=by if own else "", granted=tuple(granted)
    )


def grade_of(resource: Resource) -> str:
    """Return the grade of a dataset as the guard knows it.

    Of what is shared on conditions those with an agreement find the brief only, as those without: each is decided then.
    """
    return f"{resource.kind}:{resource.classification.value}{':conditional' if resource.conditional else ''}"


@dataclass(frozen=True)
class Search:
    """A question to the catalogue: every word of ``text``, one of the values for each facet of ``chosen``.

    ``box`` touches the place, ``[start, end]`` (dates or moments) the time that a dataset covers. With ``at`` it had a
    release recorded by then. Of ``states`` those in use, if no others are asked for; ``also`` are clauses over
    ``FIELDS`` that hold besides. The order ``key`` means nothing, and costs nothing however far one reads.
    """

    text: str = ""
    chosen: Mapping[str, Sequence[str]] = field(default_factory=dict)
    box: Box | None = None
    start: str = ""
    end: str = ""
    at: datetime | None = None
    states: Collection[LifeState] = IN_USE
    sort: str = "relevance"
    descending: bool = False
    also: Sequence[Clause] = ()

    def __post_init__(self) -> None:
        for name in self.chosen:
            if name not in FACETS:
                raise BadInput(f"{name!r} is no facet.", where=name, mend=f"Known: {', '.join(FACETS)}.")
        if self.sort not in SORTS:
            raise BadInput(f"{self.sort!r} is no order.", where="sort", mend=f"Known: {', '.join(SORTS)}.")

    def as_of(self, moment: datetime | None) -> Search:
        """Return the same question as of a moment."""
        return replace(self, at=moment)

    @property
    def order(self) -> str:
        """What of the index the datasets are ordered by; empty by relevance, which only words have."""
        return _ORDER.get(self.sort, "" if self.text.strip() else "id")


def clause_of(search: Search, visible: Visible, *, without: str = "") -> Clause:
    """Return what ``search`` means for the one who asks; ``without`` the choice of one facet."""
    words = Words(search.text, "full", _BETTER)
    full = Every((_whole(visible, search.states), words, *_choices(search, without)))
    brief = _brief(search, visible, without)
    return Either((full, brief)) if brief else full


def clause_in_full(search: Search, visible: Visible, *, without: str = "") -> Clause:
    """Return what ``search`` means among the datasets of which everything may be told."""
    return clause_of(search, replace(visible, listed=()), without=without)


def nearly_of(word: str, visible: Visible) -> Clause:
    """Return what finds texts in which something like ``word`` may stand."""
    full = Every((_graded(visible.read, IN_USE), Nearly(word, "full")))
    brief = Every((_graded(visible.listed, IN_USE), Nearly(word, "brief")))
    return Either((full, brief)) if visible.listed else full


def is_told_in_brief(facet: str) -> bool:
    """Return whether a facet counts those datasets too of which only their brief may be told."""
    return facet in _BRIEF


def _whole(visible: Visible, states: Collection[LifeState]) -> Clause:
    """Return what holds of the datasets of which everything may be told."""
    graded = _graded(visible.read, states)
    more: list[Clause] = []
    if visible.own:
        more.append(Every((_graded(visible.own, states), Having("provider_code", [visible.provider]))))
    if visible.granted:
        more.append(Having("id", visible.granted))
    return Either((graded, *more)) if more else graded


def _graded(grades: Sequence[str], states: Collection[LifeState]) -> Clause:
    return Having("grade", [f"{grade}:{state.value}" for grade in grades for state in sorted(states)])


def _brief(search: Search, visible: Visible, without: str) -> Clause | None:
    beyond = set(search.chosen) - _BRIEF - {without}
    if not visible.listed or beyond or search.box or search.start or search.end or search.also:
        return None
    words = Words(search.text, "brief", _BETTER_BRIEF)
    return Every((_graded(visible.listed, search.states), words, *_choices(search, without)))


def _choices(search: Search, without: str) -> list[Clause]:
    found: list[Clause] = [
        Having("provider_name" if name == "provider" else name, values)
        for name, values in search.chosen.items()
        if name != without and values
    ]
    if search.box:
        west, south, east, north = _sides(search.box)
        found += [Span("west", high=east), Span("east", low=west), Span("south", high=north), Span("north", low=south)]
    if search.start:
        found.append(Span("end", low=_micros(search.start, last=False)))
    if search.end:
        found.append(Span("start", high=_micros(search.end, last=True)))
    if search.at is not None:
        found.append(Span("first", high=to_micros(search.at)))
    return [*found, *search.also]


def mark_of(updated: int, since: int) -> int:
    """Return what tells one record of a dataset from another: when it and its state last changed, in microseconds."""
    return updated + since


def document_of(
    dataset: Dataset,
    themes: Mapping[str, Bilingual],
    *,
    first: Release | None,
    newest: Release | None,
) -> IndexDocument:
    """Return what is indexed of a dataset; of a release that is classified more strictly than the dataset nothing."""
    card, standing = dataset.card, dataset.standing
    told = newest if newest and _may_tell(card, newest) else None
    theme = card.theme or OTHER
    media = told.format if told else card.format
    updated = to_micros(dataset.updated)
    numbers = {"created": to_micros(dataset.created), "updated": updated, **_extent_numbers(card, told)}
    if first:
        numbers["first"] = to_micros(first.recorded)
    return IndexDocument(
        card.id,
        mark_of(updated, to_micros(standing.since)),
        texts=texts_of(card, themes, told),
        keywords={
            **_keywords(card, theme, media),
            **_offered(card, theme, told),
            "grade": [f"{grade_of(dataset.resource)}:{dataset.state.value}"],
        },
        numbers=numbers,
        sorts={"id": card.id, "title": _pinyin(card.name.zh or card.name.en), "title_en": _title(card).casefold()},
    )


def texts_of(card: Card, themes: Mapping[str, Bilingual], release: Release | None) -> dict[str, str]:
    """Return the texts of a dataset that words are looked for in: its names, what is told in brief, all of it."""
    both = named(themes, card.theme or OTHER)
    names = [card.id, card.name.zh, card.name.en]
    brief = [*names, card.provider.zh, card.provider.en, both.zh, both.en]
    full = [*brief, release.format if release else card.format, *_texts(card, release)]
    parts = {"name": names, "summary": [card.summary.zh, card.summary.en], "brief": brief, "full": full}
    return {name: "\n".join(part) for name, part in parts.items()}


def provider_of(value: str) -> Bilingual:
    """Return the names of a provider that a facet counts."""
    zh, _, en = value.partition(_BETWEEN)
    return Bilingual(zh, en)


def office_of(value: str) -> tuple[str, Bilingual]:
    """Return the short name of a provider, and its names, from a value of ``office``."""
    name, zh, en = value.split(_BETWEEN, 2)
    return name, Bilingual(zh, en)


def _keywords(card: Card, theme: str, media: str) -> dict[str, list[str]]:
    provider = [each for each in (card.provider.zh, card.provider.en) if each]
    values: dict[str, list[str]] = {
        "theme": [theme],
        "base": [card.base],
        "kind": [kind_of(card)],
        "provider": [f"{card.provider.zh}{_BETWEEN}{card.provider.en}"] if provider else [],
        "provider_name": provider,
        "format": [media],
        "classification": [card.classification.value],
        "sharing": [sharing_of(card)],
        "opening": [opening_of(card)],
        "tag": list(card.keywords),
        "update_cycle": [card.update_cycle or "irregular"],
    }
    return {name: [each for each in found if each] for name, found in values.items()}


def _offered(card: Card, theme: str, release: Release | None) -> dict[str, list[str]]:
    """Return what a dataset is filed under at portals of other kinds."""
    organization, provider = provider_name(card), card.provider
    values = {
        "organization": [organization],
        "office": [_BETWEEN.join((organization, provider.zh, provider.en))] if organization else [],
        "author": [provider.zh.lower(), provider.en.lower()],
        "provider_code": [card.provider_code],
        "group": [theme_name(theme).lower()],
        "word": [each.lower() for each in card.keywords],
        "licence": [card.licence],
        "licence_id": [licence_of(card.licence).id.lower()] if card.licence else [],
        "offer": list(offered_formats(release)) if release else [],
    }
    return {name: [each for each in found if each] for name, found in values.items()}


def _texts(card: Card, release: Release | None) -> list[str]:
    found = [card.theme, card.source_text, card.licence, *card.keywords]
    pairs: list[Bilingual | Coverage | Contact] = [card.summary, card.attribution, card.coverage, card.contact]
    for both in pairs:
        found += [both.zh, both.en]
    for column in release.columns if release else ():
        found += [str(column["name"]), str(column.get("zh") or ""), str(column.get("en") or "")]
    for declared in card.columns:
        found += [declared.name, declared.zh, declared.en]
    return found


def _extent_numbers(card: Card, release: Release | None) -> dict[str, int]:
    extent = extent_of(card, release)
    found: dict[str, int] = {}
    if extent.box:
        found |= dict(zip(("west", "south", "east", "north"), _sides(extent.box), strict=True))
    if extent.start or extent.end:
        found["start"] = _micros(extent.start, last=False) if extent.start else -(2**62)
        found["end"] = _micros(extent.end, last=True) if extent.end else 2**62
    return found


def _sides(box: Box) -> tuple[int, int, int, int]:
    west, south, east, north = (round(each * DEGREE) for each in (box.west, box.south, box.east, box.north))
    return west, south, east, north


def _micros(text: str, *, last: bool) -> int:
    """Return the first (``last``: the last) microsecond UTC of a year, month, day or moment; else ``BadInput``."""
    if "T" in text:
        return to_micros(parse_instant(text))
    try:
        parts = [int(part) for part in text.split("-")]
        year, month = parts[0], parts[1] if len(parts) > 1 else 12 if last else 1
        day = parts[2] if len(parts) > 2 else calendar.monthrange(year, month)[1] if last else 1
        found = date(year, month, day)
    except (ValueError, OverflowError, calendar.IllegalMonthError) as error:
        raise BadInput(f"{text[:40]!r} is not a time.", mend="Write 2026, 2026-01, 2026-01-31 or a moment.") from error
    return to_micros(datetime.combine(found, time.max if last else time.min, UTC))


def _may_tell(card: Card, release: Release) -> bool:
    order = list(Classification)
    return order.index(release.classification) <= order.index(card.classification)


def _pinyin(text: str) -> str:
    """Return what orders Chinese titles by their sound: GB 18030 holds the commonest 3,755 characters in that order."""
    return text.casefold().encode("gb18030", "replace").hex()


def _title(card: Card) -> str:
    return card.name.en or card.name.zh
