"""Pictures of the ground become tiles with the pixels that GDAL warps; bad ones are refused and leave nothing."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, TiffImagePlugin

from lifang.core import BadInput, NotFound, SystemClock, TooLarge, from_wgs84
from lifang.guard import SYSTEM, Classification
from lifang.store import Store
from lifang.twin import Imagery, ImageryCard
from lifang.twin.imagery import picture as pictures
from lifang.twin.imagery.picture import read_picture
from lifang.twin.imagery.warp import Warp, mercator

CARD = ImageryCard("正射影像", "Orthophoto", "generated for this test", "cc-by-4.0", Classification.OPEN)
WEST, NORTH, PIXEL_M = 410_000.0, 3_394_000.0, 2.0
HALF_WORLD_M = 20_037_508.342789244


def geotiff(pixels: Any, path: Path, *, code: int = 4544, extra: dict[int, Any] | None = None, **how: Any) -> Path:
    """Write pixels of 2 m, or of 0.00002 degrees, with where they lie."""
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    flat = code >= 5000 or code == 4544
    step = PIXEL_M if flat else 2e-5
    west, north = (WEST, NORTH) if flat else (104.06, 30.66)
    told: dict[int, Any] = {
        33550: (step, step, 0.0),
        33922: (0.0, 0.0, 0.0, west, north, 0.0),
        34735: (1, 1, 0, 3, 1024, 0, 1, 1 if flat else 2, 1025, 0, 1, 1, 3072 if flat else 2048, 0, 1, code),
        **(extra or {}),
    }
    for tag, value in told.items():
        if value is not None:
            tags.tagtype[tag] = 2 if isinstance(value, str) else 3 if tag == 34735 else 12
            tags[tag] = value
    Image.fromarray(pixels).save(path, "TIFF", tiffinfo=tags, **how)
    return path


def patches(rows: int = 150, columns: int = 190) -> Any:
    """Return pixels none of which is like its neighbours."""
    random = np.random.default_rng(7)
    return random.integers(0, 255, (rows, columns, 3), np.uint8)


@pytest.mark.skipif(not shutil.which("gdalwarp"), reason="GDAL's programs are not installed.")
@pytest.mark.parametrize("code", [4544, 4326])
def test_the_finest_tiles_have_the_pixels_that_gdal_warps(code: int, tmp_path: Path) -> None:
    path = geotiff(patches(), tmp_path / "in.tif", code=code, compression="tiff_lzw")
    warp = Warp(read_picture(path))
    (x,), (y,) = mercator(np.array([warp.bounds[0]]), np.array([warp.bounds[3]]))
    scale = 2**warp.finest
    x, y = int(x * scale), int(y * scale)
    side = 2 * HALF_WORLD_M / scale
    west, north = x * side - HALF_WORLD_M, HALF_WORLD_M - y * side
    window = [west, north - side, west + side, north]
    words = ["-q", "-r", "near", "-et", "0", "-t_srs", "EPSG:3857", "-ts", "256", "256", "-dstalpha", "-te"]
    done = [*words, *map(repr, window), str(path), str(tmp_path / "out.tif")]
    subprocess.run(["gdalwarp", *done], check=True, timeout=60)
    wanted, found = np.asarray(Image.open(tmp_path / "out.tif")), warp.finest_tile(x, y)
    assert 0.1 < (wanted[..., 3] > 0).mean() < 1
    assert (found == wanted)[wanted[..., 3] > 0].all(axis=-1).mean() > 0.995
    assert ((found[..., 3] > 0) == (wanted[..., 3] > 0)).mean() > 0.995


def test_a_picture_is_a_layer_whose_tiles_show_it_at_every_zoom(tmp_path: Path) -> None:
    halves = np.zeros((256, 256, 3), np.uint8)
    halves[:, :128], halves[:, 128:], halves[:40] = (200, 30, 30), (20, 60, 220), (1, 2, 3)
    path = geotiff(halves, tmp_path / "in.tif", extra={42113: "0"})
    halves[:40] = 0  # which is said to be nothing
    geotiff(halves, path, extra={42113: "0"})
    with Store.open(tmp_path / "city", clock=SystemClock(), memory_mb=128, threads=1) as store:
        imagery = Imagery(store, SystemClock())
        layer = imagery.add("ortho", path, CARD, by=SYSTEM)
        assert (layer.crs, layer.size, imagery.layers()) == ("EPSG:4544", (256, 256), [layer])
        west, south, east, north = layer.bounds
        (left, right), (low, high) = from_wgs84(np.array([west, east]), np.array([south, north]), crs="EPSG:4544")
        assert left == pytest.approx(WEST, abs=5)
        assert high == pytest.approx(NORTH, abs=5)
        assert right - left == pytest.approx(512, abs=10)
        assert high - low == pytest.approx(512, abs=10)
        for z in range(layer.zooms[0], layer.zooms[1] + 1):
            assert colour(imagery, z, west + 0.25 * (east - west), south + 0.4 * (north - south)) == (200, 30, 30)
            assert colour(imagery, z, west + 0.75 * (east - west), south + 0.4 * (north - south)) == (20, 60, 220)
            assert colour(imagery, z, west + 0.5 * (east - west), south + 0.95 * (north - south)) is None
        assert imagery.tile(layer, layer.zooms[1], 0, 0) == imagery.tile(layer, 99, 0, 0) == b""
        imagery.remove("ortho", by=SYSTEM)
        assert imagery.layers() == []
        with pytest.raises(NotFound):
            imagery.get("ortho")


def colour(imagery: Imagery, z: int, lon: float, lat: float) -> tuple[int, ...] | None:
    """Return the colour there to tens as it was made, or nothing where it is clear."""
    (x,), (y,) = mercator(np.array([lon]), np.array([lat]))
    x, y = x * 2**z, y * 2**z
    tile = Image.open(BytesIO(imagery.tile(imagery.get("ortho"), z, int(x), int(y)))).convert("RGBA")
    seen = tile.getpixel((int(x % 1 * 256), int(y % 1 * 256)))
    if seen[3] < 128:
        return None
    return next(
        (each for each in ((200, 30, 30), (20, 60, 220)) if np.abs(np.subtract(seen[:3], each)).max() < 25), seen
    )


def test_bands_of_sixteen_bits_are_stretched_and_palettes_and_opacity_kept(tmp_path: Path) -> None:
    deep = np.tile(np.linspace(300, 2300, 100).astype(np.uint16), (50, 1))
    grey = read_picture(geotiff(deep, tmp_path / "deep.tif")).rgba
    assert grey[0, [0, 50, -1], 0].tolist() == [0, pytest.approx(128, abs=3), 255]
    see = np.dstack((patches(), np.full((150, 190), 90, np.uint8)))
    assert (read_picture(geotiff(see, tmp_path / "see.tif", compression="tiff_deflate")).rgba == see).all()
    flat = Image.fromarray(np.tile(np.array([0, 1], np.uint8), (40, 20)), "P")
    flat.putpalette([10, 20, 30, 40, 50, 60])
    flat.save(tmp_path / "bare.tif")
    with pytest.raises(BadInput, match="does not say where it lies"):
        read_picture(tmp_path / "bare.tif")


def sixteen(path: Path, pixels: Any, how: str) -> Path:
    """Write pixels (rows, columns, 3 or 4) of 16 bits as GDAL does, where ``geotiff`` has them."""
    rows, columns, bands = pixels.shape
    raw = path.with_suffix(".raw")
    raw.write_bytes(pixels.astype("<u2").tobytes())
    raw.with_suffix(".hdr").write_text(
        f"ENVI\nsamples={columns}\nlines={rows}\nbands={bands}\ndata type=12\ninterleave=bip\nbyte order=0\n"
    )
    place = [WEST, NORTH, WEST + columns * PIXEL_M, NORTH - rows * PIXEL_M]
    words = ["-q", "-of", "GTiff", "-a_srs", "EPSG:4544", "-a_ullr", *map(str, place), "-colorinterp", "red,green,blue"]
    words[-1] += ",alpha" if bands == 4 else ""
    options = [word for each in ("PHOTOMETRIC=RGB", *how.split()) for word in ("-co", each)]
    subprocess.run(["gdal_translate", *words, *options, str(raw), str(path)], check=True, timeout=60)
    return path


@pytest.mark.skipif(not shutil.which("gdal_translate"), reason="GDAL's programs are not installed.")
@pytest.mark.parametrize("how", ["ENDIANNESS=BIG", "COMPRESS=DEFLATE PREDICTOR=2", "TILED=YES COMPRESS=LZW"])
def test_colours_of_sixteen_bits_are_stretched_together(how: str, tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    pixels = random.integers(200, 1_224, (60, 70, 3)).astype(np.uint16)  # ten bits
    pixels[..., 2] //= 2  # a yellow light stays yellow
    found = read_picture(sixteen(tmp_path / "in.tif", pixels, f"{how} INTERLEAVE=PIXEL")).rgba
    low, high = np.percentile(pixels, (2, 98))
    wanted = np.rint(255 * np.clip((pixels - low) / (high - low), 0, 1))
    assert np.abs(found[..., :3] - wanted).max() <= 1
    assert (found[..., 3] == 255).all()


@pytest.mark.skipif(not shutil.which("gdal_translate"), reason="GDAL's programs are not installed.")
def test_opacity_of_sixteen_bits_is_kept_and_bands_that_lie_apart_are_refused(tmp_path: Path) -> None:
    pixels = np.full((20, 20, 4), 700, np.uint16)
    pixels[:, :10, 3] = 65_535
    pixels[5:, :, 1] = 900
    found = read_picture(sixteen(tmp_path / "in.tif", pixels, "INTERLEAVE=PIXEL ALPHA=NON-PREMULTIPLIED")).rgba
    assert found[0, [0, -1], 3].tolist() == [255, 2]
    assert found[[0, -1], 0, 1].tolist() == [0, 255]
    with pytest.raises(BadInput, match="one after the other"):
        read_picture(sixteen(tmp_path / "apart.tif", pixels[..., :3], "INTERLEAVE=BAND"))


def test_a_turned_picture_lies_as_its_affine_map_says(tmp_path: Path) -> None:
    turn = (0.0, 2.0, 0.0, WEST, 2.0, 0.0, 0.0, NORTH, 0, 0, 0, 0, 0, 0, 0, 1)  # columns go north, rows go east
    path = geotiff(patches(), tmp_path / "in.tif", extra={33550: None, 33922: None, 34264: turn})
    lon, lat = read_picture(path).placed.degrees(np.array([190.0]), np.array([0.0]))
    x, y = from_wgs84(lon, lat, crs="EPSG:4544")
    assert (x[0], y[0]) == pytest.approx((WEST, NORTH + 380), abs=1e-3)


@pytest.mark.parametrize("case", ["text", "cut", "nowhere", "heights", "bomb"])
def test_what_is_no_picture_is_refused_and_leaves_nothing(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "in.tif"
    if case == "heights":
        geotiff(np.zeros((4, 4), np.float32), path)
    else:
        geotiff(patches(), path, code=4326, extra={33922: (0, 0, 0, 104.06, 95.0, 0)} if case == "nowhere" else None)
    if case == "text":
        path.write_text("no picture")
    if case == "cut":
        path.write_bytes(path.read_bytes()[:900])
    if case == "bomb":
        monkeypatch.setattr(pictures, "PIXELS_MAX", 1_000)
    with pytest.raises(TooLarge if case == "bomb" else BadInput):
        next(Warp(read_picture(path)).tiles())
