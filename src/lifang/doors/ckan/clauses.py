"""Conditions in Solr's words as clauses of the catalogue's index."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC

from lifang.core import BadInput, parse_instant, to_micros
from lifang.doors.ckan.envelope import SearchFault
from lifang.doors.ckan.solr import Group, Node, Not, Term
from lifang.store import Begins, Clause, Either, Every, Having, Span, Without, Words

OPEN = Having("classification", ["open"])
_DATED = ("metadata_created", "metadata_modified")


def clause_of(node: Node) -> Clause:
    """Return what a condition means in the index; ``SearchFault`` says what is not understood."""
    if isinstance(node, Not):
        return Without(clause_of(node.part))
    if isinstance(node, Group):
        parts = [clause_of(part) for part in node.parts]
        return Either(parts) if node.any_of else Every(parts)
    if node.field not in _FIELDS:
        mend = f"Known: {', '.join(sorted(filter(None, _FIELDS)))}."
        raise SearchFault(f"There is no field {node.field[:60]!r}.", where="fq", mend=mend)
    if node.is_range and node.field not in _DATED:
        what = f"{node.field} has no order to cut a range from."
        raise SearchFault(what, where="fq", mend=f"Write a range of {' or '.join(_DATED)}.")
    return _FIELDS[node.field](node)


def _value(field: str) -> Callable[[Term], Clause]:
    """Return what finds a whole value, or one that begins so."""

    def found(term: Term) -> Clause:
        return Begins(field, term.value[:-1]) if term.value.endswith("*") else Having(field, [term.value])

    return found


def _words(field: str) -> Callable[[Term], Clause]:
    """Return what finds words anywhere in a text."""

    def found(term: Term) -> Clause:
        wanted = term.value.rstrip("*")
        return Words(wanted, field) if wanted else Begins(field)

    return found


def _moment(field: str) -> Callable[[Term], Clause]:
    def found(term: Term) -> Clause:
        if not term.is_range:
            return Span(field) if term.value == "*" else Span(field, _micros(term.value), _micros(term.value))
        low = None if term.low == "*" else _micros(term.low) + (not term.inside[0])
        high = None if term.high == "*" else _micros(term.high) - (not term.inside[1])
        return Span(field, low, high)

    return found


def _micros(text: str) -> int:
    try:
        return to_micros(parse_instant(text.upper(), default_zone=UTC))
    except BadInput as error:
        raise SearchFault(error.what, where="fq", mend=error.mend) from error


def _one_of(values: Mapping[str, Clause]) -> Callable[[Term], Clause]:
    """Return what finds values of which there are only few."""

    def found(term: Term) -> Clause:
        start = term.value.rstrip("*")
        begins = term.value.endswith("*")
        return Either(
            [each for value, each in values.items() if value == start or (begins and value.startswith(start))]
        )

    return found


_FIELDS: Mapping[str, Callable[[Term], Clause]] = {
    "": _words("full"),
    "text": _words("full"),
    "id": _value("id"),
    "name": _value("id"),
    "title": _words("name"),
    "title_string": _words("name"),
    "notes": _words("summary"),
    "organization": _value("organization"),
    "owner_org": _value("organization"),
    "author": _value("author"),
    "groups": _value("group"),
    "tags": _value("word"),
    "license_id": _value("licence_id"),
    "res_format": _value("offer"),
    "type": _one_of({"dataset": Every()}),
    "dataset_type": _one_of({"dataset": Every()}),
    "state": _one_of({"active": Every()}),
    "capacity": _one_of({"public": OPEN, "private": Without(OPEN)}),
    "private": _one_of({"false": OPEN, "true": Without(OPEN)}),
    "classification": _value("classification"),
    "metadata_created": _moment("created"),
    "metadata_modified": _moment("updated"),
}
