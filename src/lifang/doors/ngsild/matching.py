"""Matching: which entities a query asks for, worked out over columns."""

from __future__ import annotations

from dataclasses import replace
from functools import reduce

import numpy as np
import pyarrow as pa

from lifang.core import BadInput
from lifang.doors.ngsild.column import Bools, Column
from lifang.doors.ngsild.facts import RELATIONSHIPS, Facts, quality_column
from lifang.doors.ngsild.problems import NotSupported
from lifang.doors.ngsild.query import Either, Every, Query, Term
from lifang.doors.ngsild.roll import Rows

LANGUAGES = ("zh", "en")
_DENIED = {"!=": "==", "!~=": "~="}


def matching(query: Query, facts: Facts, rows: Rows) -> Bools:
    """Return which of ``rows`` (rising) meet the query."""
    if isinstance(query, Every):
        found = np.ones(len(rows), np.bool_)
        for part in query.parts:  # what one part refuses, the next is not asked
            left = np.flatnonzero(found)
            found[left] = matching(part, facts, rows[left])
        return found
    if isinstance(query, Either):
        return reduce(np.logical_or, (matching(part, facts, rows) for part in query.parts))
    return _term(query, facts, rows)


def has_any(names: frozenset[str], facts: Facts, rows: Rows) -> Bools:
    """Return which of ``rows`` have one of these attributes."""
    found = np.zeros(len(rows), np.bool_)
    for name in names:
        found |= np.ones(len(rows), np.bool_) if name == "classification" else _term(Term((name,)), facts, rows)
    return found


def _term(term: Term, facts: Facts, rows: Rows) -> Bools:
    name, subs = term.path[0], term.path[1:]
    if name == "modifiedAt":
        raise NotSupported("Entities are not sought by modifiedAt.", where="q", mend="Ask an attribute's observedAt.")
    found = np.zeros(len(rows), np.bool_)
    measured = np.zeros(len(rows), np.bool_)
    numbers, place, latest = facts.instances(name, rows)
    if len(numbers):
        measured[place] = True
        if not subs:
            hits = _asked(Column(len(latest), number=latest.value), term)
        elif subs == ("observedAt",):
            hits = _asked(Column(len(latest), moment=latest.time), term)
        elif subs == ("quality",):
            hits = _asked(quality_column(latest), term)
        elif subs == ("unitCode",):
            hits = _asked(Column(len(latest), text=facts.units(numbers)), term)
        else:
            hits = np.zeros(len(latest), np.bool_)
        found[place[hits]] = True
    if subs:
        return found
    declared = _declared(_columns(term, facts, rows), term)
    return found | (declared & ~measured)  # a measured attribute hides a declared one of the same name


def _declared(columns: list[Column], term: Term) -> Bools:
    """Return where one of the columns meets the term; of a denial, where there is a value and none meets it."""
    positive = replace(term, operator=_DENIED.get(term.operator, term.operator))
    hits: Bools = reduce(np.logical_or, (_asked(column, positive) for column in columns))
    if positive.operator == term.operator:
        return hits
    there: Bools = reduce(np.logical_or, (column.present() for column in columns))
    return there & ~hits


def _columns(term: Term, facts: Facts, rows: Rows) -> list[Column]:
    name = term.path[0]
    if name == "location":
        if term.operator:
            raise BadInput("A location is asked with georel.", where="q", mend="Use georel, geometry, coordinates.")
        return [Column(len(rows), there=~np.isnan(facts.roll.lon[rows]))]
    if name == "name":
        wanted = LANGUAGES if term.inside in {(), ("*",)} else term.inside
        known = [each for each in wanted if each in LANGUAGES]
        return [facts.column(f"name[{each}]", rows) for each in known] or [Column(len(rows))]
    found = facts.column(name, rows)
    if name in RELATIONSHIPS or not term.inside:
        return [found]
    return [found.inside(term.inside)]


def _asked(column: Column, term: Term) -> Bools:
    if not term.operator:
        return column.present()
    return column.holds(term.operator, term.values)


def texts_match(texts: pa.StringArray, pattern: str) -> Bools:
    """Return which texts hold a match of a regular expression; null is none."""
    return Column(len(texts), text=texts).holds("~=", (pattern,))
