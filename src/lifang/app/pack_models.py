"""The models of city packs: read from a file, or generated from a dataset of the pack; brought in once."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lifang.app.cataloguing import ModelShelf
from lifang.app.pack_scenarios import furnish_scenarios
from lifang.app.packs import data_file
from lifang.app.simulated_rooms import register_rooms, rooms_registered
from lifang.catalogue import Catalogue
from lifang.core import BadInput, Box, NotFound
from lifang.guard import SYSTEM, Classification
from lifang.store import Store, read_setting, write_setting
from lifang.twin import (
    Bed,
    BlockRule,
    ModelCard,
    ModelFile,
    Placement,
    Twin,
    generate_buildings,
    read_ground,
    read_model,
)

if TYPE_CHECKING:
    from lifang.app.city import City
    from lifang.app.jobs import JobContext

FURNISH_MODELS = "furnish_models"
_COVER_MAX_M = 100.0


@dataclass(frozen=True)
class PackGenerator:
    """How a model is generated: from which dataset of roads, by which rule, as it is since each of the moments."""

    dataset: str
    rule: BlockRule
    moments: tuple[datetime, ...]


@dataclass(frozen=True)
class PackBed:
    """How the pipes of a model lie: ``cover_m`` of earth over them, under the ground of an elevation model."""

    ground: Path
    cover_m: float

    def read(self) -> Bed:
        """Return the bed with its ground."""
        return Bed(read_ground(self.ground.read_bytes()), self.cover_m)


@dataclass(frozen=True)
class PackModel:
    """A model of the city's objects: its id, what is told of it, since when its objects stand so, who may see them.

    It comes from a file, in ``crs`` if that does not say, an IFC standing at ``placement``, pipes lying in their
    ``bed``; or else it is generated. In the rooms of one with ``simulated_rooms`` a demonstration makes up what is
    measured.
    """

    id: str
    card: ModelCard
    source: Path | PackGenerator
    valid_from: datetime
    classification: Classification
    placement: Placement | None = None
    simulated_rooms: bool = False
    crs: str = ""
    bed: PackBed | None = None


def pack_models(pack: Path) -> list[PackModel]:
    """Return the models of the pack; ``BadInput`` for one that does not say since when it holds."""
    return [_model(pack, card) for card in sorted((pack / "models").glob("*.toml"))]


def _model(pack: Path, card: Path) -> PackModel:
    written = tomllib.loads(card.read_text("utf-8"))
    if not isinstance(written.get("valid_from"), datetime):
        raise BadInput(
            "The model does not say since when it holds.",
            where=str(card),
            mend="Add valid_from = 2019-01-01T00:00:00Z.",
        )
    grade = Classification(written.get("classification", Classification.SHARED))
    source = _generator(written) if "generate" in written else data_file(pack, card)
    told = written.get("placement")
    placement = Placement.from_mapping(told) if told else None
    rooms = bool(written.get("simulated_rooms"))
    return PackModel(
        card.stem,
        _told(card.stem, written),
        source,
        written["valid_from"],
        grade,
        placement,
        rooms,
        crs=str(written.get("crs", "")),
        bed=_bed(pack, card, written),
    )


def _bed(pack: Path, card: Path, written: dict[str, Any]) -> PackBed | None:
    if "ground" not in written:
        return None
    cover = written.get("cover_m")
    if not isinstance(cover, int | float) or not 0 <= cover <= _COVER_MAX_M:
        raise BadInput("The card does not say how deep pipes lie.", where=str(card), mend="Add cover_m = 1.0.")
    return PackBed(data_file(pack, card, "ground"), float(cover))


def _told(model: str, written: dict[str, Any]) -> ModelCard:
    title = written.get("title", {})
    zh, en = (str(title.get(tongue, model)) for tongue in ("zh", "en"))
    return ModelCard(zh, en, str(written.get("source_text", "")), str(written.get("licence", "")), _made_up(written))


def _made_up(written: dict[str, Any]) -> bool:
    return "generate" in written or bool(written.get("made_up"))


def _generator(written: dict[str, Any]) -> PackGenerator:
    asked = written["generate"]
    lon, lat = asked["centre"]
    rule = BlockRule(Box(*asked["within"]), (lon, lat), int(asked["seed"]))
    return PackGenerator(asked["dataset"], rule, (written["valid_from"], *asked.get("moments", ())))


def furnish_model(
    model: PackModel,
    store: Store,
    catalogue: Catalogue,
    twin: Twin,
    shelf: ModelShelf,
    poll: Callable[[], None] = lambda: None,
) -> None:
    """Bring a model of a pack into the twin and the catalogue.

    Nothing is done again unless it, or what it is made from, is another.
    """
    content = _content(model.source, catalogue)
    if _is_there(model, content, store):
        return
    twin.describe(model.id, model.card)
    for since, found in _moments(model, content, catalogue, store.folder / "scratch", poll):
        twin.add(model.id, found, classification=model.classification, valid_from=since, by=SYSTEM)
    made_of = "" if isinstance(model.source, Path) else model.source.dataset
    if model.id not in twin.scenarios.models:
        with suppress(NotFound):  # it may be one of the future, of which nothing stands yet
            shelf.publish(model.id, by=SYSTEM, made_of=made_of)
    write_setting(store, _key(model), _state(model, content))


def models_await(pack: Path, store: Store, catalogue: Catalogue, *, simulate: bool) -> bool:
    """Return whether a model of the pack, or what is made up in its rooms, is not there yet as the pack has it."""
    return any(
        not _is_there(model, _content(model.source, catalogue), store)
        or (simulate and model.simulated_rooms and not rooms_registered(store, model.id))
        for model in pack_models(pack)
    )


def furnish_models(city: City, pack: Path, poll: Callable[[], None] = lambda: None) -> Iterator[PackModel]:
    """Yield each model of a pack once it is brought in; those of its scenarios stand in these alone."""
    furnish_scenarios(city, pack, whole=False)
    for model in pack_models(pack):
        poll()
        furnish_model(model, city.store, city.catalogue, city.twin, city.shelf, poll)
        yield model
    furnish_scenarios(city, pack, whole=True)


def furnish_models_job(city: City, job: JobContext) -> Mapping[str, Any]:
    """Bring in the models of a pack as a job; with ``simulate`` also the made-up sensors of their rooms."""
    pack = Path(job.job.arguments["pack"])
    count, models, rooms = len(pack_models(pack)), [], 0
    for model in furnish_models(city, pack, job.check):
        models.append(model)
        job.progress(len(models) / count, model.id)
        if job.job.arguments["simulate"] and model.simulated_rooms:
            rooms += register_rooms(city, model.id)
    city.linker.furnish(pack)
    return {"models": [model.id for model in models], "simulated_rooms": rooms}


def _key(model: PackModel) -> str:
    return f"model:{model.id}"


def _state(model: PackModel, content: bytes) -> list[str]:
    told = [hashlib.sha256(content).hexdigest(), model.valid_from.isoformat(), model.classification.value]
    told += [repr(model.placement)] if model.placement else []
    told += [model.crs] if model.crs else []
    if model.bed:
        told += [hashlib.sha256(model.bed.ground.read_bytes()).hexdigest(), repr(model.bed.cover_m)]
    return told


def _is_there(model: PackModel, content: bytes, store: Store) -> bool:
    return bool(read_setting(store, _key(model)) == _state(model, content))


def _content(source: Path | PackGenerator, catalogue: Catalogue) -> bytes:
    if isinstance(source, Path):
        return source.read_bytes()
    return repr((source, catalogue.dataset(source.dataset).release().id)).encode()


def _moments(
    model: PackModel, content: bytes, catalogue: Catalogue, scratch: Path, poll: Callable[[], None]
) -> Iterator[tuple[datetime, ModelFile]]:
    """Yield what the model holds since each of its moments."""
    source = model.source
    if isinstance(source, Path):
        found = read_model(
            content,
            prefix=model.id,
            scratch=scratch,
            crs=model.crs,
            placement=model.placement,
            bed=model.bed.read() if model.bed else None,
            poll=poll,
        )
        yield model.valid_from, found
        return
    roads = catalogue.dataset(source.dataset).rows().select(["geometry"])
    years = {moment.year: moment for moment in source.moments}
    for year, found in generate_buildings(roads, prefix=model.id, rule=source.rule, years=list(years)):
        yield years[year], found
