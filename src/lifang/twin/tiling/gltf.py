"""Binary glTF 2.0 of a tile: meshes with an id for every vertex and a table of properties for every id.

Sources: Khronos glTF 2.0; KHR_mesh_quantization (normals in bytes); EXT_mesh_features and EXT_structural_metadata (OGC
22-025r4, 3D Tiles 1.1, clauses 8 and 9 refer to them).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from lifang.twin.shapes import Frame, Mesh
from lifang.twin.tiling.colours import linear, tint
from lifang.twin.tiling.skin import Image, Pictures, material, sampler

VERTICES_MAX = 65_535  # of one primitive of many objects, so that an index is two bytes

_VERTEX = np.dtype([("position", "<f4", 3), ("normal", "i1", 4), ("feature", "<u2"), ("padding", "<u2")])
_END = np.dtype([("position", "<f4", 3), ("feature", "<u2"), ("padding", "<u2")])
_FEATURE_AT = 12  # bytes of its position
_COLOURED = np.dtype([*_VERTEX.descr, ("colour", "u1", 4)])
_PLACE = (("place", "<f4", (2,)),)
_FLOAT, _BYTE, _UNSIGNED_BYTE, _UNSIGNED_SHORT, _UNSIGNED_INT = 5126, 5120, 5121, 5123, 5125
_POINTS, _LINES = 0, 1
_COLOUR = "colour"  # a column of the table
_MATERIAL = {"pbrMetallicRoughness": {"metallicFactor": 0.0, "roughnessFactor": 0.9}}
_MATERIALS = (_MATERIAL, {**_MATERIAL, "alphaMode": "BLEND", "doubleSided": True})  # opaque, and looked through
_CLEAR = 1
_ARRAY_BUFFER, _ELEMENT_ARRAY_BUFFER = 34962, 34963
_NUMBERS = {pa.float64(): "FLOAT64", pa.float32(): "FLOAT32", pa.int64(): "INT64", pa.int32(): "INT32"}
_CLASS = "object"


@dataclass(frozen=True)
class Lines:
    """Straight pieces, two rows of ``position`` (2m, 3) each, and the ``owner`` (2m,) of every row."""

    position: NDArray[np.float64]
    owner: NDArray[np.int64]


@dataclass(frozen=True)
class Points:
    """Points at ``position`` (n, 3), and the ``owner`` (n,) of each."""

    position: NDArray[np.float64]
    owner: NDArray[np.int64]


@dataclass(frozen=True)
class Portion:
    """The mesh of some objects, and their properties: row ``i`` of ``table`` belongs to owner ``i`` of ``mesh``.

    ``lines`` and ``points`` are drawn beside it, with the same owners; ``images`` are those that hang on it, by number.
    """

    mesh: Mesh
    table: pa.Table
    lines: Lines | None = None
    points: Points | None = None
    images: Sequence[Image] = ()

    @property
    def drawn(self) -> list[tuple[int, Lines | Points]]:
        """What is drawn beside the mesh, each with its mode of glTF."""
        return [(mode, each) for mode, each in ((_POINTS, self.points), (_LINES, self.lines)) if each is not None]

    @property
    def hung(self) -> list[Image]:
        """The images that hang on its mesh."""
        shown = [] if self.mesh.image is None else np.unique(self.mesh.image).tolist()
        return [self.images[each] for each in shown if each >= 0]

    @property
    def position(self) -> NDArray[np.float64]:
        """The positions of all that is drawn, shape (n, 3)."""
        return np.concatenate([self.mesh.position, *(each.position for _, each in self.drawn)])


def glb(
    portions: Sequence[Portion],
    frame: Frame,
    *,
    on_earth: bool = True,
    pictures: Pictures | None = None,
    **extras: Any,
) -> bytes:
    """Return the binary glTF of ``portions``, whose meshes are in ``frame``, placed ``on_earth`` or about its origin.

    ``extras`` stand with the origin in ``asset.extras``; ``pictures`` gives the images that hang on surfaces.

    Each has at most 65,535 objects and a table of the same columns: texts, or numbers of 32 or 64 bits, without nulls.
    """
    writer = _Writer()
    writer.take_images([image for portion in portions for image in portion.hung], pictures)
    primitives = [each for number, portion in enumerate(portions) for each in _solid(writer, portion, number)]
    primitives += [_drawn(writer, *each, own, number) for number, own in enumerate(portions) for each in own.drawn]
    tables = [_property_table(writer, portion.table) for portion in portions]
    document = {
        "asset": {"version": "2.0", "generator": "lifang", "extras": {"origin": [frame.lon, frame.lat], **extras}},
        "extensionsUsed": ["KHR_mesh_quantization", "EXT_mesh_features", "EXT_structural_metadata"],
        "extensionsRequired": ["KHR_mesh_quantization"],
        "extensions": {
            "EXT_structural_metadata": {"schema": _schema(portions[0].table.schema), "propertyTables": tables}
        },
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "matrix": _matrix(frame)} if on_earth else {"mesh": 0}],
        "meshes": [{"primitives": primitives}],
        **writer.looks(primitives),
        "accessors": writer.accessors,
        "bufferViews": writer.views,
        "buffers": [{"byteLength": writer.size}],
    }
    return _container(orjson.dumps(document), writer.parts)


@dataclass
class _Writer:
    """The binary chunk as it grows, with the views of it and the accessors of those."""

    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    views: list[dict[str, Any]] = field(default_factory=list)
    accessors: list[dict[str, Any]] = field(default_factory=list)
    _material_of: dict[str, int] = field(default_factory=dict)
    _looks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def take_images(self, images: Sequence[Image], pictures: Pictures | None) -> None:
        """Take in the images that are drawn, each once, with a texture and a material for each way it hangs."""
        told = {repr(each): each for each in images} if pictures else {}
        source: dict[str, int] = {}
        looks: dict[str, list[dict[str, Any]]] = {"samplers": [], "images": [], "textures": [], "materials": []}
        versions = pictures.chosen(list(told.values())) if pictures else []
        for (key, image), version in zip(told.items(), versions, strict=True):
            if version is None or pictures is None:
                continue
            sha256, media, *_ = version
            if sha256 not in source:
                source[sha256] = len(source)
                looks["images"].append({"bufferView": self.view(pictures.read(sha256)), "mimeType": media})
            if (how := sampler(image)) not in looks["samplers"]:
                looks["samplers"].append(how)
            looks["textures"].append({"source": source[sha256], "sampler": looks["samplers"].index(how)})
            self._material_of[key] = len(_MATERIALS) + len(looks["materials"])
            looks["materials"].append(material(image, len(looks["textures"]) - 1))
        self._looks = looks

    def material_of(self, images: Sequence[Image]) -> NDArray[np.int64]:
        """Return the number of the material of each image, 0 of what is not drawn; one more 0 for no image."""
        return np.array([*(self._material_of.get(repr(each), 0) for each in images), 0])

    def looks(self, primitives: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Return the materials that ``primitives`` have, which are numbered anew, and the images of these."""
        every = [*_MATERIALS, *self._looks["materials"]]
        used = sorted({each["material"] for each in primitives})
        for each in primitives:
            each["material"] = used.index(each["material"])
        rest = {name: each for name, each in self._looks.items() if each and name != "materials"}
        return {**rest, "materials": [every[number] for number in used]}

    def view(self, content: bytes, **words: int) -> int:
        """Add a view of ``content``, padded to eight bytes as EXT_structural_metadata asks, and return its number."""
        self.views.append({"buffer": 0, "byteOffset": self.size, "byteLength": len(content), **words})
        padded = content + bytes(-len(content) % 8)
        self.parts.append(padded)
        self.size += len(padded)
        return len(self.views) - 1

    def accessor(self, view: int, component: int, kind: str, count: int, **words: Any) -> int:
        """Add an accessor and return its number."""
        self.accessors.append({"bufferView": view, "componentType": component, "type": kind, "count": count, **words})
        return len(self.accessors) - 1


