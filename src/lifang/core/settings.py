"""Settings of one city: ``city.toml`` in its folder, overridden by ``LIFANG_…`` in the environment."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cache
from pathlib import Path
from typing import Any, get_origin, get_type_hints

from lifang.core.errors import BadInput, NotFound
from lifang.core.ids import check_slug
from lifang.core.place import Box
from lifang.core.time import zone

CITY_FILE = "city.toml"
_PREFIX = "LIFANG_"
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?")
_SWITCH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True)
class Settings:
    """What a city says of itself, and the bounds it runs under.

    ``extent`` is west, south, east, north in degrees; sizes are in bytes, ages in seconds.
    ``replay`` says which recorded series are replayed as live, ``layers`` which datasets the map draws, in order;
    ``network`` which datasets the figures of the sensing network need; ``themes`` names the themes of the catalogue,
    ``<id> = {zh = "…", en = "…", eu = "ENVI"}`` in their order, in place of those shipped (``eu``: one or a list of the
    EU's data themes);
    ``hot_days`` is after how many days observations become Parquet files, ``keep_raw_days`` after how many they are
    given up and only their sums stay (0: never);
    ``mqtt`` says where the city listens for MQTT, or which broker it goes to; ``ngsild`` where notifications may go;
    ``harvest`` which portals may be harvested beyond the public ones;
    ``gazetteer`` from which datasets addresses are read: ``divisions``, ``streets`` (``dataset``, ``code``, ``name``)
    and ``roads`` (``dataset``, ``name``), without it those called ``districts``, ``streets`` and ``roads``;
    ``review_required`` has nobody publish a new dataset without a second person's approval; ``retention`` says for how
    long data are kept after their last release, by classification (``open = "permanent"``, ``restricted = "P10Y"``);
    ``quality`` sets the least score of a dimension that passes the standing checks (``completeness = 80``);
    ``webhooks`` says where deliveries may go beyond public addresses (``allow``, networks) and to which ``ports``;
    ``allowed_hosts`` are the names, besides loopback, under which the city may be called; ``embedded_by`` are the
    origins (``https://www.example.gov.cn``) whose pages may show the city's page in a frame and whose scripts may read
    what everybody may see; ``"*"`` names every site, for what nobody is signed in to.
    """

    id: str
    name_zh: str
    name_en: str
    area_code: str
    time_zone: str = "Asia/Shanghai"
    extent: tuple[float, float, float, float] = (-180.0, -90.0, 180.0, 90.0)
    crs: str = "EPSG:4490"
    lake_memory_mb: int = 256
    lake_threads: int = 2
    hot_days: int = 400
    keep_raw_days: int = 0
    upload_max_bytes: int = 2_000_000_000
    upload_expanded_max_bytes: int = 8_000_000_000
    body_max_bytes: int = 32_000_000
    session_max_age_s: int = 12 * 3600
    query_timeout_s: float = 2.0
    secure_cookies: bool = False
    allowed_hosts: tuple[str, ...] = ()
    embedded_by: tuple[str, ...] = ()
    review_required: bool = False
    retention: Mapping[str, Any] = field(default_factory=dict)
    quality: Mapping[str, Any] = field(default_factory=dict)
    webhooks: Mapping[str, Any] = field(default_factory=dict)
    replay: Mapping[str, Any] = field(default_factory=dict)
    mqtt: Mapping[str, Any] = field(default_factory=dict)
    ngsild: Mapping[str, Any] = field(default_factory=dict)
    harvest: Mapping[str, Any] = field(default_factory=dict)
    network: Mapping[str, Any] = field(default_factory=dict)
    themes: Mapping[str, Any] = field(default_factory=dict)
    gazetteer: Mapping[str, Any] = field(default_factory=dict)
    layers: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        check_slug(self.id, what="city id")
        zone(self.time_zone)
        if self.hot_days < 0 or self.keep_raw_days < 0:
            raise BadInput("hot_days or keep_raw_days is negative.", mend="Give days, or 0 for never.")
        Box(*self.extent)
        for origin in self.embedded_by:
            if origin != "*" and not _ORIGIN.fullmatch(origin):
                raise BadInput(
                    f"{origin!r} is not the origin of a site.",
                    where="embedded_by",
                    mend="Write it as https://www.example.gov.cn, without a path, or * for every site.",
                )

    @property
    def box(self) -> Box:
        """The city's extent."""
        return Box(*self.extent)


def load_settings(folder: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of the city in ``folder``; ``NotFound`` if it holds none, ``BadInput`` naming a bad key."""
    path = folder / CITY_FILE
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise NotFound(f"{folder} holds no city.", where=str(path), mend="Run `lifang init DIR` first.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInput(f"city.toml cannot be read: {error}.", where=str(path), mend="Correct that line.") from error
    known = {each.name: each.type for each in fields(Settings)}
    for key in table:
        if key not in known:
            raise BadInput(
                f"city.toml has an unknown key {key!r}.", where=str(path), mend=f"Known: {', '.join(known)}."
            )
    try:
        settings = Settings(**_typed(table, str(path)))
    except TypeError as error:
        raise BadInput(f"city.toml is incomplete: {error}.", where=str(path), mend="Add the missing keys.") from error
    return _overridden(settings, environ)


@cache
def _hints() -> dict[str, Any]:
    return get_type_hints(Settings)


def _typed(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, hint in _hints().items():
        if key not in table:
            continue
        kind = get_origin(hint) or hint
        value = tuple(table[key]) if isinstance(table[key], list) else table[key]
        if kind is float and type(value) is int:
            value = float(value)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise BadInput(f"city.toml: {key} = {value!r} is not of the type {kind.__name__}.", where=where)
        values[key] = value
    return values


def _overridden(settings: Settings, environ: Mapping[str, str]) -> Settings:
    changes: dict[str, Any] = {}
    for each in fields(Settings):
        text = environ.get(_PREFIX + each.name.upper())
        if text is None:
            continue
        present = getattr(settings, each.name)
        if not isinstance(present, str | int | float):
            raise BadInput(f"{_PREFIX}{each.name.upper()} cannot be set by the environment.", mend="Edit city.toml.")
        try:
            changes[each.name] = _SWITCH[text.lower()] if isinstance(present, bool) else type(present)(text)
        except (ValueError, KeyError) as error:
            raise BadInput(f"{_PREFIX}{each.name.upper()}={text!r} is not a {type(present).__name__}.") from error
    return replace(settings, **changes)
