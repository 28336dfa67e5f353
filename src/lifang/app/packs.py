"""City packs: folders of data and settings, no logic, from which a living city is opened.

A pack holds ``city.toml``, ``datasets/<id>.toml`` (one card a dataset, ``file`` names its data), ``models/<id>.toml``
(one a model of the city's objects; of pipes, ``crs``, ``ground`` and ``cover_m`` say how they lie),
``scenarios/<id>.toml`` (what the city would be: ``models`` of its own, what it ``removes``) and ``data/``.
"""

from __future__ import annotations

import shutil
import tomllib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from lifang.core import CITY_FILE, BadInput, Conflict, NotFound, load_settings
from lifang.standards import code_list

Tell = Callable[[float, str], None]

_PACKAGE = Path(str(files("lifang")))
_HOMES = (_PACKAGE / "cities", _PACKAGE.parents[1] / "cities")  # in a wheel; in a checkout

_TEMPLATE = """\
# A city of lifang. Every key is described in docs/reference/settings.md.
id = "{id}"
name_zh = "{name}"
name_en = "{name}"
area_code = "{area_code}"        # GB/T 2260
time_zone = "Asia/Shanghai"
extent = [-180.0, -90.0, 180.0, 90.0]  # west, south, east, north in degrees
"""


def packs() -> dict[str, Path]:
    """Return the folder of each city pack that came with this lifang, by id."""
    return {
        folder.name: folder
        for home in _HOMES
        if home.is_dir()
        for folder in sorted(home.iterdir())
        if (folder / CITY_FILE).is_file()
    }


def find_pack(name: str) -> Path:
    """Return the pack's folder, given the id of one that came with lifang or a path; ``NotFound`` names those known."""
    known = packs()
    if name in known:
        return known[name]
    if (Path(name) / CITY_FILE).is_file():
        return Path(name)
    raise NotFound(f"There is no city pack {name!r}.", mend=f"Known: {', '.join(known) or 'none'}; or give a folder.")


def lay_out(folder: Path, pack: Path) -> None:
    """Put the pack's ``city.toml`` into ``folder``, made if need be; a city already there stays as it is."""
    there = load_settings(pack, {})
    _make_private(folder)
    target = folder / CITY_FILE
    if target.exists():
        here = load_settings(folder, {})
        if here.id != there.id:
            raise Conflict(f"{folder} holds the city {here.id!r}, not {there.id!r}.", mend="Choose another --dir.")
        return
    partial = target.with_suffix(".partial")
    shutil.copyfile(pack / CITY_FILE, partial)
    partial.replace(target)


def lay_out_empty(folder: Path, *, city_id: str, name: str, area_code: str) -> None:
    """Make an empty city in ``folder``; ``Conflict`` if there is one, ``BadInput`` or ``UnknownCode`` for a bad one."""
    target = folder / CITY_FILE
    if target.exists():
        raise Conflict(f"{folder} holds a city already.", where=str(target))
    _make_private(folder)
    for text in (city_id, name, area_code):
        if any(sign in text for sign in '"\\\n'):
            raise BadInput(f"{text!r} cannot stand in city.toml.", mend="Leave out quotes and backslashes.")
    if area_code:
        code_list("gbt2260").forward(area_code)
    target.write_text(_TEMPLATE.format(id=city_id, name=name, area_code=area_code), "utf-8")
    try:
        load_settings(folder, {})
    except BadInput:
        target.unlink()
        raise


def _make_private(folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)


def pack_datasets(pack: Path) -> list[tuple[Path, Path]]:
    """Return (card, data file) of each dataset of the pack; those the map draws first: others are checked by them."""
    drawn = [layer["dataset"] for layer in load_settings(pack, {}).layers]
    cards = sorted((pack / "datasets").glob("*.toml"))
    cards.sort(key=lambda card: drawn.index(card.stem) if card.stem in drawn else len(drawn))
    return [(card, data_file(pack, card)) for card in cards]


def data_file(pack: Path, card: Path, key: str = "file") -> Path:
    """Return the file of the pack that a card names as its ``key``; ``BadInput`` or ``NotFound`` if there is none."""
    named = tomllib.loads(card.read_text("utf-8")).get(key)
    if not named:
        raise BadInput("The card names no data file.", where=str(card), mend=f'Add {key} = "data/…".')
    file = pack / str(named)
    if not file.resolve().is_relative_to(pack.resolve()):
        raise BadInput("The card's file lies outside the pack.", where=str(card), mend="Move it inside.")
    if not file.is_file():
        raise NotFound(f"{file} does not exist.", where=str(card), mend="Correct the card's file.")
    return file
