"""What QGIS finds in a served city, run by the Python that has QGIS's bindings: nothing of lifang is imported here.

It is told on standard input what to look for, as JSON, and prints a line for each thing looked at; its exit status is
1 if something was not as told. Every request that QGIS makes is counted by what it asks for.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from qgis.core import (
    Qgis,
    QgsApplication,
    QgsAuthMethodConfig,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsFeatureRequest,
    QgsMapRendererSequentialJob,
    QgsMapSettings,
    QgsNetworkAccessManager,
    QgsProject,
    QgsRectangle,
    QgsSettings,
    QgsVectorLayer,
    QgsVectorTileBasicRenderer,
    QgsVectorTileLayer,
    QgsWkbTypes,
)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor

Box = list[float]


class Looker:
    """What was asked of the city, and what was not as told."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.asked: list[str] = []
        self.faults = 0
        self.authcfg = ""
        QgsNetworkAccessManager.setRequestPreprocessor(lambda request: self.asked.append(request.url().toString()))

    def check(self, what: str, found: object, expected: object) -> None:
        """Print what was found; it is a fault if it is not what is expected."""
        same = found == expected
        self.faults += not same
        print(f"{'ok   ' if same else 'FAULT'} {what}: {found}{'' if same else f', expected {expected}'}", flush=True)

    def layer(self, name: str, more: str = "") -> QgsVectorLayer:
        """Return a collection as a layer of QGIS's provider for OGC API - Features."""
        return QgsVectorLayer(f"url='{self.told['root']}' typename='{name}' {more}", name, "OAPIF")

    def log_in(self) -> str:
        """Return the reference to credentials in QGIS's own store: any user name, and the token as password."""
        manager = QgsApplication.authManager()
        manager.setMasterPassword("bench", True)
        config = QgsAuthMethodConfig("Basic")
        config.setName("lifang")
        config.setConfig("username", "token")
        config.setConfig("password", self.told["token"])
        manager.storeAuthenticationConfig(config)
        return f"authcfg={config.id()}"


def browse(look: Looker) -> None:
    """Look for the collections as the browser panel does, from a connection that is set up."""
    QgsSettings().setValue("qgis/connections-wfs/city/url", look.told["root"])
    QgsSettings().setValue("qgis/connections-wfs/city/version", "OGC_API_FEATURES")
    providers = QgsApplication.dataItemProviderRegistry().providers()
    root = next(each for each in providers if each.name() == "WFS").createDataItem("", None)
    named = sorted(each.name() for city in root.createChildren() for each in city.createChildren())
    look.check(
        "collections in the browser panel", [each for each in named if each in look.told["open"]], look.told["open"]
    )
    look.check("hidden collections in it", [each for each in named if each in look.told["hidden"]], [])


