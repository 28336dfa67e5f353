"""What the last consolidation was made of, so that the next one looks at what changed since, and at nothing else.

It is two files a kind in the city's folder, made anew whenever they are missing, and never the only place of anything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

_FORM = 2  # what records come to, of the same sources: another way to consolidate has another number
ALIKE = pa.schema([pa.field("key", pa.string()), pa.field("alike", pa.string())])


@dataclass(frozen=True)
class Basis:
    """The release that came of a consolidation, when that began, and what it was made of.

    ``sources`` are in their order (dataset, release, organisation, columns), ``names`` the keys of the records that a
    row without a right key may mean, by the plain name that it tells, ``unresolved`` what was told of rows that mean
    none, ``alike`` the number of the file that says as what records are compared.
    """

    release: str
    began: int
    sources: Sequence[Sequence[Any]]
    rules: Mapping[str, Sequence[str]]
    merged: Mapping[str, str]
    places: str
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    unresolved: Sequence[Mapping[str, Any]] = ()
    alike: int = 0
    form: int = _FORM


class Memory:
    """The files that keep the basis of one kind, and as what each of its records is compared with others."""

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder, self._kind = folder / "masterdata", kind

    def basis(self) -> Basis | None:
        """Return what the last consolidation was made of; ``None`` if that is not known."""
        try:
            found = Basis(**orjson.loads(self._basis.read_bytes()))
        except (OSError, ValueError, TypeError):
            return None
        return found if found.form == _FORM and self._alike(found.alike).is_file() else None

    def alike(self, basis: Basis) -> pa.Table:
        """Return ``key`` and ``alike`` of each record."""
        return pq.read_table(self._alike(basis.alike), memory_map=False)

    def keep(self, basis: Basis, alike: pa.Table | None) -> None:
        """Keep both, in place of what was kept before; without ``alike`` that stays as the basis names it."""
        self._folder.mkdir(exist_ok=True)
        if alike is not None:
            basis = replace(basis, alike=basis.alike + 1)
            pq.write_table(alike.cast(ALIKE), self._alike(basis.alike), compression="zstd", use_dictionary=False)
        made = self._basis.with_suffix(".new")
        made.write_bytes(orjson.dumps(asdict(basis)))
        made.replace(self._basis)
        for path in self._folder.glob(f"{self._kind}-*.parquet"):
            if path != self._alike(basis.alike):
                path.unlink()

    def forget(self) -> None:
        """Remove both: they quote records."""
        for path in (self._basis, *self._folder.glob(f"{self._kind}-*.parquet")):
            path.unlink(missing_ok=True)

    @property
    def _basis(self) -> Path:
        return self._folder / f"{self._kind}.json"

    def _alike(self, number: int) -> Path:
        return self._folder / f"{self._kind}-{number}.parquet"
