"""What Chengdu's demonstration has further where its scene is walked."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
from tests.unit.twin.elevation import elevation_model
from tests.unit.twin.test_imagery import geotiff
from tests.unit.twin.test_reading_epanet import CRS, SMALL

import lifang
from lifang.app import ClashView, register_rooms
from lifang.core import parse_instant, to_micros
from lifang.guard import SYSTEM, Classification
from lifang.sensing import make_observations
from lifang.twin import Bed, ImageryCard, ModelFile, Scenario, read_ground, read_model

PICTURE = (255, 0, 200)
LATER = parse_instant("2030-01-01T00:00:00Z")
GONE = 400
CLASHES_CM = {  # how deep, and how many: all of them stand so in the two models
    15: 2,  # panelboards, set into outer walls
    11: 1,  # the fire alarm panel, set into an outer wall
    4: 65,  # the boxes of switches, receptacles and telephone outlets, set 38.7 of their 59 mm into walls
    2: 1,  # the head of a bed at a wall stands 17.5 mm deep in a receptacle
    1: 4,  # refrigerators and ranges stand on the slab, through 13 mm of tiles that are modelled under them
}


def furnish_further(folder: Path) -> None:
    """Add rooms each warmer than the last, clashes, a plan for a park, pipes under a hill, and two pictures."""
    with lifang.open(folder) as city:
        city.sensing.start()
        assert register_rooms(city, "duplex_architecture") == 21
        streams = [each for each in city.sensing.datastreams() if each.observed_property == "sim-temperature"]
        numbers, times = [each.number for each in streams], np.full(len(streams), to_micros(city.now))
        city.sensing.ingest(make_observations(numbers, times, np.linspace(16, 26, len(streams))), by=SYSTEM).result()
        found = ClashView(city.asker()).detect("duplex_architecture", "duplex_electrical")
        assert Counter(round(-each.gap_m * 100) for each in found.items) == CLASHES_CM
        centre = city.twin.query(at=city.now, models=["centre"], classes=["Building"], limit=GONE)
        removes = tuple(each.id for each in city.twin.objects(centre))
        park = Scenario("park", "公园方案", "Park", removes=removes, classification=Classification.OPEN)
        city.twin.scenarios.put(park, at=to_micros(city.now), by=SYSTEM)
        dem = elevation_model(np.float32(500 + 3 * np.hypot(*np.mgrid[-9:9, -9:9])))
        parts = [
            read_model(SMALL.encode(), prefix="under", scratch=folder, crs=CRS, bed=Bed(read_ground(dem), 2.0)).rows,
            read_model(dem, prefix="under", scratch=folder).rows,
        ]
        later = ModelFile(pa.concat_tables(parts), [])
        city.twin.add("under", later, classification=Classification.OPEN, valid_from=LATER, by=SYSTEM)
        ground = geotiff(np.full((600, 600, 3), PICTURE, np.uint8), folder / "ground.tif", code=4326)
        card = ImageryCard("影像", "Orthophoto", "generated for this test", "CC-BY-4.0", Classification.OPEN)
        city.twin.imagery.add("ortho", ground, card, by=SYSTEM)
        corner = {33922: (0.0, 0.0, 0.0, 499_900.0, 3_390_200.0, 0.0)}  # of the terrain that there is later
        hill = geotiff(np.full((60, 60, 3), PICTURE, np.uint8), folder / "hill.tif", extra=corner)
        city.twin.imagery.add("hill", hill, card, by=SYSTEM)
