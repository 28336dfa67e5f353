"""Portals read page by page: by DCAT, by ``data.json``, by CKAN's API; which of them one speaks is found by asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson

from lifang.core import BadInput, Unavailable
from lifang.harvest.json_forms import page_of_data_json, page_of_packages
from lifang.harvest.model import Page, Source
from lifang.harvest.rdf import following, page_of, parse
from lifang.outside import Answer, Fetcher

ACCEPT = "text/turtle, application/rdf+xml;q=0.8, application/ld+json;q=0.7, application/json;q=0.6, */*;q=0.1"
_ROWS = 100
_PAGES_MAX = 10_000
_FORMS = {
    "text/turtle": "turtle",
    "application/x-turtle": "turtle",
    "application/n-triples": "nt",
    "application/rdf+xml": "xml",
    "application/xml": "xml",
    "text/xml": "xml",
    "application/ld+json": "json-ld",
    "application/json": "json-ld",
}
_SUFFIXES = {".ttl": "turtle", ".nt": "nt", ".rdf": "xml", ".xml": "xml", ".jsonld": "json-ld", ".json": "json-ld"}
_AGAIN = "Harvest again later; if it goes on, ask its owner."


class Portal:
    """One portal: ``kind`` is what it speaks; ``names`` are all that it lists, where it says them apart."""

    def __init__(self, source: Source, fetcher: Fetcher) -> None:
        self._source, self._fetcher = source, fetcher
        self._first: Answer | None = None
        self.kind = source.kind if source.kind != "auto" else self._find_kind()
        self.names: frozenset[str] | None = None
        self.cursor = source.cursor

    def pages(self) -> Iterator[Page]:
        """Yield what the portal lists; from CKAN, after the first time, only what has changed since."""
        readers: dict[str, Callable[[], Iterator[Page]]] = {
            "dcat": self._dcat,
            "data.json": self._data_json,
            "ckan": self._ckan,
        }
        yield from readers[self.kind]()

    def _find_kind(self) -> str:
        url = self._source.url
        if "/api/3" in urlsplit(url).path or "/api/action" in urlsplit(url).path:
            return "ckan"
        self._first = self._get(url)
        form = _form_of(self._first)
        if form == "json-ld":
            body = _json(self._first)
            return "data.json" if isinstance(body, dict) and isinstance(body.get("dataset"), list) else "dcat"
        if form:
            return "dcat"
        answer = self._fetcher.fetch(f"{self._root}/api/3/action/status_show")
        if answer.status == 200 and b'"success"' in answer.body[:500]:
            return "ckan"
        what = "This is neither DCAT nor data.json nor a portal of CKAN's."
        raise BadInput(what, where=url[:300], mend="Give the address of its catalogue in Turtle, RDF/XML or JSON-LD.")

    @property
    def _root(self) -> str:
        """The portal's own address, before CKAN's."""
        return self._source.url.partition("/api/")[0].rstrip("/")

    def _dcat(self) -> Iterator[Page]:
        url, seen = self._source.url, set[str]()
        while url and url not in seen:
            if len(seen) >= _PAGES_MAX:
                raise BadInput(f"There are more than {_PAGES_MAX} pages.", where=url[:300], mend="Harvest it in parts.")
            seen.add(url)
            answer = self._first if self._first and not seen - {self._source.url} else self._get(url)
            form = _form_of(answer)
            if not form:
                raise BadInput("This is no RDF.", where=url[:300], mend="Give the address of the catalogue in Turtle.")
            graph = parse(answer.body, form, where=answer.url)
            yield page_of(graph)
            url = following(graph)

    def _data_json(self) -> Iterator[Page]:
        body = _json(self._first or self._get(self._source.url))
        if not isinstance(body, dict) or not isinstance(body.get("dataset"), list):
            raise BadInput("This is no data.json.", where=self._source.url[:300], mend="It has a list `dataset`.")
        yield page_of_data_json(body)

    def _ckan(self) -> Iterator[Page]:
        names = self._call("package_list", {})
        if not isinstance(names, list):
            raise BadInput("package_list gives no list.", where=self._root[:300], mend="Is this a portal of CKAN's?")
        self.names = frozenset(str(each) for each in names)
        asked: dict[str, Any] = {"rows": _ROWS, "sort": "name asc"}
        if self.cursor:
            asked["fq"] = f"metadata_modified:[{self.cursor}Z TO *]"
        start, newest = 0, self.cursor
        while True:
            found = self._call("package_search", {**asked, "start": start})
            results = found.get("results") if isinstance(found, dict) else None
            if not isinstance(results, list):
                raise BadInput("package_search gives no results.", where=self._root[:300], mend=_AGAIN)
            page = page_of_packages(results)
            newest = max([newest, *(each.modified.removesuffix("Z") for each in page.records)])
            yield page
            start += len(results)
            if not results or start >= _count(found):
                break
        self.cursor = newest

    def _call(self, action: str, asked: dict[str, Any]) -> Any:
        query = f"?{urlencode(asked)}" if asked else ""
        body = _json(self._get(f"{self._root}/api/3/action/{action}{query}"))
        if not isinstance(body, dict) or body.get("success") is not True:
            raise Unavailable(f"{action} did not succeed.", where=self._root[:300], mend=_AGAIN)
        return body.get("result")

    def _get(self, url: str) -> Answer:
        answer = self._fetcher.fetch(url, headers={"Accept": ACCEPT})
        if answer.status != 200:
            raise Unavailable(f"It answers {answer.status}.", where=url[:300], mend=_AGAIN)
        return answer


def _form_of(answer: Answer) -> str:
    """Return in which form of RDF an answer is, by its type, its suffix or its first sign; nothing if in none."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind in _FORMS:
        return _FORMS[kind]
    path = urlsplit(answer.url).path.lower()
    return next((form for suffix, form in _SUFFIXES.items() if path.endswith(suffix)), "")


def _json(answer: Answer) -> Any:
    try:
        return orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise BadInput(f"This is not JSON: {error.msg}.", where=answer.url[:300], mend="Tell its owner.") from error


def _count(found: dict[str, Any]) -> int:
    count = found.get("count")
    if not isinstance(count, int):
        raise BadInput("package_search does not tell a count.", where="count", mend="Tell its owner.")
    return count
