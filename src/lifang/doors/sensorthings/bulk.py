"""CreateObservations: many observations in one body, each with its own outcome (OGC 18-088, clause 13.2).

Plain numbers take the short way; bodies that say more (result times, features, complex results) or hold a row that is
none are read row by row, so that one bad row costs only itself.
"""

from __future__ import annotations

from typing import Any

import orjson

from lifang.app import Asker
from lifang.core import BadInput, TooLarge
from lifang.doors.sensorthings.exchange import check_depth
from lifang.doors.sensorthings.rendering import written
from lifang.doors.sensorthings.resolving import sight_of
from lifang.sensing import Receipt

_MORE = (b"MultiDatastream", b'"resultTime"', b'"validTime"', b'"parameters"', b"FeatureOfInterest")


def is_plain(body: bytes) -> bool:
    """Return whether the body names nothing but times, numbers and qualities."""
    return not any(mark in body for mark in _MORE)


def receive(asker: Asker, body: bytes) -> Receipt | None:
    """Return the receipt of a plain body, ``None`` if it has to be read row by row."""
    if not is_plain(body):
        return None
    try:
        return asker.city.sensing.receive_data_array(body, by=asker.subject)
    except TooLarge:
        raise
    except BadInput:
        return None


def create_observations(asker: Asker, body: bytes, root: str) -> list[str]:
    """Return, per row, the address of its Observation, or ``error``; on disk by then."""
    receipt = receive(asker, body)
    if receipt is not None:
        receipt.batch.result()
        return receipt.outcomes(root)
    return by_rows(asker, body, root)


def by_rows(asker: Asker, body: bytes, root: str) -> list[str]:
    """Return the outcomes of a body that is read row by row."""
    try:
        groups: Any = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadInput(
            f"The body is not JSON: {error.msg}.", where=f"character {error.pos}", mend="Send UTF-8 JSON."
        ) from error
    check_depth(groups)
    entities = asker.city.sensing.entities
    with entities.change(asker.subject, sight_of(asker), asker.purpose) as change:
        ids = entities.create_rows(change, groups)
    return ["error" if each is None else f"{root}/Observations({written(each)})" for each in ids]
