"""Cities made by this process. Loaded by the commands that do so only: it brings in the house, without its doors."""

from __future__ import annotations

import secrets
from pathlib import Path

from lifang.app import City, find_pack, keep_first_login, lay_out, lay_out_empty, open_city, register_simulated
from lifang.doors.cli.show import progress


def make(folder: Path, *, city_id: str, name: str, area_code: str) -> None:
    """Make an empty city in ``folder``."""
    lay_out_empty(folder, city_id=city_id, name=name, area_code=area_code)
    with open_city(folder) as city:
        offer_first_login(city)


def make_from(pack: str, folder: Path, *, simulate: bool) -> None:
    """Make a city in ``folder`` from a pack; ``simulate`` adds the simulated network."""
    source = find_pack(pack)
    lay_out(folder, source)
    with open_city(folder) as city:
        furnish(city, source)
        if simulate:
            register_simulated(city)


def furnish(city: City, source: Path, *, models: bool = True) -> None:
    """Furnish ``city`` from a pack, with a progress bar, and offer a first log-in."""
    city.sensing.start()
    with progress() as bars:
        task = bars.add_task(f"opening {source.name}", total=1.0)

        def tell(fraction: float, note: str) -> None:
            bars.update(task, completed=fraction, description=f"opening {source.name}  {note}")

        city.furnish(source, tell=tell, models=models)
    offer_first_login(city)


def offer_first_login(city: City) -> None:
    """Make the first administrator, if there is nobody yet, and keep the password for whoever owns the folder."""
    password = secrets.token_urlsafe(12)
    if city.identity.first_administrator(password):
        keep_first_login(city.folder, password)
