"""Machines at work: the simulated network's gateway, and the player of what was recorded, beside a served city."""

from __future__ import annotations

import logging
import secrets
from contextlib import suppress
from pathlib import Path

from lifang.app import GATEWAY, PERIOD_S, PERSON, City
from lifang.core import NotFound
from lifang.doors.cli.client import Client
from lifang.doors.cli.show import ERR
from lifang.doors.cli.simulation import Gateway, Keys, Player
from lifang.guard import SYSTEM, Role

_MEMORY = "simulated-gateway.txt"
_PLAYER = "replay"


def run(folder: Path) -> None:
    """Run the gateway against the city that is served from ``folder``, until Ctrl-C."""
    with Client(folder) as client:
        if client.address is None:
            raise NotFound(f"Nobody serves {folder}.", mend=f"Run `lifang serve --dir {folder}` first.")
        client.get(f"/api/v1/network/devices/{GATEWAY}")
        values = client.post("/api/v1/tokens", {"person": PERSON, "label": "sense simulate"})
        device = client.post(f"/api/v1/devices/{GATEWAY}/tokens", {"label": "sense simulate"})
        gateway = started(client.address, Keys(values["secret"], device["secret"]), folder)
        ERR.print("lifang: the simulated gateway runs; its values are made up", markup=False)
        with suppress(KeyboardInterrupt):
            gateway.wait()
        gateway.close()
        client.delete(f"/api/v1/device-tokens/{device['id']}")
        client.delete(f"/api/v1/tokens/{values['id']}")


def beside(city: City, url: str) -> Gateway:
    """Return the gateway that runs beside a demonstration, with fresh tokens of its own, over HTTP as any other."""
    values = _fresh_token(city, PERSON)
    for known in city.tasking.tokens.tokens(GATEWAY):
        if known.revoked is None:
            city.tasking.tokens.revoke_token(known.id, by=SYSTEM)
    _, device = city.tasking.tokens.issue_token(GATEWAY, "demo", by=SYSTEM)
    return started(url, Keys(values, device), city.folder)


def playing(city: City, url: str) -> Player | None:
    """Return the machine that carries the recorded values to the served city from now on; ``None`` without a replay."""
    if city.replay is None:
        return None
    try:
        city.identity.person(_PLAYER)
    except NotFound:
        city.identity.add_person(_PLAYER, secrets.token_urlsafe(24), roles=[Role.OPERATOR], by=SYSTEM)
    player = Player(url, _fresh_token(city, _PLAYER))
    city.replay.deliver_by(player.send)
    return player


def _fresh_token(city: City, name: str) -> str:
    """Return the secret of a new token of a machine, whose older ones hold no more."""
    person = city.identity.person(name)
    for token in city.identity.tokens(person.id):
        if token.revoked is None:
            city.identity.revoke_token(token.id, by=SYSTEM)
    return city.identity.issue_token(person.id, "beside the served city", by=SYSTEM)[1]


def started(url: str, keys: Keys, folder: Path) -> Gateway:
    """Return a gateway at work."""
    logging.getLogger("httpx").setLevel(logging.WARNING)
    gateway = Gateway(url, keys, device=GATEWAY, period_s=PERIOD_S, memory=folder / _MEMORY)
    gateway.start()
    return gateway
