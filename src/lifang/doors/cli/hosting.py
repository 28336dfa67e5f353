"""Cities made and served by this process. Loaded by the commands that do so only: it brings in the whole house."""

from __future__ import annotations

import secrets
import threading
import webbrowser
from pathlib import Path

from lifang.app import (
    GATEWAY,
    City,
    find_pack,
    first_login,
    keep_first_login,
    lay_out,
    lay_out_empty,
    open_city,
    register_simulated,
)
from lifang.doors.api import serve as serve_http
from lifang.doors.cli.show import ERR, OUT, progress
from lifang.doors.cli.simulate import beside, playing
from lifang.doors.cli.simulation import Gateway, Player


def make(folder: Path, *, city_id: str, name: str, area_code: str) -> None:
    """Make an empty city in ``folder``."""
    lay_out_empty(folder, city_id=city_id, name=name, area_code=area_code)
    with open_city(folder) as city:
        _first_login(city)


def make_from(pack: str, folder: Path, *, simulate: bool) -> None:
    """Make a city in ``folder`` from a pack; ``simulate`` adds the simulated network."""
    source = find_pack(pack)
    lay_out(folder, source)
    with open_city(folder) as city:
        _furnish(city, source)
        if simulate:
            register_simulated(city)


def demonstrate(
    pack: str, folder: Path | None, *, port: int, speed: float | None, browser: bool, simulate: bool
) -> None:
    """Make a city from a pack, if it is not there yet, and serve it until Ctrl-C."""
    source = find_pack(pack)
    home = folder or Path("city") / source.name
    lay_out(home, source)
    with open_city(home) as city:
        _furnish(city, source, models=False)
        if speed is not None:
            city.set_speed(speed)
        simulated = simulate and (register_simulated(city) > 0 or city.network.is_registered(GATEWAY))
        city.furnish_models_later(source, simulate=simulated)
        _serve(city, "127.0.0.1", port, browser=browser, simulated=simulated)


def serve(folder: Path, host: str, port: int) -> None:
    """Serve the city in ``folder`` until Ctrl-C."""
    with open_city(folder) as city:
        _first_login(city)
        _serve(city, host, port, browser=False)


def _furnish(city: City, source: Path, *, models: bool = True) -> None:
    city.sensing.start()
    with progress() as bars:
        task = bars.add_task(f"opening {source.name}", total=1.0)

        def tell(fraction: float, note: str) -> None:
            bars.update(task, completed=fraction, description=f"opening {source.name}  {note}")

        city.furnish(source, tell=tell, models=models)
    _first_login(city)


def _first_login(city: City) -> None:
    password = secrets.token_urlsafe(12)
    if city.identity.first_administrator(password):
        keep_first_login(city.folder, password)


def _serve(city: City, host: str, port: int, *, browser: bool, simulated: bool = False) -> None:
    machines: list[Gateway | Player] = []

    def ready(url: str) -> None:
        city.store.announce(url, city.owner_secret)
        OUT.print(f"lifang: {url}", markup=False, highlight=False, soft_wrap=True)
        for line in (_mqtt_line(city), _login_line(city.folder)):
            OUT.print(line, markup=False, highlight=False, soft_wrap=True)
        if player := playing(city, url):
            machines.append(player)
        if simulated:
            machines.append(beside(city, url))
        if browser:
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    def ending() -> None:
        if city.replay:
            city.replay.deliver_by(None)

    try:
        serve_http(city, host=host, port=port, ready=ready, ending=ending)
    finally:
        for machine in machines:
            machine.close()
        ERR.print("lifang: stopped", markup=False)


def _mqtt_line(city: City) -> str:
    address = city.addresses.get("mqtt")
    if address is None:
        return "lifang: MQTT is off"
    taken = not {"port", "broker"} & set(city.settings.mqtt) and not address.endswith(":1883")
    return f"lifang: {address}" + (" (port 1883 is taken)" if taken else "")


def _login_line(folder: Path) -> str:
    password = first_login(folder)
    if password is None:
        return "lifang: log in with your own name"
    return f"lifang: first log-in: admin / {password}"
