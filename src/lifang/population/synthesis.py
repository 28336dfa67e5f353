"""The face of the room: a synthetic population drawn from a seed, admitted as datasets that say what they are."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lifang.catalogue import Card, Catalogue
from lifang.core import BadInput
from lifang.guard import Subject
from lifang.population.entities import draw_entities
from lifang.population.figures import Figures, read_figures
from lifang.population.holdings import draw_dwellings, draw_licences, draw_records
from lifang.population.people import draw

PERSONS_MAX = 25_000_000
_PERSONS_A_FIRM = 20  # assumed
Told = Callable[[float, str], None]

_MADE = (
    "种子 {seed}，抽取 {persons} 人。由公布的普查与联合国数据按迭代比例拟合（Deming、Stephan 1940）和截断—复制—抽样"
    "取整（Lovelace、Ballas 2013）生成；不含任何真实个人或单位。假设：户规模为已公布平均值下的最大熵分布，"
    "各街道人口相等，集体户多为15至59岁；每个家庭户一套住房，面积随户规模；证照与信用记录按固定比例抽取。",
    "Seed {seed}, {persons} persons. Made from published census and UN figures by iterative proportional fitting "
    "(Deming, Stephan 1940), made whole by truncate, replicate, sample (Lovelace, Ballas 2013); nobody and no firm in "
    "it is real. Assumed: sizes of households by maximum entropy at the published mean, streets of equal population, "
    "collective households mostly of 15 to 59; a dwelling for each family household, larger for more persons; licences "
    "and records of credit in fixed shares.",
)
_PLACES: Mapping[str, Any] = {
    "residence_street": {
        "zh": "居住地街道",
        "en": "Street of residence",
        "code_list": "gbt2260_streets",
        "required": True,
    },
    "division": {"zh": "区县", "en": "District", "code_list": "gbt2260", "required": True},
    "synthetic": {"zh": "合成标记", "en": "Marked as synthetic", "pattern": "合成", "required": True},
}  # fmt: skip
_CARDS: Mapping[str, Mapping[str, Any]] = {
    "synthetic_persons": {
        "name": {"zh": "合成人口：个人", "en": "Synthetic population: persons"},
        "theme": "population",
        "key": ["person"],
        "columns": {
            "person": {"zh": "合成个人编号", "en": "Synthetic person", "pattern": "SYN-P-\\d{9}", "required": True},
            "household": {"zh": "合成户编号", "en": "Synthetic household", "pattern": "SYN-H-\\d{9}", "required": True},
            "role": {"zh": "户内角色", "en": "Role in the household", "type": "category", "required": True},
            "sex": {"zh": "性别", "en": "Sex", "type": "category", "pattern": "female|male", "required": True},
            "age": {"zh": "年龄", "en": "Age", "type": "integer", "unit": "a", "minimum": 0, "maximum": 120},
            "age_group": {"zh": "年龄组", "en": "Age group", "type": "category", "required": True},
            **_PLACES,
        },
    },
    "synthetic_households": {
        "name": {"zh": "合成人口：户", "en": "Synthetic population: households"},
        "theme": "population",
        "key": ["household"],
        "columns": {
            "household": {"zh": "合成户编号", "en": "Synthetic household", "pattern": "SYN-H-\\d{9}", "required": True},
            "kind": {"zh": "户别", "en": "Kind", "type": "category", "pattern": "family|collective", "required": True},
            "size": {"zh": "人数", "en": "Persons", "type": "integer", "unit": "{person}", "minimum": 1},
            **_PLACES,
        },
    },
    "synthetic_legal_entities": {
        "name": {"zh": "合成法人", "en": "Synthetic legal entities"},
        "theme": "legal_entities",
        "key": ["uscc"],
        "columns": {
            "uscc": {"zh": "统一社会信用代码（合成）", "en": "Unified social credit code (synthetic)",
                     "check_digit": "uscc", "pattern": "..000000.*", "required": True},
            "name": {"zh": "名称", "en": "Name", "pattern": "合成.*", "required": True},
            "established": {"zh": "成立日期", "en": "Established", "type": "date", "required": True},
            "street": _PLACES["residence_street"] | {"zh": "街道", "en": "Street"},
            "division": _PLACES["division"],
            "synthetic": _PLACES["synthetic"],
        },
    },
    "synthetic_housing_units": {
        "name": {"zh": "合成房屋", "en": "Synthetic housing units"},
        "theme": "housing",
        "standard": "housing_unit@1",
        "columns": {
            "household": {"zh": "合成户编号", "en": "Synthetic household", "pattern": "SYN-H-\\d{9}", "required": True,
                          "references": "synthetic_households.household"},
            "synthetic": _PLACES["synthetic"],
        },
    },
    "synthetic_e_licences": {
        "name": {"zh": "合成电子证照", "en": "Synthetic electronic licences"},
        "theme": "licences",
        "standard": "e_licence@1",
        "classification": "restricted",
        "columns": {"synthetic": _PLACES["synthetic"]},
    },
    "synthetic_public_credit": {
        "name": {"zh": "合成公共信用记录", "en": "Synthetic records of public credit"},
        "theme": "credit",
        "standard": "public_credit@1",
        "columns": {"synthetic": _PLACES["synthetic"]},
    },
}  # fmt: skip


@dataclass(frozen=True)
class Synthesised:
    """What was made: how many persons, households and legal entities, and the releases that hold them."""

    persons: int
    households: int
    entities: int
    releases: Mapping[str, str]

    def as_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {"persons": self.persons, "households": self.households, "entities": self.entities,
                "releases": dict(self.releases)}  # fmt: skip


class SyntheticPopulation:
    """Makes the synthetic population of one city."""

    def __init__(self, catalogue: Catalogue, *, scratch: Path) -> None:
        self._catalogue = catalogue
        self._scratch = scratch

    def synthesise(
        self,
        persons: int,
        seed: int,
        *,
        by: Subject,
        progress: Told = lambda _share, _stage: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> Synthesised:
        """Return what was made and released: the same persons for the same seed, figures and number.

        ``NotFound`` if the city lacks the published figures, ``BadInput`` for a number that is out of range.
        """
        if not 1_000 <= persons <= PERSONS_MAX or not 0 <= seed < 2**63:
            mend = f"Ask for 1,000 to {PERSONS_MAX:,} persons, and a seed from 0."
            raise BadInput("That many persons cannot be made.", where="persons", mend=mend)
        tables = self.draw(read_figures(self._catalogue), persons, seed)
        progress(0.2, "draw")
        releases = {}
        for done, (name, table) in enumerate(tables.items()):
            progress(0.2 + 0.8 * done / len(tables), name)
            releases[name] = self._release(name, table, persons, seed, by, cancelled)
        progress(1.0, "done")
        made, households, entities, *_ = (len(table) for table in tables.values())
        return Synthesised(made, households, entities, releases)

    @staticmethod
    def draw(figures: Figures, persons: int, seed: int) -> dict[str, pa.Table]:
        """Return the tables by the dataset that holds them: people, households, firms, and what these two hold."""
        people = draw(figures, persons, np.random.default_rng([seed, 0]))
        firms = draw_entities(figures, max(1, persons // _PERSONS_A_FIRM), np.random.default_rng([seed, 1]))
        homes = draw_dwellings(people.households, firms, np.random.default_rng([seed, 2]))
        licences = draw_licences(firms, np.random.default_rng([seed, 3]))
        records = draw_records(firms, np.random.default_rng([seed, 4]))
        return dict(zip(_CARDS, (people.persons, people.households, firms, homes, licences, records), strict=True))

    def _release(
        self, name: str, table: pa.Table, persons: int, seed: int, by: Subject, cancelled: Callable[[], bool]
    ) -> str:
        zh, en = (text.format(seed=seed, persons=f"{persons:,}") for text in _MADE)
        both = {"zh": "里坊（合成数据，非真实）", "en": "lifang (synthetic, not real)"}
        common = {"id": name, "provider": both, "classification": "open", "summary": {"zh": zh, "en": en},
                  "keywords": ["合成", "synthetic"], "update_cycle": "irregular", "licence": "CC0-1.0",
                  "source_text": "census_2020, population_by_age (WPP 2019), streets"}  # fmt: skip
        card = Card.from_mapping({**common, **_CARDS[name]})
        self._scratch.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._scratch) as folder:
            path = Path(folder) / f"{name}.parquet"
            pq.write_table(table, path, compression="zstd")
            admission = self._catalogue.add(path, name=path.name, card=card, by=by, cancelled=cancelled)
        release = admission.release or self._catalogue.dataset(name).release()
        return release.id
