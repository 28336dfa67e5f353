"""The city's gazetteer, fed from its own datasets, and the standard address that a text means.

Divisions and streets come from the datasets that the city names (``[gazetteer]`` in city.toml), else from the national
code lists; roads from a dataset of roads with names, and from the standard addresses themselves. A new release of one
of them is read the next time anybody asks.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lifang.catalogue import Catalogue, Dataset
from lifang.core import BadInput, NotFound, Settings
from lifang.masterdata.addresses import Address, Gazetteer, Matcher
from lifang.masterdata.model import ADDRESS, ADDRESS_CODE, ADDRESSED, dataset_of
from lifang.standards import code_list

_USUAL: Mapping[str, Mapping[str, str]] = {
    "divisions": {"dataset": "districts", "code": "adcode", "name": "name"},
    "streets": {"dataset": "streets", "code": "code", "name": "name"},
    "roads": {"dataset": "roads", "name": "name"},
}
_LISTS = {"divisions": "gbt2260", "streets": "gbt2260_streets"}
_TEXT, _ROAD = "full_address", "road"  # elements of a standard address
_PART = 10_000  # texts that are looked up between two looks whether to go on
_RANKS = ("特别行政区", "自治区", "省", "市")


@dataclass(frozen=True)
class Feed:
    """What a part of the gazetteer came from (a release, or a code list) and how many names it gave."""

    part: str
    source: str
    names: int


@dataclass(frozen=True)
class _Known:
    """The gazetteer as it was made of certain releases."""

    of: tuple[str, ...]
    gazetteer: Gazetteer
    feeds: tuple[Feed, ...]


@dataclass(frozen=True)
class Meaning:
    """What a text says of a place: its parts, and the standard address it means with a score of 0 to 1, if one."""

    address: Address
    code: str = ""
    score: float = 0.0


class Places:
    """The places of one city by their names."""

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        """``BadInput`` if the city's ``[gazetteer]`` names what there is not."""
        self._catalogue, self._area = catalogue, settings.area_code
        self._named = {part: {**usual, **_given(settings, part)} for part, usual in _USUAL.items()}
        self._lock = threading.Lock()
        self._known: _Known | None = None
        self._matcher: tuple[tuple[str, ...], Matcher | None] | None = None

    def gazetteer(self) -> Gazetteer:
        """Return the gazetteer by the newest releases of its datasets."""
        return self._newest().gazetteer

    def feeds(self) -> tuple[Feed, ...]:
        """Return what the gazetteer is fed from now."""
        return self._newest().feeds

    def state(self, kind: str) -> str:
        """Return a text that is another one whenever records of a kind may be read otherwise than before.

        Addresses are read by names of places, records with an address by these and by the standard addresses.
        """
        known = self._newest()
        if kind == ADDRESS:
            roads = sha256("\n".join(sorted(known.gazetteer.roads)).encode()).hexdigest()
            return " ".join((*known.of[:-1], roads))
        return " ".join(known.of) if kind in ADDRESSED else ""

    def meaning(self, text: str) -> Meaning:
        """Return what a text says of a place."""
        found, matcher = self._newest(), self._matching()
        address = found.gazetteer.parse(text)
        meant = matcher.match(text) if matcher else None
        return Meaning(address, *meant) if meant else Meaning(address)

    def coded(self, texts: pa.ChunkedArray, progress: Callable[[float], None]) -> pa.Array:
        """Return the codes of the standard addresses that ``texts`` mean, empty where none is meant for certain."""
        encoded = texts.combine_chunks().dictionary_encode()
        matcher = self._matching()
        if matcher is None:
            return pa.nulls(len(texts), pa.string())
        codes: list[str | None] = []
        for start in range(0, len(encoded.dictionary), _PART):
            progress(start / len(encoded.dictionary))
            meant = [matcher.match(text) for text in encoded.dictionary[start : start + _PART].to_pylist()]
            codes += [found[0] if found else None for found in meant]
        return pa.array(codes, pa.string()).take(encoded.indices)

    def _newest(self) -> _Known:
        present = {part: self._dataset(named["dataset"]) for part, named in self._named.items()}
        addresses = self._dataset(dataset_of(ADDRESS))
        of = tuple(each.release().id if each else "" for each in (*present.values(), addresses))
        with self._lock:
            if self._known is None or self._known.of != of:
                self._known = self._made(of, present, addresses)
            return self._known

    def _matching(self) -> Matcher | None:
        known = self._newest()
        with self._lock:
            if self._matcher is None or self._matcher[0] != known.of:
                self._matcher = (known.of, self._match_with(known.gazetteer))
            return self._matcher[1]

    def _match_with(self, gazetteer: Gazetteer) -> Matcher | None:
        addresses = self._dataset(dataset_of(ADDRESS))
        if addresses is None:
            return None
        rows = addresses.rows().select([ADDRESS_CODE, _TEXT])
        texts = zip(rows[ADDRESS_CODE].to_pylist(), rows[_TEXT].to_pylist(), strict=True)
        return Matcher(gazetteer, {code: text for code, text in texts if text})

    def _made(self, of: tuple[str, ...], present: Mapping[str, Dataset | None], addresses: Dataset | None) -> _Known:
        feeds, names = [], {}
        for part in _LISTS:
            source, names[part] = self._codes(part, present[part])
            feeds.append(Feed(part, source, len(names[part])))
        roads: set[str] = set()
        for dataset, column in ((present["roads"], self._named["roads"]["name"]), (addresses, _ROAD)):
            found = _column(dataset, column)
            roads |= found
            feeds.append(Feed("roads", dataset.release().id if dataset and found else "", len(found)))
        gazetteer = Gazetteer(self._above(), names["divisions"], names["streets"], roads)
        return _Known(of, gazetteer, tuple(feeds))

    def _codes(self, part: str, dataset: Dataset | None) -> tuple[str, dict[str, str]]:
        """Return where the names of divisions or streets come from, and the names by code."""
        named = self._named[part]
        there = {column.name for column in dataset.rows().columns} if dataset else set()
        if dataset and {named["code"], named["name"]} <= there:
            rows = dataset.rows().select([named["code"], named["name"]])
            pairs = zip(rows[named["code"]].to_pylist(), rows[named["name"]].to_pylist(), strict=True)
            found = {str(code): str(name) for code, name in pairs if code and name and str(code) != self._area}
            return dataset.release().id, found
        within = self._area.rstrip("0") if part == "streets" else self._area[:4].removesuffix("00")
        listed = {each.code: each.zh for each in code_list(_LISTS[part]) if each.valid_to is None}
        below = {code: name for code, name in listed.items() if code.startswith(within) and code != self._area}
        return f"code list {_LISTS[part]}", below

    def _above(self) -> list[str]:
        """Return the names of the province and the city, with and without the word for their rank."""
        codes = {each.code: each.zh for each in code_list(_LISTS["divisions"])}
        names = [codes[code] for code in (f"{self._area[:2]}0000", f"{self._area[:4]}00") if code in codes]
        bare = [name.removesuffix(rank) for name in names for rank in _RANKS if name.endswith(rank)]
        return [*names, *(each for each in bare if len(each) > 1)]

    def _dataset(self, name: str) -> Dataset | None:
        try:
            dataset = self._catalogue.dataset(name)
            dataset.release()
        except NotFound:
            return None
        return dataset


def _given(settings: Settings, part: str) -> dict[str, str]:
    table: Any = settings.gazetteer
    unknown = [*(set(table) - set(_USUAL)), *(set(table.get(part, {})) - set(_USUAL[part]))]
    if unknown:
        known = ", ".join(f"{name} ({', '.join(keys)})" for name, keys in _USUAL.items())
        raise BadInput(f"[gazetteer] has an unknown key {unknown[0]!r}.", where="city.toml", mend=f"Known: {known}.")
    return {key: str(value) for key, value in table.get(part, {}).items()}


def _column(dataset: Dataset | None, column: str) -> set[str]:
    if dataset is None or column not in {each.name for each in dataset.rows().columns}:
        return set()
    return {str(each) for each in pc.unique(dataset.rows().select([column])[column]).to_pylist() if each}
