"""One index in a folder: opened if it is whole, begun anew if not."""

from __future__ import annotations

import hashlib
import logging
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import orjson
import tantivy

from lifang.core import Corrupt, disk_errors, version_of
from lifang.store.durable import make_folder
from lifang.store.index.compiling import compiled
from lifang.store.index.files import whole
from lifang.store.index.model import Clause, Every, IndexDocument, IndexFields, Span
from lifang.store.index.tokens import tokens

_LOG = logging.getLogger(__name__)
_MEMORY, _MEMORY_ANEW = 30_000_000, 150_000_000  # bytes held by a writer: the more, the fewer parts to look through
_EXACT_VALUES = 20_000  # values of a keyword up to which counts are exact
_WORDS = "words"
_TOO_MANY = "max expansions"  # more than 16,384 words begin as a phrase ends: tantivy then refuses to answer
Answer = TypeVar("Answer")


class SearchIndex:
    """Finds documents; safe to use from many threads. ``Corrupt`` where its files fail: :meth:`begin` makes it anew."""

    def __init__(self, folder: Path, fields: IndexFields) -> None:
        self._fields = fields
        self._schema = _schema(fields)
        digest = hashlib.sha256(orjson.dumps([version_of("tantivy"), *vars(fields).values()])).hexdigest()
        self._home, self._folder = folder, folder / digest[:16]
        self._lock = threading.Lock()
        self._sweep()
        self._index = self._opened()

    def begin(self) -> None:
        """Throw the index away and begin an empty one."""
        with self._lock:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._index = self._made()

    @property
    def size(self) -> int:
        """How many documents there are."""
        with self._failing():
            return int(self._index.searcher().num_docs)

    def marks(self) -> dict[int, int]:
        """Return the mark of every document by the key of its id (see :func:`key_of`)."""

        def read(searcher: tantivy.Searcher, query: tantivy.Query) -> dict[int, int]:
            addresses = [found for _, found in searcher.search(query, max(searcher.num_docs, 1)).hits]
            keys, marks = (searcher.fast_field_values(name, addresses) for name in ("_key", "_mark"))
            return {int(key or 0): int(mark or 0) for key, mark in zip(keys, marks, strict=True)}

        return self._asked(Every(), read)

    def change(self, documents: Iterable[IndexDocument], *, removed: Iterable[int] = ()) -> None:
        """Put ``documents`` in place of those with their ids, and take out those with the keys ``removed``, at once.

        ``Corrupt`` or ``Unavailable`` if that fails; nothing has changed then.
        """
        with self._lock, self._failing():
            known = self._index.searcher().num_docs > 0
            writer = self._index.writer(_MEMORY if known else _MEMORY_ANEW, num_threads=1)
            try:
                for key in removed:
                    writer.delete_documents_by_term("_key", key)
                for document in documents:
                    if known:
                        writer.delete_documents_by_term("_key", key_of(document.id))
                    writer.add_document(self._document(document))
                writer.commit()
            finally:
                writer.wait_merging_threads()  # lets go of the writer, and of what was not committed
            self._index.reload()

    def search(
        self, clause: Clause, *, order: str = "", descending: bool = False, offset: int = 0, limit: int = 20
    ) -> tuple[list[str], int]:
        """Return ids of documents, from ``offset`` on, and how many there are: by relevance, or by a number or sort."""

        def read(searcher: tantivy.Searcher, query: tantivy.Query) -> tuple[list[str], int]:
            found: Any = searcher.search(
                query,
                limit=max(limit, 1),
                offset=offset,
                order_by_field=order or None,
                order=tantivy.Order.Desc if descending or not order else tantivy.Order.Asc,
            )
            ids = [str(searcher.doc(address).get_first("_id")) for _, address in found.hits[:limit]]
            return ids, int(found.count or 0)

        return self._asked(clause, read)

    def numbers(
        self, clause: Clause, number: str, *, order: str = "", offset: int = 0, limit: int = 20
    ) -> list[tuple[str, int]]:
        """Return ids of documents as :meth:`search` does, each with its ``number`` (0 where it has none)."""

        def read(searcher: tantivy.Searcher, query: tantivy.Query) -> list[tuple[str, int]]:
            found = searcher.search(
                query,
                limit=max(limit, 1),
                offset=offset,
                order_by_field=order or None,
                order=tantivy.Order.Asc if order else tantivy.Order.Desc,
            )
            addresses = [address for _, address in found.hits[:limit]]
            told = searcher.fast_field_values(number, addresses)
            ids = (str(searcher.doc(address).get_first("_id")) for address in addresses)
            return [(each, int(value or 0)) for each, value in zip(ids, told, strict=True)]

        return self._asked(clause, read)

    def parts(self, clause: Clause, *, size: int) -> Iterator[list[str]]:
        """Yield the ids of all documents, so many at a time, in an order that means nothing and does not change.

        What changes meanwhile is told as it is when its turn comes; nothing is told twice.
        """
        low = 0
        while True:
            ids, _ = self.search(Every((clause, Span("_key", low=low))), order="_key", limit=size)
            if ids:
                yield ids
            if len(ids) < size:
                return
            low = key_of(ids[-1]) + 1

    def counts(self, clause: Clause, most: Mapping[str, int]) -> dict[str, list[tuple[str, int]]]:
        """Return for each keyword of ``most`` its commonest values, up to so many, with their numbers of documents."""
        asked = {
            name: {"terms": {"field": name, "size": size, "segment_size": max(size, _EXACT_VALUES)}}
            for name, size in most.items()
        }
        if not asked:
            return {}
        told = self._asked(clause, lambda searcher, query: searcher.aggregate(query, asked))
        return {
            name: sorted(
                ((str(each["key"]), int(each["doc_count"])) for each in told[name]["buckets"]),
                key=lambda pair: (-pair[1], pair[0]),
            )
            for name in most
        }

    def _asked(self, clause: Clause, ask: Callable[[tantivy.Searcher, tantivy.Query], Answer]) -> Answer:
        with self._failing():
            searcher = self._index.searcher()
            try:
                return ask(searcher, compiled(clause, self._schema))
            except ValueError as error:
                if _TOO_MANY not in str(error):
                    raise
                return ask(searcher, compiled(clause, self._schema, expanding=False))

    @contextmanager
    def _failing(self) -> Iterator[None]:
        """Turn tantivy's errors raised inside into the house's."""
        with disk_errors(self._folder):
            try:
                yield
            except ValueError as error:
                what = f"The index cannot be used: {error}."
                raise Corrupt(what, where=str(self._folder), mend="Make it anew.") from error

    def _document(self, given: IndexDocument) -> tantivy.Document:
        document = tantivy.Document()
        document.add_text("_id", given.id)
        document.add_integer("_key", key_of(given.id))
        document.add_integer("_mark", given.mark)
        for name, text in given.texts.items():
            document.add_text(name, tokens(text))
        for name, values in given.keywords.items():
            for value in dict.fromkeys(values):
                document.add_text(name, value)
        for name, number in given.numbers.items():
            document.add_integer(name, number)
        for name in self._fields.sorts:
            document.add_text(name, given.sorts.get(name, ""))
        return document

    def _opened(self) -> tantivy.Index:
        if whole(self._folder):
            try:
                return self._known(tantivy.Index(self._schema, path=str(self._folder), reuse=True))
            except (ValueError, OSError) as error:
                _LOG.warning("the index in %s cannot be opened and is made anew: %s", self._folder, error)
        shutil.rmtree(self._folder, ignore_errors=True)
        return self._made()

    def _made(self) -> tantivy.Index:
        with disk_errors(self._folder):
            make_folder(self._folder)
            return self._known(tantivy.Index(self._schema, path=str(self._folder), reuse=False))

    @staticmethod
    def _known(index: tantivy.Index) -> tantivy.Index:
        analyzer = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        index.register_tokenizer(_WORDS, analyzer)
        index.config_reader("manual")
        return index

    def _sweep(self) -> None:
        """Take away indexes of other versions."""
        if self._home.is_dir():
            for other in self._home.iterdir():
                if other != self._folder:
                    shutil.rmtree(other, ignore_errors=True)


def key_of(document_id: str) -> int:
    """Return the number of 63 bits that stands for an id."""
    return int.from_bytes(hashlib.blake2b(document_id.encode(), digest_size=8).digest()) >> 1


def _schema(fields: IndexFields) -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("_id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ("_key", "_mark"):
        builder.add_integer_field(name, indexed=True, fast=True)
    for name in fields.texts:
        builder.add_text_field(name, tokenizer_name=_WORDS, index_option="position")
    for name in (*fields.keywords, *fields.sorts):
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in fields.numbers:
        builder.add_integer_field(name, indexed=True, fast=True)
    return builder.build()
