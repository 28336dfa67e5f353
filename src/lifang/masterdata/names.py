"""Names as they are compared: one form for the many ways in which bureaus write one name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

Plain = Callable[[pa.Array], pa.Array]

_NOISE = re.compile(r"[\s·.,，。、_\-—\"'“”‘’]+")
_FORMS = (("有限责任公司", "有限公司"), ("股份有限公司", "股份公司"))
_BRACKETS = (("【", "("), ("】", ")"), ("[", "("), ("]", ")"), ("〔", "("), ("〕", ")"))
_WIDE = (("（", "("), ("）", ")"))  # what NFKC makes of the only letters of `_USUAL` that it changes and keeps
_USUAL = r"^[ -~\x{4e00}-\x{9fff}（），。、·—“”‘’【】〔〕]*$"
_SAID_AS_NOISE = "[ ·.,，。、_\\-—\"'“”‘’]+"


def plain_name(name: str) -> str:
    """Return a name as it is compared: NFKC, upper case, round brackets, no blanks or points, short legal forms."""
    text = unicodedata.normalize("NFKC", name).upper()
    for odd, plain in _BRACKETS:
        text = text.replace(odd, plain)
    text = _NOISE.sub("", text)
    for long, short in _FORMS:
        text = text.replace(long, short)
    return text


def plain_names(names: pa.Array) -> pa.Array:
    """Return what :func:`plain_name` makes of each name; all at once where they are of usual letters only."""
    text = pc.utf8_upper(names)
    for odd, plain in (*_WIDE, *_BRACKETS):
        text = pc.replace_substring(text, odd, plain)
    text = pc.replace_substring_regex(text, _SAID_AS_NOISE, "")
    for long, short in _FORMS:
        text = pc.replace_substring(text, long, short)
    odd = pc.fill_null(pc.invert(pc.match_substring_regex(names, _USUAL)), False)
    if pc.any(odd).as_py():
        apart = pa.array([plain_name(each) for each in names.filter(odd).to_pylist()], pa.string())
        text = pc.replace_with_mask(text, odd, apart)
    return text


def one_by_one(plain: Callable[[str], str]) -> Plain:
    """Return what makes an array of texts of an array of texts, of what makes one of one."""
    return lambda texts: pa.array([None if each is None else plain(each) for each in texts.to_pylist()], pa.string())
