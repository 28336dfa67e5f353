"""Objects of a moment as files: families of objects, outlines and solids, in the form that is asked for."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from lifang.core import BadInput, Box, NotFound, TooLarge, check_crs, format_instant, from_micros
from lifang.guard import Classification
from lifang.store import Blobs, LinkQuery, ObjectQuery, Objects
from lifang.twin.documents import Documents
from lifang.twin.flat import outlines_of, plain
from lifang.twin.lightening import lightened
from lifang.twin.links import OBJECT, Links
from lifang.twin.model import CityObject
from lifang.twin.tiles import parts_of
from lifang.twin.tiling import Pictures, content
from lifang.twin.writing import CityJson, Kin, Textures, metric_crs, write_geopackage, write_ifc

# The ending of a file's name and its media type, by the form that is asked for.
FORMS = {
    "cityjson": (".city.json", "application/city+json"),
    "cityjsonseq": (".city.jsonl", "application/city+json-seq"),
    "cityjsonzip": (".city.zip", "application/zip"),  # with the images of textures beside the file
    "gpkg": (".gpkg", "application/geopackage+sqlite3"),
    "glb": (".glb", "model/gltf-binary"),
    "ifc": (".ifc", "application/x-step"),
}
_AT_ONCE = 500
_SOLIDS_MAX, _OUTLINES_MAX, _ELEMENTS_MAX = 50_000, 1_000_000, 50_000
_PROPERTIES_MAX = 200
_IMAGE_BYTES_MAX, _IMAGE_PIXELS_MAX = 256 << 20, 1 << 30  # in one glTF
_TOLD = ("id", "class", "name", "model", "category", "level", "stage", "parent", "bottom_m", "top_m")


@dataclass(frozen=True)
class Export:
    """The objects that meet a query, to be written as a file; ``model`` is theirs if they are of one."""

    objects: Objects
    links: Links
    documents: Documents
    blobs: Blobs
    query: ObjectQuery
    generated: frozenset[str] = frozenset()
    model: str = ""

    def classes(self, form: str = "") -> list[Classification]:
        """Return the classifications that stand in a file of a ``form``; ``NotFound`` if there are no objects."""
        if form == "ifc":
            return [Classification(each) for each in self._with_wholes["classification"].unique().to_pylist()]
        found = self.objects.count(self.query, "classification")["classification"].to_pylist()
        if not found:
            raise NotFound("There are no objects then and there.", mend="Choose another moment, model or box.")
        told = self._told[1] if form.startswith("cityjson") else ()
        return sorted({Classification(each) for each in found} | set(told))

    def write(self, path: Path, form: str, *, crs: str = "", lighten_m: float = 0.0) -> int:
        """Write them into ``path``; return how many shapes go out without their textures.

        ``crs`` is a projected system for CityJSON and IFC, else the UTM zone. They may have fewer corners or triangles,
        which lie ``lighten_m`` from the objects' at most: see ``lightened``.
        """
        if form == "gpkg":
            return self._geopackage(path, lighten_m)
        if form == "glb":
            return self._glb(path, lighten_m)
        if form == "ifc":
            return self._ifc(path, crs, lighten_m)
        if form in FORMS:
            return self._cityjson(path, form, crs, lighten_m)
        raise BadInput(f"{form[:40]!r} is no form.", where="format", mend=f"Use {', '.join(FORMS)}.")

    def _cityjson(self, path: Path, form: str, crs: str, lighten_m: float) -> int:
        box, extent = self._box(), self.objects.extent(self.query) or (0.0,) * 6
        members, _ = self._told
        metadata = {
            "title": self.model or "all",
            "referenceDate": format_instant(from_micros(self.query.valid))[:10],
            **members.get("metadata", {}),
        }
        if lighten_m:
            metadata["title"] = f"{metadata['title']}, lightened by {lighten_m:g} m at most"
        system = check_crs(crs) if crs else metric_crs(box)
        target = CityJson(system, box, self.model, self._kin, {**members, "metadata": metadata})
        counts: list[int] = []
        families = self._families(lighten_m, counts, joined=form == "cityjsonseq", textures=form == "cityjsonzip")
        if form == "cityjsonzip":
            self._zip(path, target, families)
            return sum(counts)
        with path.open("wb") as stream:
            stream.writelines(
                target.document(families) if form == "cityjson" else target.sequence(families, extent[4:])
            )
        return sum(counts)

    def _zip(self, path: Path, target: CityJson, families: Iterator[list[CityObject]]) -> None:
        """Write the file with the images of its textures beside it."""
        textures = Textures()
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            with archive.open(f"{self.model or 'objects'}.city.json", "w", force_zip64=True) as stream:
                stream.writelines(target.document(families, textures))
            for name, sha256 in textures.files.items():
                archive.writestr(name, self.blobs.read(sha256), zipfile.ZIP_STORED)

    @cached_property
    def _told(self) -> tuple[dict[str, Any], list[Classification]]:
        """What the files of these objects' models told of themselves, with the classifications of that."""
        models = [self.model] if self.model else self.objects.count(self.query, "model")["model"].to_pylist()
        return self.documents.of(models, self.query)

    def _geopackage(self, path: Path, lighten_m: float) -> int:
        rows = self._rows(_OUTLINES_MAX)
        bare = _textured(rows)
        if lighten_m:
            rows = lightened(rows, lighten_m)
        held = [orjson.loads(each) for each in rows["properties"].to_pylist()]
        table: dict[str, Sequence[Any]] = {name: rows[name].to_pylist() for name in _TOLD}
        table["height_m"] = [top - base for base, top in zip(table["bottom_m"], table["top_m"], strict=True)]
        table["generated"] = [each in self.generated for each in table["model"]]
        for name in ("valid_from", "recorded_from"):
            table[name] = [format_instant(from_micros(each)) for each in rows[name].to_pylist()]
        taken = {each.lower() for each in table} | {"fid", "geom"}
        for name in list(dict.fromkeys(name for own in held for name in own))[:_PROPERTIES_MAX]:
            column = name if name.lower() not in taken else f"property_{name}"
            taken.add(column.lower())
            table[column] = [plain(own.get(name)) for own in held]
        write_geopackage(path, self.model or "objects", outlines_of(rows, in_space=True), table)
        return bare

    def _glb(self, path: Path, lighten_m: float) -> int:
        rows = self._rows(_SOLIDS_MAX)
        pictures = Pictures(self.blobs.read, _IMAGE_BYTES_MAX, _IMAGE_PIXELS_MAX)
        kinds = parts_of(rows, self.generated)
        path.write_bytes(content(kinds, self._box(), on_earth=False, lighten_m=lighten_m, pictures=pictures))
        return _textured(rows) if lighten_m else 0  # no image hangs on what is lightened

    def _ifc(self, path: Path, crs: str, lighten_m: float) -> int:
        system = check_crs(crs) if crs else metric_crs(self._box())
        moment = format_instant(from_micros(self.query.valid))
        rows = lightened(self._with_wholes, lighten_m) if lighten_m else self._with_wholes
        write_ifc(path, rows, prefix=self.model, crs=system, moment=moment)
        return _textured(self._with_wholes)

    @cached_property
    def _with_wholes(self) -> pa.Table:
        """The objects with what they are part of, as far as it may be seen, by id."""
        rows = [self._rows(_ELEMENTS_MAX, shaped=False)]
        known = set(rows[0]["id"].to_pylist())
        around = replace(
            self.query, box=None, classes=None, text="", named=None, levels=None, linked=None, parents=None
        )
        while wanted := set(rows[-1]["parent"].to_pylist()) - known - {""}:
            rows.append(self.objects.read(replace(around, ids=sorted(wanted))))
            known |= wanted
        return pa.concat_tables(rows).sort_by("id")

    def _rows(self, most: int, *, shaped: bool = True) -> pa.Table:
        rows = self.objects.read(replace(self.query, shaped=shaped, limit=most + 1))
        if not len(rows):
            raise NotFound("None of these objects has a shape of its own.", mend="Choose others.")
        if len(rows) > most:
            raise TooLarge(f"More than {most:,} objects are too many for one file.", mend="Ask for a model or a box.")
        return rows

    def _box(self) -> Box:
        extent = self.objects.extent(self.query) or (0.0,) * 6
        return Box(*extent[:4])

    @cached_property
    def _parents(self) -> dict[str, str]:
        """What each object names as its whole, by id."""
        rows = self.objects.read(self.query, ("id", "parent"))
        return dict(zip(rows["id"].to_pylist(), rows["parent"].to_pylist(), strict=True))

    @cached_property
    def _kin(self) -> Kin:
        """The groups and further wholes among these objects that some of them belong to."""
        query, kinds = self.query, ["group", "part"]
        own, grades = replace(query, limit=None), query.classifications
        asked = LinkQuery(query.valid, query.recorded, kinds=kinds, classifications=grades, of=own)
        found = ((each.object, each.end, each.role) for each in self.links.page(asked))
        there = self._parents
        return Kin((one, to, role) for one, (kind, to), role in found if kind == OBJECT and {one, to} <= there.keys())

    def _families(
        self, lighten_m: float, counts: list[int], *, joined: bool, textures: bool
    ) -> Iterator[list[CityObject]]:
        """Yield objects with their parts, and the parts of those; ``joined`` with those of the groups they are in.

        ``counts`` gets how many shapes lose their textures, which all do unless ``textures`` go out too.
        """
        parents, children = self._parents, dict[str, list[str]]()
        for own, parent in parents.items():
            children.setdefault(parent, []).append(own)
        heads = [own for own, parent in parents.items() if parent not in parents]
        below, head_of = dict[str, list[str]](), dict[str, str]()
        for head in (*heads, *parents):  # of those that are each in the other the first is the head
            if head not in head_of:
                below[head] = list(_below(head, children))
                head_of |= dict.fromkeys(below[head], head)
        families = list(below.values())
        if joined:
            together = self._kin.joined(list(below), head_of)
            families = [[own for head in some for own in below[head]] for some in together]
        for start in range(0, len(families), _AT_ONCE):
            some = families[start : start + _AT_ONCE]
            rows = self.objects.read(replace(self.query, ids=[each for family in some for each in family]))
            light = lightened(rows, lighten_m) if lighten_m else rows
            counts.append(_textured(rows) - (_textured(light) if textures else 0))
            read = light.to_pylist()
            found = dict(zip(map(itemgetter("id"), read), map(CityObject.from_row, read), strict=True))
            yield from ([found[each] for each in family] for family in some)


def _textured(rows: pa.Table) -> int:
    """Return how many shapes have textures."""
    detail = rows["geometry"].combine_chunks().flatten().field("detail")
    return int(pc.sum(pc.match_substring(detail, '"texture":{')).as_py() or 0)


def _below(head: str, children: dict[str, list[str]]) -> Iterator[str]:
    """Yield an object and everything under it, each once."""
    waiting, seen = [head], {head}
    while waiting:
        own = waiting.pop(0)
        yield own
        more = [each for each in children.get(own, ()) if each not in seen]
        seen.update(more)
        waiting += more