def read(look: Looker) -> None:
    """Read a large collection whole, by place and by properties."""
    told = look.told["buildings"]
    layer, begun = look.layer("buildings"), time.perf_counter()
    look.check("the large layer is valid", layer.isValid(), True)
    look.check("its count, before it is read", layer.featureCount(), told["count"])
    look.check("its kind of geometry", QgsWkbTypes.displayString(layer.wkbType()), "Polygon")
    look.check("its fields", {each.name(): each.typeName() for each in layer.fields()}, told["fields"])
    look.asked.clear()
    codes = {each["code"]: each for each in layer.getFeatures()}
    pages = [each for each in look.asked if "/items" in each]
    print(f"     {len(codes):,} features on {len(pages)} pages in {time.perf_counter() - begun:.1f} s")
    look.check("every feature, page after page", len(codes), told["count"])
    look.check("no page is asked for twice", len(pages), len(set(pages)))
    look.check("pages hold a thousand", len(pages), -(-told["count"] // 1000))
    sample = codes[told["sample"]["code"]]
    look.check("a feature's properties", {name: sample[name] for name in told["sample"]}, told["sample"])
    look.check("a feature's shape", sample.geometry().asWkt(6), told["shape"])
    for expression, count in told["expressions"].items():
        found = sum(1 for _ in layer.getFeatures(QgsFeatureRequest().setFilterExpression(expression)))
        look.check(expression, found, count)
    look.check("a subset is set", layer.setSubsetString(told["subset"]), True)
    look.check(f"the subset {told['subset']}", sum(1 for _ in layer.getFeatures()), told["expressions"][told["subset"]])


def read_by_place(look: Looker) -> None:
    """Read what lies in a box, which QGIS asks the server for, in degrees and from a project in metres."""
    told, flags = look.told["buildings"], QgsFeatureRequest.ExactIntersect
    layer = look.layer("buildings", "restrictToRequestBBOX='1'")
    look.asked.clear()
    request = QgsFeatureRequest(QgsRectangle(*told["box"])).setFlags(flags)
    look.check("features in a box", sum(1 for _ in layer.getFeatures(request)), told["inside"])
    look.check("the box is asked of the server", any("bbox=" in each for each in look.asked), True)
    mercator = QgsCoordinateReferenceSystem("EPSG:3857")
    there = QgsCoordinateTransform(layer.crs(), mercator, QgsProject.instance())
    moved = QgsFeatureRequest(there.transformBoundingBox(QgsRectangle(*told["box"]))).setFlags(flags)
    moved.setDestinationCrs(mercator, QgsProject.instance().transformContext())
    look.check("the same from a project in Web Mercator", sum(1 for _ in layer.getFeatures(moved)), told["inside"])


def read_others(look: Looker) -> None:
    """Read Chinese names, moments and empty values, a table without geometry, what a token opens, what stays hidden."""
    trees = look.layer("trees")
    first = next(trees.getFeatures(QgsFeatureRequest().setFilterExpression("\"tag\" = 't7'")))
    values = [first["名称"], str(first["height"]), first["planted"].toString("yyyy-MM-dd"), first["alive"]]
    look.check("Chinese names, an empty number, a date, a boolean", values, look.told["trees"]["values"])
    look.check("a moment", first["seen"].toUTC().toString("yyyy-MM-ddTHH:mm:ssZ"), look.told["trees"]["seen"])
    later = QgsFeatureRequest().setFilterExpression("\"seen\" > '2025-01-15T12:00:00Z'")
    look.check("moments compared", sum(1 for _ in trees.getFeatures(later)), look.told["trees"]["later"])
    fees = look.layer("fees")
    look.check("a table without geometry", [each["amount"] for each in fees.getFeatures()], [1, 2])
    look.check("the catalogue as a layer", look.layer("catalogue.records").isValid(), True)
    look.check("what is sensed as a layer", look.layer("sensing.observations").isValid(), True)
    look.check("a hidden collection without a token", look.layer("depots").isValid(), False)
    shared = look.layer("depots", look.log_in())
    look.check("a shared collection with a token", shared.isValid() and shared.featureCount(), look.told["depots"])
    look.check("a collection that is not there", look.layer("nosuch").isValid(), False)
    print(f"     this QGIS can do with a collection: {trees.dataProvider().capabilitiesString() or 'read'}")


def render(look: Looker) -> None:
    """Draw the vector tiles beside the features they are made of: both paint the same pixels, but for their edges."""
    template = f"{look.told['root']}/collections/buildings/tiles/WebMercatorQuad/{{z}}/{{y}}/{{x}}"
    tiles = QgsVectorTileLayer(f"type=xyz&url={quote(template, safe='')}&zmin=0&zmax=16", "tiles")
    look.check("vector tiles are a layer", tiles.isValid(), True)
    red = QColor("red")
    style = QgsVectorTileBasicRenderer.simpleStyle(red, red, 0.1, red, 0.1, red, red, 1)
    tiles.setRenderer(QgsVectorTileBasicRenderer())
    tiles.renderer().setStyles(style)
    features = look.layer("buildings", "restrictToRequestBBOX='1'")
    features.renderer().symbol().setColor(QColor("red"))
    shown = [_painted(each, look.told["buildings"]["view"]) for each in (tiles, features)]
    alike = len(shown[0] & shown[1]) / max(1, len(shown[0] | shown[1]))
    print(f"     {len(shown[0]):,} pixels by tiles, {len(shown[1]):,} by features, {alike:.0%} of them alike")
    look.check("tiles show what features show", alike > 0.9, True)


def _painted(layer: Any, view: Box) -> set[tuple[int, int]]:
    settings = QgsMapSettings()
    mercator = QgsCoordinateReferenceSystem("EPSG:3857")
    wgs84 = QgsCoordinateReferenceSystem("EPSG:4326")
    there = QgsCoordinateTransform(wgs84, mercator, QgsProject.instance())
    settings.setDestinationCrs(mercator)
    settings.setLayers([layer])
    settings.setOutputSize(QSize(600, 600))
    settings.setBackgroundColor(QColor("white"))
    settings.setExtent(there.transformBoundingBox(QgsRectangle(*view)))
    job = QgsMapRendererSequentialJob(settings)
    job.start()
    job.waitForFinished()
    image = job.renderedImage()
    return {(x, y) for x in range(600) for y in range(600) if QColor(image.pixel(x, y)).green() < 128}


def open_exports(look: Looker) -> None:
    """Open the downloads that a user would take into QGIS."""
    for form in ("gpkg", "geojson", "csv"):
        path = Path(look.told["exports"]) / f"buildings.{form}"
        layer = QgsVectorLayer(str(path), form, "ogr")
        look.check(f"the download as {form}", layer.isValid() and layer.featureCount(), look.told["buildings"]["count"])
    layer = QgsVectorLayer(str(Path(look.told["exports"]) / "buildings.gpkg"), "gpkg", "ogr")
    look.check("coordinate system of the GeoPackage", layer.crs().authid(), "EPSG:4326")


def main() -> None:
    """Look at all of it, and end the process: with 1 if something was not as told."""
    told = json.load(sys.stdin)
    application = QgsApplication([], False)
    application.initQgis()
    print(f"     QGIS {Qgis.QGIS_VERSION}")
    look = Looker(told)
    for part in (browse, read, read_by_place, read_others, render, open_exports):
        part(look)
    print(f"     {look.faults} faults")
    sys.stdout.flush()
    os._exit(look.faults > 0)  # QGIS 3.22 may crash while it takes itself down
