"""Names of legal entities as they are compared: one form for the many ways in which bureaus write one name."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable

_NOISE = re.compile(r"[\s·.,，。、_\-—\"'“”‘’]+")
_FORMS = (("有限责任公司", "有限公司"), ("股份有限公司", "股份公司"))


def plain_name(name: str) -> str:
    """Return a name as it is compared: NFKC, upper case, round brackets, no blanks or points, short legal forms."""
    text = unicodedata.normalize("NFKC", name).upper()
    for odd, plain in (("【", "("), ("】", ")"), ("[", "("), ("]", ")"), ("〔", "("), ("〕", ")")):
        text = text.replace(odd, plain)
    text = _NOISE.sub("", text)
    for long, short in _FORMS:
        text = text.replace(long, short)
    return text


def by_name(known: Iterable[tuple[str, str]]) -> Callable[[str], set[str]]:
    """Return what finds the keys of the records that have a name, of (key, name) pairs."""
    found: dict[str, set[str]] = defaultdict(set)
    for key, name in known:
        found[plain_name(name)].add(key)
    return lambda name: found.get(plain_name(name), set())
