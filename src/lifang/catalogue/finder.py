"""The catalogue's index, kept in step with the registry, and the cards that were read of late."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import nlargest
from typing import TypeVar

from lifang.catalogue.card import Bilingual
from lifang.catalogue.handles import Handles
from lifang.catalogue.lifecycle import LifeState
from lifang.catalogue.model import Release
from lifang.catalogue.search import (
    FACETS,
    FIELDS,
    Search,
    Visible,
    clause_in_full,
    clause_of,
    document_of,
    grade_of,
    is_told_in_brief,
    mark_of,
    nearly_of,
    texts_of,
)
from lifang.catalogue.spelling import nearest, pairs_like
from lifang.core import Corrupt, Unavailable, from_micros, normalised
from lifang.store import Clause, IndexDocument, IndexFields, SearchIndex, Store, key_of

Answer = TypeVar("Answer")
Counts = dict[str, list[tuple[str, int]]]
_LOG = logging.getLogger(__name__)
_TABLES = ("dataset", "life")
_ONE_CHANGE = 2  # what a change adds to the version at most: a new dataset begins its life
_DESTROYED = LifeState.DESTROYED.value
_BATCH = 500
_SORTED = 2000  # ids that the index sorts itself; it takes 27 microseconds for each
_NEAR = 20  # datasets looked at for the word that was meant
_LEAST, _FAR_COMMONER = 2, 5  # datasets with what two characters may mean; times as many as with anything else
_EQUALS = 20  # words as near as each other of which the commonest is told


@dataclass(frozen=True)
class Hits:
    """Ids of datasets, in order, from some point on; ``total`` is how many there are in all."""

    ids: list[str]
    total: int


class Finder:
    """Finds datasets by the index; makes it anew where it is missing or damaged, and mends it where it is behind."""

    def __init__(self, store: Store, handles: Handles, themes: Mapping[str, Bilingual]) -> None:
        self._store, self._handles, self._themes = store, handles, themes
        self._lock = threading.Lock()
        self._made: SearchIndex | None = None
        self._version = -1

    def changed(self, dataset_id: str) -> None:
        """Take in what became of a dataset, at once if that can be; else the next question does."""
        index = self._index(behind=_ONE_CHANGE)
        with self._lock:
            version = self._store.registry.version(*_TABLES)
            try:
                present = list(self._documents([dataset_id]))
                index.change(present, removed=() if present else [key_of(dataset_id)])
            except (Corrupt, Unavailable) as problem:
                _LOG.warning("the catalogue's index is behind: %s", problem)
                self._version = -1
            else:
                if version <= self._version + _ONE_CHANGE:  # else others changed too: the next question takes them in
                    self._version = version

    def forget(self) -> None:
        """Make the index anew: what is taken out of one stays in its files until its parts are joined.

        ``Unavailable`` where that cannot be done now.
        """
        index = self._index()
        with self._lock:
            try:
                index.begin()
                self._mend(index)
            except Corrupt as problem:
                raise Unavailable("The catalogue's index cannot be made anew.", where=problem.where) from problem

    def search(self, search: Search, visible: Visible, *, offset: int = 0, limit: int = 20) -> Hits:
        """Return the datasets that meet ``search``."""
        clause = clause_of(search, visible)
        order, descending = search.order, search.descending
        if order == "id" and offset + limit > _SORTED:
            ids = sorted(self.everyone(clause), reverse=descending)
            return Hits(ids[offset : offset + limit], len(ids))
        found, total = self._asked(
            lambda index: index.search(clause, order=order, descending=descending, offset=offset, limit=limit)
        )
        return Hits(found, total)

    def everyone(self, clause: Clause) -> list[str]:
        """Return the ids of all datasets that meet a clause, as they lie: the cheapest order to read them in."""
        return self._asked(lambda index: index.search(clause, limit=index.size))[0]

    def numbers(
        self, search: Search, visible: Visible, number: str, *, offset: int, limit: int
    ) -> list[tuple[str, int]]:
        """Return the datasets that meet ``search``, each with a number of the index."""
        clause, order = clause_of(search, visible), search.order
        return self._asked(lambda index: index.numbers(clause, number, order=order, offset=offset, limit=limit))

    def parts(self, search: Search, visible: Visible, *, size: int) -> Iterator[list[str]]:
        """Yield the ids of the datasets that meet ``search``, so many at a time, in an order that means nothing."""
        return self._index().parts(clause_of(search, visible), size=size)

    def counts(self, search: Search, visible: Visible, most: Mapping[str, int]) -> Counts:
        """Return how many datasets each value of these keywords of the index has, the commonest first."""
        return self._counts(clause_of(search, visible), most)

    def facets(self, search: Search, visible: Visible) -> Counts:
        """Return how many datasets each value of each facet has, its own choice left open, the commonest first."""
        counts: Counts = {}
        same = all(
            clause_of(search, visible, without=name) == clause_in_full(search, visible, without=name)
            for name in ("", *search.chosen)
        )
        parts = ((None, clause_of),) if same else ((True, clause_of), (False, clause_in_full))
        for brief, clause in parts:
            told = {name: most for name, most in FACETS.items() if brief in (None, is_told_in_brief(name))}
            unchosen = {name: most for name, most in told.items() if name not in search.chosen}
            counts |= self._counts(clause(search, visible), unchosen)
            for name in told.keys() & search.chosen.keys():
                counts |= self._counts(clause(search, visible, without=name), {name: told[name]})
        return {name: counts[name] for name in FACETS}

    def _counts(self, clause: Clause, most: Mapping[str, int]) -> Counts:
        return self._asked(lambda index: index.counts(clause, most))

    def suggestion(self, search: Search, visible: Visible) -> str:
        """Return the text that was probably meant where ``search`` finds nothing; empty where nothing is like it."""
        words = []
        for word in normalised(search.text).split():
            if self.search(Search(word), visible, limit=1).total:
                words.append(word)
                continue
            words.append(self._meant(word, visible) or word)
        meant = " ".join(words)
        again = replace(search, text=meant)
        return meant if meant != normalised(search.text) and self.search(again, visible, limit=1).total else ""

    def _meant(self, word: str, visible: Visible) -> str:
        if pairs := pairs_like(word):
            return self._far_commonest(pairs, visible)
        near = nearly_of(word, visible)
        ids, _ = self._asked(lambda index: index.search(near, limit=_NEAR))
        equals = nearest(word, self._told(ids, visible))[:_EQUALS]
        return max(equals, key=lambda each: self.search(Search(each), visible, limit=1).total, default="")

    def _far_commonest(self, words: Iterable[str], visible: Visible) -> str:
        """Return the word that stands in far more datasets than any other of ``words``; else nothing.

        Two characters say little of what was meant: a false word is worse than none.
        """
        totals = ((self.search(Search(each), visible, limit=1).total, each) for each in words)
        (most, found), (second, _), *_ = [*nlargest(2, totals), (0, ""), (0, "")]
        return found if most >= max(_LEAST, _FAR_COMMONER * second) else ""

    def _told(self, ids: Iterable[str], visible: Visible) -> Iterator[str]:
        """Yield the texts of datasets that the one who asks may know."""
        for each in self._handles.several(ids).values():
            kind = "full" if grade_of(each.resource) in visible.read else "brief"
            yield texts_of(each.card, self._themes, None)[kind]

    def _asked(self, ask: Callable[[SearchIndex], Answer]) -> Answer:
        index = self._index()
        try:
            return ask(index)
        except Corrupt:
            with self._lock:
                index.begin()
                self._mend(index)
            return ask(index)

    def _index(self, *, behind: int = 0) -> SearchIndex:
        """Return the index, in step with the registry, or at most so many changes behind."""
        version = self._store.registry.version(*_TABLES)
        if self._made is not None and version <= self._version + behind:
            return self._made
        with self._lock:
            if self._made is None:
                self._made = SearchIndex(self._store.folder / "index" / "catalogue", self._fields())
            if version > self._version:
                self._mend(self._made)
                self._version = version
            return self._made

    def _mend(self, index: SearchIndex) -> None:
        """Take in every dataset whose record is not the one that the index was made from."""
        kept = self._store.registry.columns("dataset", ["id", "updated"])
        lives = self._store.registry.columns("life", ["id", "since", "state"])
        standing = {each: since for each, since, state in zip(*lives.values(), strict=True) if state != _DESTROYED}
        pairs = zip(kept["id"], kept["updated"], strict=True)
        wanted = {key_of(each): (each, mark_of(at, standing[each])) for each, at in pairs if each in standing}
        present = index.marks()
        stale = [each for key, (each, mark) in wanted.items() if present.get(key) != mark]
        gone = present.keys() - wanted.keys()
        if stale or gone:
            index.change(self._documents(stale), removed=gone)

    def _documents(self, ids: Iterable[str]) -> Iterator[IndexDocument]:
        registry = self._store.registry
        whole = list(ids)
        for at in range(0, len(whole), _BATCH):
            some = whole[at : at + _BATCH]
            asked = {"dataset": some}
            ends = [
                {row["dataset"]: Release.from_row(row) for row in rows}
                for rows in (
                    registry.extremes("release", of="dataset", by="number", where=asked, first=True),
                    registry.extremes("release", of="dataset", by="number", where=asked),
                )
            ]
            handles = self._handles.several(some)
            for handle in handles.values():
                first, newest = (end.get(handle.id) for end in ends)
                yield document_of(handle, self._themes, first=first, newest=newest)

    def _fields(self) -> IndexFields:
        names = sorted(f"{key}={both.zh}={both.en}" for key, both in self._themes.items())
        return replace(FIELDS, version=f"{FIELDS.version}\n" + "\n".join(names))


@dataclass(frozen=True)
class Shelved:
    """The datasets that meet a question and may be known as ``visible`` says: counted and told by the index."""

    finder: Finder
    search: Search
    visible: Visible

    def found(self, *, offset: int = 0, limit: int = 20) -> Hits:
        """Return their ids, from some point on."""
        return self.finder.search(self.search, self.visible, offset=offset, limit=limit)

    def moments(self, *, offset: int = 0, limit: int = 20) -> list[tuple[str, datetime]]:
        """Return their ids, from some point on, each with when it last changed, in UTC."""
        found = self.finder.numbers(self.search, self.visible, "updated", offset=offset, limit=limit)
        return [(each, from_micros(moment)) for each, moment in found]

    def ids(self) -> list[str]:
        """Return all their ids, sorted."""
        return sorted(self.finder.everyone(clause_of(self.search, self.visible)))

    def parts(self, size: int) -> Iterator[list[str]]:
        """Yield all their ids, so many at a time, in an order that means nothing."""
        return self.finder.parts(self.search, self.visible, size=size)

    def counts(self, most: Mapping[str, int]) -> Counts:
        """Return how many of them each value of these keywords of the index has, the commonest first."""
        return self.finder.counts(self.search, self.visible, most)
