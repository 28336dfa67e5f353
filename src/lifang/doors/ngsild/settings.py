"""The ``[ngsild]`` table of ``city.toml``: where notifications may go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lifang import outside
from lifang.core import BadInput

_WHERE = "city.toml, [ngsild]"


@dataclass(frozen=True)
class NgsildSettings:
    """What ``[ngsild]`` says; ``BadInput`` names a key that does not fit.

    ``allow`` are addresses and networks, beyond public ones, that notifications may go to; ``ports`` the TCP ports.
    """

    allow: tuple[str, ...] = ()
    ports: tuple[int, ...] = (80, 443)

    def __post_init__(self) -> None:
        outside.check_networks(self.allow)
        for port in self.ports:
            if not isinstance(port, int) or not 0 < port < 65_536:
                raise BadInput(f"{port!r} is no port.", where=_WHERE, mend="Write numbers from 1 to 65535.")

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> NgsildSettings:
        """Return the settings in the table."""
        for name, value in table.items():
            if name not in {"allow", "ports"} or not isinstance(value, list | tuple):
                raise BadInput(f"{name!r} does not fit.", where=_WHERE, mend="Known: allow and ports, both lists.")
        return cls(**{name: tuple(value) for name, value in table.items()})
