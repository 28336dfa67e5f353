"""Cities served by this process. Loaded by the commands that do so only: it brings in the whole house."""

from __future__ import annotations

import runpy
import threading
import webbrowser
from pathlib import Path

from lifang.app import GATEWAY, City, find_pack, first_login, lay_out, open_city, register_simulated
from lifang.doors.api import serve as serve_http
from lifang.doors.cli.founding import furnish, offer_first_login
from lifang.doors.cli.show import ERR, OUT
from lifang.doors.cli.simulate import beside, playing
from lifang.doors.cli.simulation import Gateway, Player

_BUILDER = Path(__file__).parents[4] / "tools" / "build_page.py"  # there in a checkout only


def demonstrate(
    pack: str, folder: Path | None, *, port: int, speed: float | None, browser: bool, simulate: bool
) -> None:
    """Make a city from a pack, if it is not there yet, and serve it until Ctrl-C."""
    source = find_pack(pack)
    home = folder or Path("city") / source.name
    lay_out(home, source)
    with open_city(home) as city:
        furnish(city, source, models=False)
        if speed is not None:
            city.set_speed(speed)
        simulated = simulate and (register_simulated(city) > 0 or city.network.is_registered(GATEWAY))
        city.furnish_models_later(source, simulate=simulated)
        _serve(city, "127.0.0.1", port, browser=browser, simulated=simulated)


def serve(folder: Path, host: str, port: int) -> None:
    """Serve the city in ``folder`` until Ctrl-C."""
    with open_city(folder) as city:
        offer_first_login(city)
        _serve(city, host, port, browser=False)


def _serve(city: City, host: str, port: int, *, browser: bool, simulated: bool = False) -> None:
    machines: list[Gateway | Player] = []

    def ready(url: str) -> None:
        city.store.announce(url, city.owner_secret)
        OUT.print(f"lifang: {url}", markup=False, highlight=False, soft_wrap=True)
        for line in (_mqtt_line(city), _login_line(city.folder)):
            OUT.print(line, markup=False, highlight=False, soft_wrap=True)
        if is_page_behind(_BUILDER):
            ERR.print("lifang: the page is older than its sources. To mend: make page", markup=False, highlight=False)
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


def is_page_behind(builder: Path) -> bool:
    """Return whether this is a checkout, which has the ``builder`` of the page, and the page is not as its sources."""
    return builder.exists() and not runpy.run_path(str(builder))["is_built"]()


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
