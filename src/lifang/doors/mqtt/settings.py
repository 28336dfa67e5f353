"""The ``[mqtt]`` table of ``city.toml``: where the city listens for MQTT, or which broker it goes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lifang.core import BadInput

PORT = 1883
_WHERE = "city.toml, [mqtt]"
_SCHEMES = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True)
class MqttSettings:
    """What ``[mqtt]`` says; ``BadInput`` names a key that does not fit.

    Without ``broker`` the city is a broker itself, at ``host`` and ``port``: 1883 or, where that is taken, any free
    one; a port that is written down is that one or none, 0 any. ``certificate`` and ``key`` are PEM files for TLS;
    an address other than loopback needs them, or ``plain = true``. ``broker`` (``mqtt://host:1883``, ``mqtts://…``)
    has the city be a client of another broker, known there as ``user`` with the password in ``password_file``;
    ``authority`` is a PEM file of whom to trust there. Files are relative to the city's folder. ``password_file``
    must be readable by its owner only. What stands in ``broker`` is taken in with the rights of ``as_person``.

    A broker drops what it cannot keep for a client that is slow or away, also at QoS 1: have it keep as much as may
    come (EMQX ``mqtt.max_mqueue_len``, Mosquitto ``max_queued_messages``; both keep 1,000 if nobody says so). EMQX
    forgets at its restart who had subscribed: what comes before the city is connected again is lost there.
    """

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int = -1
    certificate: str = ""
    key: str = ""
    plain: bool = False
    broker: str = ""
    user: str = ""
    password_file: str = ""
    authority: str = ""
    client_id: str = ""
    as_person: str = ""
    packet_max_bytes: int = 8_000_000
    clients_max: int = 20_000
    waiting_max: int = 100_000
    session_max_age_s: int = 604_800

    def __post_init__(self) -> None:
        if bool(self.certificate) != bool(self.key):
            raise BadInput("TLS needs both certificate and key.", where=_WHERE, mend="Name both files, or none.")
        if not -1 <= self.port <= 65_535:
            raise BadInput(f"{self.port} is no port.", where=_WHERE, mend="Write 1 to 65535, or 0 for a free one.")
        if not self.broker and not self.certificate and not self.plain and not _is_loopback(self.host):
            raise BadInput(
                f"MQTT on {self.host} would carry passwords in the clear.",
                where=_WHERE,
                mend="Name certificate and key, or write plain = true.",
            )
        if self.broker:
            self.address()

    @classmethod
    def from_table(cls, table: Mapping[str, Any]) -> MqttSettings:
        """Return the settings in the table."""
        known = {each.name: each.default for each in fields(cls)}
        for name, value in table.items():
            if name not in known:
                raise BadInput(f"{name!r} is not known.", where=_WHERE, mend=f"Known: {', '.join(known)}.")
            if type(value) is not type(known[name]):
                raise BadInput(f"{name} = {value!r} does not fit.", where=_WHERE, mend=f"Like {known[name]!r}.")
        return cls(**table)

    def address(self) -> tuple[str, int, bool]:
        """Return host, port and whether TLS is used of the outside broker."""
        try:
            parts = urlsplit(self.broker)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in _SCHEMES or not parts.hostname or parts.username or parts.path.strip("/"):
            raise BadInput(
                "broker is not an address.",
                where=_WHERE,
                mend="Write mqtt://host:1883 or mqtts://host:8883; the user goes into user and password_file.",
            )
        return parts.hostname, port or _SCHEMES[parts.scheme], parts.scheme == "mqtts"


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def read_password(folder: Path, name: str) -> str:
    """Return the password in a file that only its owner may read; ``BadInput`` if others may."""
    path = folder / name
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"password_file cannot be read: {error}.", where=_WHERE, mend="Correct its name.") from error
    if mode & 0o077:
        raise BadInput("Others may read password_file.", where=str(path), mend="chmod 600 it.")
    return text
