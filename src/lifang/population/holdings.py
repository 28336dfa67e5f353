"""What synthetic households and firms hold: dwellings, licences, records of credit, by the data standards of each."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lifang.population.entities import NOWHERE
from lifang.population.fitting import Integers
from lifang.standards import code_list, complete_uscc

_HOMES_A_FLOOR, _FLOORS = 4, (6, 11, 18, 25, 33)
_AREA_A_HOME_M2, _AREA_A_PERSON_M2, _AREA_SPREAD = 40.0, 18.0, 0.2
_OWNED_BY_FIRMS = 0.08
_FIRST_BUILT, _LAST_BUILT = 1985, 2020
_LAST_DAY = np.datetime64("2020-11-01")  # the census moment: nothing synthetic is later
_CANCELLED = 0.06
_OFFICE = ("合成市场监督管理局", "11" + NOWHERE, "00000001")
_BUSINESS_LICENCE = ("SYNBL", "营业执照（合成）")
_RECORDS: tuple[tuple[str, float, str], ...] = (  # kind of record, share of firms with one, what was decided
    ("licence", 0.25, "准予行政许可（合成）"),
    ("commitment", 0.2, "作出信用承诺（合成）"),
    ("inspection", 0.15, "双随机检查，未发现问题（合成）"),
    ("penalty", 0.02, "罚款（合成）"),
    ("reward", 0.005, "通报表扬（合成）"),
)
_PUBLIC_YEARS = 3
_DAYS_A_YEAR = 365


def draw_dwellings(households: pa.Table, firms: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Return one dwelling for each family household (housing_unit@1), in buildings within its street."""
    homes = households.filter(pc.equal(households["kind"], "family")).sort_by("residence_street")
    count = len(homes)
    streets = homes["residence_street"].combine_chunks().dictionary_encode()
    street = streets.indices.to_numpy()
    building, door, floors = _buildings(street, rng)
    floor = door // _HOMES_A_FLOOR + 1
    number, built = (
        building - _first_of(building, street) + 1,
        rng.integers(_FIRST_BUILT, _LAST_BUILT, building[-1] + 1),
    )
    area = (_AREA_A_HOME_M2 + _AREA_A_PERSON_M2 * homes["size"].to_numpy()) * rng.lognormal(0, _AREA_SPREAD, count)
    owner = pa.array(np.where(rng.random(count) < _OWNED_BY_FIRMS, rng.integers(0, len(firms), count), -1))
    names = {each.code: each.zh for each in code_list("gbt2260_streets")}
    places = pa.array([names[code] for code in streets.dictionary.to_pylist()]).take(streets.indices)
    rooms = pc.binary_join_element_wise(_text(floor), _text(door % _HOMES_A_FLOOR + 1, 2), "")
    return pa.table(
        {
            "unit_code": pc.binary_join_element_wise(
                f"{NOWHERE}000000GB", _text(building // 100_000 + 1, 5), "F", _text(np.arange(1, count + 1), 8), ""
            ),
            "building": pc.binary_join_element_wise("SYN-B", _text(building + 1, 9), "-"),
            "address": pc.binary_join_element_wise(places, "合成路", _text(number), "号", rooms, "室", ""),
            "division": homes["division"],
            "use": pa.repeat(pa.scalar("dwelling"), count),
            "floor_area": np.round(area, 1),
            "floor": floor,
            "floors": floors,
            "built": built[building],
            "owner_code": firms["uscc"].combine_chunks().take(pc.if_else(pc.less(owner, 0), None, owner)),
            "household": homes["household"],
            "synthetic": pa.repeat(pa.scalar("合成"), count),
        }
    )


def draw_licences(firms: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Return the business licence of each firm (e_licence@1)."""
    count = len(firms)
    kind, title = _BUSINESS_LICENCE
    issuer, head, subject = _OFFICE
    (issuer_code,) = complete_uscc([head], [subject])
    return pa.table(
        {
            "licence_id": pc.binary_join_element_wise(
                f"1.2.156.3005.2.{kind}.{issuer_code}", firms["uscc"], "001", "0", "."
            ),
            "type_code": pa.repeat(pa.scalar(kind), count),
            "type_name": pa.repeat(pa.scalar(title), count),
            "licence_number": firms["uscc"],
            "issuer_name": pa.repeat(pa.scalar(issuer), count),
            "issuer_code": pa.repeat(pa.scalar(issuer_code), count),
            "holder_name": firms["name"],
            "holder_code": firms["uscc"],
            "issued": firms["established"],
            "state": np.where(rng.random(count) < _CANCELLED, "cancelled", "valid"),
            "synthetic": pa.repeat(pa.scalar("合成"), count),
        }
    )


def draw_records(firms: pa.Table, rng: np.random.Generator) -> pa.Table:
    """Return records on which the firms' credit rests (public_credit@1), each after its firm was established."""
    chosen = [np.flatnonzero(rng.random(len(firms)) < share) for _, share, _ in _RECORDS]
    kind = np.repeat(np.arange(len(_RECORDS)), [len(each) for each in chosen])
    firm, count = np.concatenate(chosen), len(kind)
    start = firms["established"].to_numpy().astype("datetime64[D]")[firm]
    decided = start + (rng.random(count) * (_LAST_DAY - start).astype(np.int64)).astype(np.int64)
    authority, head, subject = _OFFICE
    (authority_code,) = complete_uscc([head], [subject])
    penal = kind == [name for name, _, _ in _RECORDS].index("penalty")
    amount = np.round(rng.lognormal(8.5, 1.0, count), -2)
    rows = pa.array(firm)
    return pa.table(
        {
            "record_id": pc.binary_join_element_wise("SYN-C", _text(np.arange(1, count + 1), 9), "-"),
            "kind": _named([name for name, _, _ in _RECORDS], kind),
            "subject_name": firms["name"].combine_chunks().take(rows),
            "subject_code": firms["uscc"].combine_chunks().take(rows),
            "document": pc.binary_join_element_wise("合成决〔0000〕", _text(np.arange(1, count + 1)), "号", ""),
            "subject_matter": _named([text for _, _, text in _RECORDS], kind),
            "amount": pa.array(amount, mask=~penal),
            "decided": decided,
            "authority": pa.repeat(pa.scalar(authority), count),
            "authority_code": pa.repeat(pa.scalar(authority_code), count),
            "public_until": decided + _PUBLIC_YEARS * _DAYS_A_YEAR,
            "synthetic": pa.repeat(pa.scalar("合成"), count),
        }
    )


def _buildings(street: Integers, rng: np.random.Generator) -> tuple[Integers, Integers, Integers]:
    """Return the building, the place in it and its floors for each home; homes come ordered by street."""
    floors = rng.choice(_FLOORS, len(street) // (_FLOORS[0] * _HOMES_A_FLOOR) + int(street.max()) + 2)
    building, door = np.empty(len(street), np.int64), np.empty(len(street), np.int64)
    at, used = 0, 0
    for size in np.bincount(street):
        ends = np.cumsum(floors[used:] * _HOMES_A_FLOOR)
        needed = int(np.searchsorted(ends, size)) + 1
        places = np.arange(size)
        here = np.searchsorted(ends[:needed], places, side="right")
        building[at : at + size] = used + here
        door[at : at + size] = places - np.concatenate([[0], ends])[here]
        at, used = at + size, used + needed
    return building, door, floors[building]


def _first_of(building: Integers, street: Integers) -> Integers:
    """Return the first building of the street of each home."""
    starts = np.searchsorted(street, np.arange(street.max() + 1))
    return building[starts][street]


def _text(numbers: NDArray[np.int64], width: int = 1) -> pa.Array:
    return pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")


def _named(names: Sequence[str], index: NDArray[np.int64]) -> pa.Array:
    return pa.array(names).take(pa.array(index))
