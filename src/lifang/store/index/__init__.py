"""index: finds documents by words, values, ranges; made from records elsewhere, so that it can be made again.

Does not belong here: what is indexed, who may find it.
"""

from lifang.store.index.index import SearchIndex, key_of
from lifang.store.index.model import (
    Begins,
    Clause,
    Either,
    Every,
    Having,
    IndexDocument,
    IndexFields,
    Nearly,
    Span,
    Without,
    Words,
)
from lifang.store.index.tokens import runs

__all__ = [
    "Begins",
    "Clause",
    "Either",
    "Every",
    "Having",
    "IndexDocument",
    "IndexFields",
    "Nearly",
    "SearchIndex",
    "Span",
    "Without",
    "Words",
    "key_of",
    "runs",
]