def _solid(writer: _Writer, portion: Portion, number: int) -> list[dict[str, Any]]:
    """Return the triangles of a portion as primitives that share their vertices, one a material."""
    if not len(portion.mesh.triangle):
        return []
    mesh, colour = portion.mesh, _colours(portion)
    hung = np.zeros(len(mesh.position), np.int64)
    if mesh.image is not None:
        hung = writer.material_of(portion.images)[mesh.image]
    textured = mesh.uv is not None and bool(hung.any())
    kind = np.dtype([*(_VERTEX if colour is None else _COLOURED).descr, *(_PLACE if textured else ())])
    vertices = np.zeros(len(mesh.position), dtype=kind)
    vertices["position"] = _upright(mesh.position)
    vertices["normal"][:, :3] = np.rint(_upright(mesh.normal) * 127)
    vertices["feature"] = mesh.owner
    if colour is not None:
        vertices["colour"] = np.where(hung[:, None] > 0, 255, colour)  # an image is multiplied by it
    if textured:
        vertices["place"] = mesh.uv
    count, position = len(vertices), vertices["position"]
    bounds = {"min": position.min(axis=0).tolist(), "max": position.max(axis=0).tolist()}
    view = writer.view(vertices.tobytes(), byteStride=kind.itemsize, target=_ARRAY_BUFFER)
    offsets = {name: offset for name, (_, offset, *_) in (kind.fields or {}).items()}
    attributes = {
        "POSITION": writer.accessor(view, _FLOAT, "VEC3", count, **bounds),
        "NORMAL": writer.accessor(view, _BYTE, "VEC3", count, byteOffset=offsets["normal"], normalized=True),
        "_FEATURE_ID_0": writer.accessor(view, _UNSIGNED_SHORT, "SCALAR", count, byteOffset=offsets["feature"]),
    }
    if colour is not None:
        words = {"byteOffset": offsets["colour"], "normalized": True}
        attributes["COLOR_0"] = writer.accessor(view, _UNSIGNED_BYTE, "VEC4", count, **words)
    look = hung[mesh.triangle[:, 0]]
    if mesh.tint is not None:
        look[(look == 0) & (mesh.tint[mesh.triangle[:, 0], 3] < 255)] = _CLEAR
    places = {}
    if textured:
        places = {"TEXCOORD_0": writer.accessor(view, _FLOAT, "VEC2", count, byteOffset=offsets["place"])}
    return [
        {
            "attributes": attributes | (places if each > _CLEAR else {}),
            "indices": _indices(writer, mesh.triangle[look == each], count),
            "material": each,
            "extensions": _features(portion, number),
        }
        for each in np.unique(look).tolist()
    ]


