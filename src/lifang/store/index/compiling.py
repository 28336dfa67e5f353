"""Clauses as tantivy's queries."""

from __future__ import annotations

from functools import singledispatch
from typing import NamedTuple

import tantivy
from tantivy import FieldType, Occur, Query

from lifang.store.index.model import Begins, Clause, Either, Every, Having, Nearly, Span, Without, Words
from lifang.store.index.slips import slips
from lifang.store.index.tokens import Term, stem, terms

_LEAST = -(2**63)  # of the numbers that a field holds
_NEAR, _FAR = 4, 8  # letters from which one, and two, may differ
_APART = 4  # values sought one by one: more are gathered from all documents before anything else narrows them
_EXACT = 3.0  # what a whole word counts beside one that only begins so
_SLIP = 100.0  # what a piece of Chinese one slip away counts beside some of its pairs


class _Into(NamedTuple):
    schema: tantivy.Schema
    expanding: bool


def compiled(clause: Clause, schema: tantivy.Schema, *, expanding: bool = True) -> Query:
    """Return the query that a clause means in an index of ``schema``.

    Not ``expanding``, a phrase with an open end is its closed part with any word that begins so, wherever it stands,
    and nothing is sought by slips: for where more words begin so than a phrase may have in one place.
    """
    return _query(clause, _Into(schema, expanding))


@singledispatch
def _query(clause: Clause, into: _Into) -> Query:
    raise TypeError(f"{clause!r} is no clause of {into.schema!r}")


@_query.register
def _(clause: Every, into: _Into) -> Query:
    parts = [_query(each, into) for each in clause.clauses if not _holds_anyway(each)]
    if not parts:
        return Query.const_score_query(Query.all_query(), 0.0)
    return parts[0] if len(parts) == 1 else Query.boolean_query([(Occur.Must, part) for part in parts])


@_query.register
def _(clause: Either, into: _Into) -> Query:
    parts = [(Occur.Should, _query(each, into)) for each in clause.clauses]
    return Query.boolean_query(parts) if parts else Query.empty_query()


@_query.register
def _(clause: Having, into: _Into) -> Query:
    values = list(clause.values)
    if 0 < len(values) <= _APART:
        parts = [(Occur.Should, Query.term_query(into.schema, clause.field, each, "basic")) for each in values]
        found = Query.boolean_query(parts) if values[1:] else parts[0][1]
    else:
        found = Query.term_set_query(into.schema, clause.field, values)
    return Query.const_score_query(found, 0.0)


@_query.register
def _(clause: Begins, into: _Into) -> Query:
    return Query.const_score_query(_beginning(clause.start, clause.field, into), 0.0)


@_query.register
def _(clause: Without, into: _Into) -> Query:
    parts = [(Occur.Must, Query.all_query()), (Occur.MustNot, _query(clause.clause, into))]
    return Query.const_score_query(Query.boolean_query(parts), 0.0)


@_query.register
def _(clause: Span, into: _Into) -> Query:
    low = _LEAST if clause.low is None and clause.high is None else clause.low
    span = Query.range_query(into.schema, clause.field, FieldType.Integer, low, clause.high)
    return Query.const_score_query(span, 0.0)


@_query.register
def _(clause: Words, into: _Into) -> Query:
    wanted = terms(clause.text)
    if not wanted:
        return Query.empty_query() if clause.text.strip() else Query.const_score_query(Query.all_query(), 0.0)
    parts = [(Occur.Must, _of(term, clause.field, into)) for term in wanted]
    for name, weight in clause.better.items():
        parts += [(Occur.Should, Query.boost_query(_of(term, name, into), weight)) for term in wanted]
    return Query.boolean_query(parts)


@_query.register
def _(clause: Nearly, into: _Into) -> Query:
    found = terms(clause.word)
    if not found:
        return Query.empty_query()
    term = found[0]
    if not term.is_wide:
        distance = 2 if len(term.tokens[-1]) >= _FAR else 1 if len(term.tokens[-1]) >= _NEAR else 0
        return Query.fuzzy_term_query(into.schema, clause.field, term.tokens[-1], distance)
    pairs = [_exact(token, clause.field, into) for token in term.tokens]
    near = [
        Query.boost_query(Query.regex_phrase_query(into.schema, clause.field, phrase), _SLIP)
        for phrase in (slips(clause.word) if into.expanding else ())
    ]
    return Query.boolean_query([(Occur.Should, each) for each in (*near, *pairs)])


def _holds_anyway(clause: Clause) -> bool:
    return isinstance(clause, Words) and not clause.text.strip()


def _of(term: Term, field: str, into: _Into) -> Query:
    """Return the query of one word: a phrase of its tokens, or all that begin with it and, in English, its kin."""
    *row, last = term.tokens
    if row:
        if term.open and into.expanding:
            return Query.regex_phrase_query(into.schema, field, [*row, f"{last}.*"])
        if term.open:
            before = Query.phrase_query(into.schema, field, [*row]) if row[1:] else _exact(row[0], field, into)
            end = Query.const_score_query(_beginning(last, field, into), 1.0)
            return Query.boolean_query([(Occur.Must, before), (Occur.Must, end)])
        return Query.phrase_query(into.schema, field, list(term.tokens))
    exact = _exact(last, field, into)
    if not term.open:
        return exact
    kin = [Query.const_score_query(_beginning(last, field, into), 1.0)]
    if not term.is_wide:
        kin.append(Query.const_score_query(_exact(stem(last), field, into), 1.0))
    parts = [Query.boost_query(exact, _EXACT), *kin]
    return Query.boolean_query([(Occur.Should, part) for part in parts])


def _exact(token: str, field: str, into: _Into) -> Query:
    return Query.term_query(into.schema, field, token)


def _beginning(start: str, field: str, into: _Into) -> Query:
    """Return the query of what begins so: an expression costs a third of a millisecond to compile, this nothing."""
    return Query.fuzzy_term_query(into.schema, field, start, distance=0, prefix=True)
