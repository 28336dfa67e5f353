"""The OData query options of SensorThings that are offered; others are refused by name."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from lifang.core import BadInput
from lifang.doors.http import NotOffered

TOP = 100  # items of a page when the client does not say
TOP_MAX = 1000
_SKIP_MAX = 10_000_000
_BOOLEANS = {"true": True, "false": False}
_ORDERS = {
    "phenomenontime": False,
    "phenomenontime asc": False,
    "phenomenontime desc": True,
}


@dataclass(frozen=True)
class Options:
    """What a client asked for: how many, after how many, whether to count, newest first or last."""

    top: int = TOP
    skip: int = 0
    count: bool = False
    descending: bool = False

    def next_query(self, given: QueryParams) -> str:
        """Return the query of the next page."""
        pairs = [(name, value) for name, value in given.multi_items() if name not in {"$skip", "$top"}]
        return urlencode([*pairs, ("$top", str(self.top)), ("$skip", str(self.skip + self.top))], safe="$")


def read_options(given: QueryParams, *, orders: bool) -> Options:
    """Return the options in a query; ``NotOffered`` names one that is not, ``BadInput`` one that is malformed."""
    found = Options()
    for name, text in given.multi_items():
        if name == "$top":
            found = replace(found, top=_number(name, text))
        elif name == "$skip":
            found = replace(found, skip=_number(name, text))
        elif name == "$count":
            found = replace(found, count=_boolean(text))
        elif name == "$orderby" and orders:
            found = replace(found, descending=_order(text))
        elif name == "$orderby" and text.strip().lower() in {"id", "@iot.id", "id asc", "@iot.id asc"}:
            continue
        elif name.startswith("$"):
            raise NotOffered(
                f"{name[:40]} is not offered here.",
                where=name[:40],
                mend="Use $top, $skip, $count, and $orderby=phenomenonTime on Observations.",
            )
    return replace(found, top=min(found.top, TOP_MAX))


def _number(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10) or int(text) > _SKIP_MAX:
        raise BadInput(f"{text[:40]!r} is not a number of items.", where=name, mend="Write 0 or more.")
    return int(text)


def _boolean(text: str) -> bool:
    if text not in _BOOLEANS:
        raise BadInput(f"{text[:40]!r} is neither true nor false.", where="$count", mend="Write $count=true.")
    return _BOOLEANS[text]


def _order(text: str) -> bool:
    known = _ORDERS.get(" ".join(text.lower().split()))
    if known is None:
        raise NotOffered(
            f"Ordering by {text[:40]!r} is not offered.", where="$orderby", mend="Order by phenomenonTime, asc or desc."
        )
    return known
