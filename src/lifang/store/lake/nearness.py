"""Names that hold a text, or something a slip or two away from it, the likest first.

Names are sieved in the database by pieces of the text of which one is whole whatever slipped (Wu and Manber 1992;
Navarro 2001, section 6.1); those left are aligned with the text, which may begin and end anywhere in them (Sellers
1980), by Damerau's slips: a letter put in, left out, replaced or exchanged with the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lifang.core import WIDE, normalised, sounds_like
from lifang.store.lake.names import sql

SIEVED_MAX = 5_000  # names that are aligned; those with most pieces of the text before others
_LETTERS_MAX, _NAME_MAX = 64, 200  # characters that are compared; what follows is not
_SLIPS = {False: (4, 8), True: (2, 5)}  # letters, and characters of Chinese, from which one, and two, slips are allowed
_MOST, _SHORT = (
    8,
    6,
)  # what a slip may cost, and of two characters of Chinese: no slip costs less than 6, so two are two
_FORGOTTEN, _EXCHANGED, _ALIKE, _REPLACED, _ADDED = 6, 6, 6, 7, 8
_NEVER = 1_000  # and of any slip in a number: another number is another place
_WHOLE, _START, _WORD, _PART, _NEAR = 1.0, 0.8, 0.75, 0.7, 0.3  # likeness; what is longer than the text, is less like
Ints = NDArray[np.int16]


@dataclass(frozen=True)
class NearName:
    """A name and how like a text it is: 1 the same, from 0.8 it begins so, from 0.7 it holds it, below nearly so."""

    name: str
    score: float

    @property
    def holds(self) -> bool:
        """Whether the text stands in the name as it is written."""
        return self.score >= _PART


def sieve(source: str, given: Sequence[Any], columns: Sequence[str], text: str) -> tuple[str, list[Any]]:
    """Return a query of up to 5,000 names a column that may hold ``text`` nearly, and the values of its placeholders.

    Its rows are ``place`` (of the column among ``columns``, which are quoted, from 0) and ``name``. ``source`` are rows
    as SQL, with their conditions, ``given`` the values in it.
    """
    pieces = _Pieces.of(text)
    parts, values = [], []
    for place, column in enumerate(columns):
        names = sql("(SELECT", column, "::VARCHAR AS name FROM", source, ")")
        lowered = sql("(SELECT name,", pieces.low("name"), "AS low FROM", names, ")")
        counted = sql("(SELECT name, low,", pieces.hits, "AS hits FROM", lowered, ") WHERE hits > 0")
        parts.append(sql("SELECT", str(place), "AS place, name FROM (SELECT name FROM", counted, pieces.order, ")"))
        values += [*pieces.sought, *given, pieces.whole]
    return " UNION ALL ".join(parts), values


def called(source: str, given: Sequence[Any], text: str, limit: int) -> tuple[str, list[Any]]:
    """Return a query of what may be called ``text`` nearly, and the values of its placeholders.

    Its rows are ``name`` and ``ids`` as :func:`sieve` has names, each with the first ``limit`` ids of what is called
    so; the last one has no name, and the first ids of what holds ``text`` as it is written in its name or its id.
    """
    pieces = _Pieces.of(text)
    named = sql("(SELECT id, name::VARCHAR AS name FROM", source, ")")
    by_id = sql("contains(", pieces.low("id"), ", ?) AS by_id")
    lowered = sql("(SELECT id, name,", pieces.low("name"), "AS low,", by_id, "FROM", named, ")")
    counted = sql("(SELECT id, name, low, by_id,", pieces.hits, "AS hits FROM", lowered, ")")
    begun = sql("WITH found AS MATERIALIZED (SELECT * FROM", counted, "WHERE hits > 0 OR by_id),")
    near = sql("near AS (SELECT name FROM found WHERE hits > 0", pieces.order, ")")
    ids = "min(id, ?) AS ids FROM found"
    each = sql("SELECT 0 AS place, name,", ids, "JOIN near USING (name) GROUP BY name")
    held = sql("SELECT 1, NULL,", ids, "WHERE by_id OR contains(low, ?)")
    query = sql(begun, near, each, "UNION ALL", held, "ORDER BY place")
    written = text.lower()
    values = [*pieces.sought, written, *given, pieces.whole, limit, limit, written]
    return query, values


@dataclass(frozen=True)
class _Pieces:
    """The pieces of a text: those that are ``sought`` in the column ``low``, and the ``whole`` as it is compared."""

    sought: tuple[str, ...]
    whole: str

    @classmethod
    def of(cls, text: str) -> _Pieces:
        forms = dict.fromkeys(form[:_LETTERS_MAX] for form in (normalised(text), text.lower()))
        sought = dict.fromkeys(piece for form in forms for piece in _pieces(form, _allowed(form)))
        return cls(tuple(sought), next(iter(forms)))

    def low(self, column: str) -> str:
        """Return what the pieces are sought in; letters without a case need no column in small ones, which costs."""
        cased = any(each.lower() != each.upper() for each in (*self.sought, self.whole))
        return f"lower({column})" if cased else column

    @property
    def hits(self) -> str:
        """How many pieces are in ``low``."""
        return " + ".join("contains(low, ?)::INTEGER" for _ in self.sought)

    @property
    def order(self) -> str:
        """The end of a query of the names, each once, that are aligned."""
        by = "contains(any_value(low), ?) DESC, max(hits) DESC, length(name), name"
        return f"GROUP BY name ORDER BY {by} LIMIT {SIEVED_MAX}"


def likest(names: Sequence[str], text: str, limit: int) -> list[NearName]:
    """Return up to ``limit`` of ``names`` that hold ``text``, or something near it, the likest first."""
    wanted = normalised(text)[:_LETTERS_MAX]
    if not wanted or not names:
        return []
    plain = [normalised(each) for each in names]
    found: list[tuple[float, int]] = [(score, at) for at, each in enumerate(plain) if (score := _held(wanted, each))]
    known = {at for _, at in found}
    most = _SHORT if _is_wide(wanted) and len(wanted) == _SLIPS[True][0] else _MOST * _allowed(wanted)
    if most:
        others = [at for at in range(len(plain)) if at not in known]
        for at, price in zip(others, _prices(wanted, [plain[at][:_NAME_MAX] for at in others]), strict=True):
            if price <= most:
                close = min(len(wanted), len(plain[at])) / max(len(wanted), len(plain[at]))
                found.append((_NEAR + 0.3 * (1 - price / (most + 1)) + 0.01 * close, at))
    found.sort(key=lambda each: (-each[0], len(plain[each[1]]), names[each[1]]))
    return [NearName(names[at], score) for score, at in found[:limit]]


def _held(wanted: str, name: str) -> float:
    """Return how like a name is that holds what is wanted as it is; 0 for one that does not."""
    at = name.find(wanted)
    if at < 0:
        return 0.0
    if len(name) == len(wanted):
        return _WHOLE
    share = len(wanted) / len(name)
    if at == 0:
        return _START + 0.1 * share
    return (_PART if name[at - 1].isalnum() else _WORD) + 0.05 * share


def _allowed(text: str) -> int:
    """Return how many slips a text may have: of a short one, one alone says too little of what was meant."""
    return sum(len(text) >= least for least in _SLIPS[_is_wide(text)])


def _is_wide(text: str) -> bool:
    return any(each >= WIDE for each in text)


def _pieces(text: str, slips: int) -> list[str]:
    """Return pieces of which a name holds one whole that holds ``text`` with so many slips.

    A slip leaves one of ``slips + 1`` pieces whole; letters exchanged over a cut leave the two pieces beside it, so
    exchanged and without their outer letters, which may be exchanged themselves.
    """
    cuts = [round(at * len(text) / (slips + 1)) for at in range(slips + 2)]
    whole = [text[start:end] for start, end in pairwise(cuts)]
    exchanged = []
    for start, cut, end in zip(cuts, cuts[1:], cuts[2:], strict=False):
        first, last = start + (start > 0), end - (end < len(text))
        exchanged.append(text[first : cut - 1] + text[cut] + text[cut - 1] + text[cut + 1 : last])
    return [each for each in (*whole, *exchanged) if each]


def _prices(wanted: str, names: Sequence[str]) -> list[int]:
    """Return the least price of the slips by which a part of each name becomes ``wanted``.

    All names are gone through at once, along the diagonals of the table of Sellers's algorithm.
    """
    if not names:
        return []
    longest = max(1, *map(len, names))
    letters, where = np.unique(np.array(["", *wanted, *"".join(names)]), return_inverse=True)
    codes = np.zeros((longest, len(names)), np.intp)  # of letters, one row a place
    sizes = np.array([len(each) for each in names])
    filled = np.arange(longest)[:, None] < sizes[None, :]
    codes.T[filled.T] = where[1 + len(wanted) :]
    extra = np.array([_NEVER, *(_priced(str(each), _FORGOTTEN) for each in letters[1:])], np.int16)
    replaced = np.array([[_replaced(one, str(other)) for other in letters] for one in wanted], np.int16)
    same = np.array([[one == str(other) for other in letters] for one in wanted])
    added = np.array([_priced(each, _ADDED) for each in wanted], np.int16)
    exchanged = np.array([_priced(each, _EXCHANGED) for each in wanted], np.int16)
    return [int(each) for each in _aligned(codes, extra, replaced, same, added, exchanged)]


def _aligned(
    codes: NDArray[np.intp], extra: Ints, replaced: Ints, same: NDArray[np.bool_], added: Ints, exchanged: Ints
) -> Ints:
    """Return the least price for each name (a column of ``codes``).

    ``extra`` prices letters of names that the text lacks, ``added`` those of the text that a name lacks, ``exchanged``
    those that it has before their neighbour; ``replaced`` and ``same`` say of a letter of the text (row) and one of
    the names (column) what they cost and whether they are the same.
    """
    longest, count = codes.shape
    size = len(replaced)
    start = np.minimum([0, *np.cumsum(added, dtype=np.int64)], _NEVER).astype(np.int16)  # nothing of the name yet
    empty = np.full((size + 1, count), _NEVER, np.int16)
    before = [empty] * 4  # the last diagonals, the newest first
    best = np.full(count, start[-1], np.int16)
    for diagonal in range(size + longest + 1):
        now = empty.copy()
        if diagonal <= longest:
            now[0] = 0  # the text may begin anywhere
        if diagonal <= size:
            now[diagonal] = start[diagonal]
        low, high = max(1, diagonal - longest), min(size, diagonal - 1)
        if low <= high:
            rows = slice(low, high + 1)
            places = diagonal - 1 - np.arange(low, high + 1)  # in the name, of the letter against each row
            of, letter = np.arange(low - 1, high)[:, None], codes[places]
            above = before[0][low - 1 : high] + added[low - 1 : high, None]
            found = np.minimum(above, before[0][rows] + extra[letter])
            found = np.minimum(found, before[1][low - 1 : high] + replaced[of, letter])
            inner = (places > 0) & (of[:, 0] > 0)
            if inner.any():
                one, other = of[inner], codes[places[inner] - 1]
                crossed = same[one, other] & same[one - 1, letter[inner]]
                price = np.maximum(exchanged[one], exchanged[one - 1])
                turned = np.where(crossed, before[3][one[:, 0] - 1] + price, _NEVER)
                found[inner] = np.minimum(found[inner], turned)
            now[rows] = np.minimum(found, _NEVER)
        best = np.minimum(best, now[size])
        before = [now, *before[:3]]
    return best


def _priced(letter: str, price: int) -> int:
    return _NEVER if letter.isdigit() else price


def _replaced(one: str, other: str) -> int:
    if one == other:
        return 0
    if not other:
        return _NEVER
    return (
        _ALIKE if one >= WIDE and sounds_like(one, other) else max(_priced(one, _REPLACED), _priced(other, _REPLACED))
    )
