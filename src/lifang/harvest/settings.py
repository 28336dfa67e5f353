"""The ``[harvest]`` table of ``city.toml``: which portals may be reached beyond public ones, and how much is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from lifang import outside
from lifang.core import BadInput

_WHERE = "city.toml, [harvest]"
_LISTS = frozenset({"allow", "ports"})


@dataclass(frozen=True)
class HarvestSettings:
    """What ``[harvest]`` says; ``BadInput`` names a key that does not fit.

    ``allow`` are addresses and networks, beyond public ones, that may be harvested (this machine itself only if it is
    named here); ``ports`` the TCP ports; ``page_bytes_max`` bounds one answer, ``datasets_max`` one harvest.
    """

    allow: tuple[str, ...] = ()
    ports: tuple[int, ...] = (80, 443)
    page_bytes_max: int = 20_000_000
    datasets_max: int = 200_000
    timeout_s: int = 60

    def __post_init__(self) -> None:
        outside.check_networks(self.allow)
        numbers = [*self.ports, self.page_bytes_max, self.datasets_max, self.timeout_s]
        if not all(type(each) is int and each > 0 for each in numbers) or any(port > 65_535 for port in self.ports):
            raise BadInput("A number does not fit.", where=_WHERE, mend="Write whole numbers above 0, ports to 65535.")

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> HarvestSettings:
        """Return the settings in the table."""
        known = [each.name for each in fields(cls)]
        for name, value in table.items():
            if name not in known or (name in _LISTS) != isinstance(value, list | tuple):
                mend = f"Known: {', '.join(known)}; allow and ports are lists."
                raise BadInput(f"{name!r} does not fit.", where=_WHERE, mend=mend)
        typed: dict[str, Any] = {name: tuple(value) if name in _LISTS else value for name, value in table.items()}
        return cls(**typed)

    @property
    def reach(self) -> outside.Reach:
        """What a harvest may reach."""
        networks = outside.check_networks(self.allow)
        return outside.Reach(networks, self.ports, self.page_bytes_max, float(self.timeout_s))