def _colours(portion: Portion) -> NDArray[np.uint8] | None:
    """Return the colour of each vertex as glTF has it, if any is known: that of its face, or of its object."""
    if portion.mesh.tint is not None:
        return linear(portion.mesh.tint)
    if _COLOUR not in portion.table.column_names:
        return None
    return linear(tint([(each, 1.0) for each in portion.table[_COLOUR].to_pylist()]))[portion.mesh.owner]


def _indices(writer: _Writer, triangle: NDArray[np.int64], count: int) -> int:
    wide = count > VERTICES_MAX
    corners = triangle.astype("<u4" if wide else "<u2").ravel()
    view = writer.view(corners.tobytes(), target=_ELEMENT_ARRAY_BUFFER)
    return writer.accessor(view, _UNSIGNED_INT if wide else _UNSIGNED_SHORT, "SCALAR", len(corners))


def _drawn(writer: _Writer, mode: int, drawn: Lines | Points, portion: Portion, number: int) -> dict[str, Any]:
    """Return the points or lines of a portion as a primitive."""
    vertices = np.zeros(len(drawn.position), dtype=_END)
    vertices["position"] = _upright(drawn.position)
    vertices["feature"] = drawn.owner
    count, position = len(vertices), vertices["position"]
    bounds = {"min": position.min(axis=0).tolist(), "max": position.max(axis=0).tolist()}
    view = writer.view(vertices.tobytes(), byteStride=_END.itemsize, target=_ARRAY_BUFFER)
    attributes = {
        "POSITION": writer.accessor(view, _FLOAT, "VEC3", count, **bounds),
        "_FEATURE_ID_0": writer.accessor(view, _UNSIGNED_SHORT, "SCALAR", count, byteOffset=_FEATURE_AT),
    }
    return {"mode": mode, "attributes": attributes, "material": 0, "extensions": _features(portion, number)}


def _features(portion: Portion, number: int) -> dict[str, Any]:
    told = {"featureCount": len(portion.table), "attribute": 0, "propertyTable": number}
    return {"EXT_mesh_features": {"featureIds": [told]}}


def _upright(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return east, north, up as glTF's axes: x east, y up, z south."""
    return np.column_stack((vectors[:, 0], vectors[:, 2], -vectors[:, 1]))


def _matrix(frame: Frame) -> list[float]:
    """Return the column-major matrix from glTF's axes at ``frame`` to earth-centred ones, y being up again.

    A viewer turns y-up into z-up for the whole tile (OGC 22-025r4, 7.2), so what is written is that turn undone.
    """
    east, north, up = frame.axes
    columns = [east, up, -north, frame.origin]
    turned = [(column[0], column[2], -column[1]) for column in columns]
    return [float(value) for column, last in zip(turned, (0, 0, 0, 1), strict=True) for value in (*column, last)]


def _schema(schema: pa.Schema) -> dict[str, Any]:
    properties = {each.name: _property(each.type) for each in schema}
    return {"id": "lifang", "classes": {_CLASS: {"properties": properties}}}


def _property(kind: pa.DataType) -> Mapping[str, str]:
    component = _NUMBERS.get(kind)
    return {"type": "SCALAR", "componentType": component} if component else {"type": "STRING"}


def _property_table(writer: _Writer, table: pa.Table) -> dict[str, Any]:
    columns = {name: _column(writer, table[name].combine_chunks()) for name in table.column_names}
    return {"class": _CLASS, "count": len(table), "properties": columns}


def _column(writer: _Writer, values: pa.Array) -> dict[str, int | str]:
    if values.type in _NUMBERS:
        return {"values": writer.view(values.to_numpy().tobytes())}
    texts = [text.encode() for text in values.to_pylist()]
    offsets = np.concatenate(([0], np.cumsum([len(text) for text in texts]))).astype("<u4")
    content = b"".join(texts) or b"\0"  # a view is never empty
    return {"values": writer.view(content), "stringOffsets": writer.view(offsets.tobytes())}


def _container(document: bytes, parts: Sequence[bytes]) -> bytes:
    document += b" " * (-len(document) % 8)
    binary = sum(map(len, parts))
    total = 12 + 8 + len(document) + 8 + binary
    head = np.array([0x46546C67, 2, total, len(document), 0x4E4F534A], dtype="<u4").tobytes()
    return b"".join((head, document, np.array([binary, 0x004E4942], dtype="<u4").tobytes(), *parts))
