"""Records of a kind that may be one: alike in the elements by which people tell such things apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.masterdata.names import Plain, plain_names

_SAME: Mapping[str, tuple[str, ...]] = {
    "legal_entity": ("name",),
    "person": ("name", "born", "residence_address"),
    "address": ("full_address",),
    "housing_unit": ("address",),
    "e_licence": ("type_code", "licence_number"),
    "public_credit": ("kind", "document", "subject_code"),
}
_BETWEEN = "\x1f"


@dataclass(frozen=True)
class Duplicate:
    """Records (by key) that may be one, the elements they are alike in, and what the first of them says there."""

    alike: tuple[str, ...]
    said: tuple[str, ...]
    records: tuple[str, ...]

    def id(self, kind: str) -> str:
        """Return the id of the group: the same records are the same group."""
        return f"{kind}:{sha256('|'.join(self.records).encode()).hexdigest()[:20]}"


def alike_as(kind: str, records: pa.Table, plain: Mapping[str, Plain]) -> pa.Array:
    """Return a text for each record that is equal for those that may be one; none where it says too little.

    Records with one text are still to be compared: of the elements they are alike in, those that ``plain`` says how to
    compare are left out unless there are no others.
    """
    quick = [element for element in _SAME[kind] if element not in plain] or list(_SAME[kind])
    texts = [_compared(records[element], plain.get(element, plain_names)) for element in quick]
    joined = pc.binary_join_element_wise(*texts, _BETWEEN)
    return joined.combine_chunks() if isinstance(joined, pa.ChunkedArray) else joined


def shared(texts: pa.Array) -> NDArray[np.int64]:
    """Return the places of the texts that are there more than once."""
    encoded = texts.dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False)
    often = np.bincount(codes[codes >= 0], minlength=len(encoded.dictionary)) > 1
    return np.flatnonzero((codes >= 0) & often[codes]) if len(often) else np.empty(0, np.int64)


def duplicates(
    kind: str, records: pa.Table, keys: Sequence[str], plain: Mapping[str, Plain], *, most: int
) -> list[Duplicate]:
    """Return up to ``most`` groups of records that are alike.

    ``plain`` says as what texts of an element are compared; an empty one says too little to be alike.
    """
    elements = _SAME[kind]
    codes, told = np.zeros(len(records), np.int64), np.ones(len(records), bool)
    for element in elements:
        column = records[element].combine_chunks()
        compared, empty = compared_as(column, plain.get(element, plain_names))
        told &= ~empty
        codes = np.unique(codes * (compared.max(initial=0) + 1) + compared, return_inverse=True)[1]
    rows = np.flatnonzero(told)
    rows = rows[np.argsort(codes[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(codes[rows], prepend=-1))
    ends = np.append(starts[1:], len(rows))[: len(starts)]
    groups = [rows[start:end] for start, end in zip(starts, ends, strict=True) if end - start > 1]
    found = []
    for group in groups[:most]:
        first, *_ = sorted(group.tolist(), key=keys.__getitem__)
        said = tuple(str(records[element][first].as_py()) for element in elements)
        found.append(Duplicate(elements, said, tuple(sorted(keys[row] for row in group.tolist()))))
    return found


def touched(found: Collection[Duplicate], keys: Collection[str]) -> set[str]:
    """Return the records among ``keys`` and in the groups found."""
    return {*keys, *(record for each in found for record in each.records)}


def compared_as(column: pa.Array, plain: Plain) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return one number for each value, equal for those that ``plain`` makes the same text, and which are empty."""
    encoded = column.dictionary_encode()
    texts = plain(encoded.dictionary)
    if not len(texts):
        return np.zeros(len(column), np.int64), np.ones(len(column), np.bool_)
    rows = pc.fill_null(encoded.indices, 0).to_numpy()
    empty = pc.equal(texts, "").to_numpy(zero_copy_only=False)[rows] | column.is_null().to_numpy(zero_copy_only=False)
    return texts.dictionary_encode().indices.to_numpy().astype(np.int64)[rows], empty


def _compared(column: pa.ChunkedArray, plain: Plain) -> pa.Array:
    texts = plain(pc.cast(column, pa.string()).combine_chunks())
    return pc.if_else(pc.equal(texts, ""), pa.scalar(None, pa.string()), texts)
