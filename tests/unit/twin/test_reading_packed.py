"""A model comes packed as well: as gzip, or as a zip that holds one, which is what .ifczip is."""

import gzip
import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from tests.unit.twin.ifc_model import WALL, house

from lifang.core import BadInput, TooLarge
from lifang.twin import read_model
from lifang.twin.reading import packed


def zipped(*files: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", method) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return held.getvalue()


def test_the_model_in_an_ifczip_is_read_whatever_stands_beside_it(tmp_path: Path) -> None:
    content = zipped(("House.IFC", house(east="410000.")), ("doc/view.png", b"\x89PNG"), ("__MACOSX/._House.IFC", b"x"))
    found = read_model(content, prefix="m", scratch=tmp_path)
    assert f"m:{WALL}" in found.rows["id"].to_pylist()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (zipped(("a.ifc", b"a"), ("b.ifc", b"b")), "2 models among 2 files"),
        (zipped(("a.shp", b"a"), ("a.dbf", b"b")), "0 models among 2 files"),
        (zipped(), "no file of a model"),
        (zipped(("a.ifc", b"a" * 99))[:-40], "zip file is damaged"),
        (zipped(("a.ifc", b"a"), method=zipfile.ZIP_LZMA), "rare compression"),
        (zipped(("a.ifcxml", b'<ifc:ifcXML xmlns:ifc="http://www.buildingsmart-tech.org/ifcXML/IFC4">')), "is ifcXML"),
    ],
    ids=lambda each: each if isinstance(each, str) else "zip",  # in whose bytes the time is
)
def test_a_zip_that_holds_no_model_or_several_is_refused(content: bytes, says: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        read_model(content, prefix="m", scratch=tmp_path)
    assert caught.value.mend


def test_a_zip_is_unpacked_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "_UNPACKED_MAX", 999)
    with pytest.raises(TooLarge, match="more than 999 bytes"):
        packed.unpacked(zipped(("a.ifc", bytes(1_000))))


def test_what_unpacks_to_hundreds_of_times_its_size_is_refused_before_it_is_whole() -> None:
    bomb = gzip.compress(bytes(4 << 20), 9) * 64  # of members, which are one file (RFC 1952, 2.2)
    whole = zipped(("a.ifc", bytes(80 << 20)))
    tracemalloc.start()
    for content in (bomb, whole):
        with pytest.raises(TooLarge, match="more than 200 times its size"):
            packed.unpacked(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 120 << 20
    assert len(packed.unpacked(gzip.compress(bytes(1 << 20)))) == 1 << 20  # so little is no bomb
    assert packed.unpacked(gzip.compress(b"ISO-10303-21;") + gzip.compress(b"HEADER;")) == b"ISO-10303-21;HEADER;"


def test_no_more_of_a_zip_is_unpacked_than_it_says() -> None:
    content = bytearray(zipped(("a.ifc", bytes(20_000_000))))
    for head, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):  # where it says how large a.ifc is (APPNOTE 4.3)
        at = content.index(head) + place
        content[at : at + 4] = struct.pack("<I", 1_000)
    tracemalloc.start()
    with pytest.raises(BadInput, match="zip file is damaged"):
        packed.unpacked(bytes(content))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
