"""The player: sends the recorded values that are due to the city, as any gateway sends what its devices measure.

The replay says when a value is due and tries again what was not acknowledged; the player only carries it.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import numpy as np
import orjson

from lifang.core import Unavailable
from lifang.sensing import Quality
from lifang.store import Observations

_TIMEOUT_S = 30.0
_ROWS = 50_000  # of one request
_PATH = "/sta/v1.1/CreateObservations"


class Player:
    """Sends observations to the city at ``url`` in the name of the machine that ``token`` belongs to."""

    def __init__(self, url: str, token: str) -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT_S)

    def send(self, due: Observations) -> None:
        """Send values by SensorThings CreateObservations; return once all of them are acknowledged.

        Raises:
            Unavailable: The city did not answer, or not all were acknowledged.
        """
        for body in _bodies(due):
            try:
                answer = self._http.post(_PATH, content=body)
            except httpx.TransportError as error:
                raise Unavailable(
                    f"Recorded values could not be sent: {error}.", mend="They are sent again."
                ) from error
            if answer.status_code != 201 or "error" in answer.json():
                raise Unavailable(
                    f"Recorded values were refused: {answer.status_code} {answer.text[:200]}.",
                    mend="They are sent again; see whether the machine `replay` may still send.",
                )

    def close(self) -> None:
        """Give up the connection."""
        self._http.close()


def _bodies(due: Observations) -> Iterator[bytes]:
    """Yield bodies of up to ``_ROWS`` rows, a group a datastream."""
    for start in range(0, len(due), _ROWS):
        part = slice(start, start + _ROWS)
        number, time = due.datastream[part], due.time[part].astype("datetime64[us]")
        moments = np.datetime_as_string(time, unit="us", timezone="UTC").tolist()
        words = [Quality(code).word for code in due.quality[part].tolist()]
        rows = list(zip(moments, due.value[part].tolist(), words, strict=True))
        order = np.argsort(number, kind="stable")
        edges = np.flatnonzero(np.diff(number[order])) + 1
        groups = [
            {
                "Datastream": {"@iot.id": int(number[places[0]])},
                "components": ["phenomenonTime", "result", "resultQuality"],
                "dataArray": [rows[place] for place in places.tolist()],
            }
            for places in np.split(order, edges)
        ]
        yield orjson.dumps(groups)
