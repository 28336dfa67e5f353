"""Uploads: streamed to the spool, admitted by a job, refused when bad, nothing left behind."""

from __future__ import annotations

from typing import Any

import httpx

from .conftest import House

_CSV = b"id,value\n1,2.5\n2,3.5\n"
_CARD = """id = "uploaded"
theme = "other"
classification = "open"
[name]
zh = "上传"
en = "uploaded"
""".encode()


def _send(house: House, role: str = "data_officer", **more: Any) -> httpx.Response:
    return house.client(role).post("/api/v1/datasets", **more)


def _spool(house: House) -> list[str]:
    return [path.name for path in house.city.spool.iterdir()]


def test_a_raw_body_becomes_a_dataset_shared_among_staff(house: House) -> None:
    answer = _send(house, content=_CSV, params={"filename": "counts.csv"})
    assert answer.status_code == 202
    job = house.city.jobs.wait(answer.json()["id"], timeout_s=20)
    assert job.state == "done"
    assert house.client("analyst").get("/api/v1/datasets/counts/rows").json()["total"] == 2
    assert house.client().get("/api/v1/datasets/counts").status_code == 404
    assert _spool(house) == []


def test_a_form_brings_the_file_and_its_card(house: House) -> None:
    files = {"file": ("some.csv", _CSV), "card": ("dataset.toml", _CARD)}
    answer = _send(house, files=files)
    assert answer.status_code == 202
    assert house.city.jobs.wait(answer.json()["id"], timeout_s=20).state == "done"
    assert house.client().get("/api/v1/datasets/uploaded").json()["name"]["zh"] == "上传"
    assert _spool(house) == []


def test_who_may_not_admit_is_refused_before_anything_is_kept(house: House) -> None:
    assert _send(house, "", content=_CSV).status_code == 401
    assert _send(house, "analyst", content=_CSV).status_code == 403
    assert _spool(house) == []


def test_a_small_file_that_cannot_be_admitted_is_refused_at_once(house: House) -> None:
    for name, content in {
        "x.geojson": b'{"type": "FeatureCollection", "features": [',
        "x.csv": b"a,b\n",
        "x.zip": b"PK\x03\x04broken",
        "x.parquet": b"PAR1broken",
        "x.xlsx": b"PK\x05\x06" + bytes(18),
        "x.pdf": b"%PDF-1.7",
    }.items():
        answer = _send(house, content=content, params={"filename": name})
        assert answer.status_code == 400, (name, answer.text)
        assert answer.json()["detail"]
    assert _spool(house) == []


def test_empty_broken_and_markup_uploads_are_refused(house: House) -> None:
    assert _send(house, content=b"").status_code == 400
    assert _send(house, content=b"<?xml version='1.0'?><a/>", params={"filename": "a.csv"}).status_code == 400
    form = {"Content-Type": "multipart/form-data; boundary=x"}
    assert _send(house, content=b"--x\r\nbroken", headers=form).status_code == 400
    files = {"file": ("a.csv", _CSV), "card": ("c.toml", b"id = [broken")}
    assert _send(house, files=files).json()["where"] == "card"
    assert _send(house, files={"card": ("c.toml", _CARD)}).status_code == 400
    assert _spool(house) == []


def test_five_gigabytes_are_refused_at_once(house: House) -> None:
    answer = _send(house, content=b"x", headers={"Content-Length": "5000000000"})
    assert answer.status_code == 413
    assert _spool(house) == []


def test_a_stream_that_grows_beyond_the_bound_is_refused_and_not_kept(house: House) -> None:
    async def endless() -> Any:
        while True:
            yield b"1,2\n" * 10_000

    assert _send(house, content=endless()).status_code == 413
    assert _spool(house) == []


def test_a_name_with_a_path_in_it_stays_a_name(house: House) -> None:
    answer = _send(house, content=b"a,b\n5,6\n", params={"filename": "..\\..\\etc/../passwd_list.csv"})
    assert answer.status_code == 202
    assert house.city.jobs.wait(answer.json()["id"], timeout_s=20).result["dataset"] == "passwd_list"  # type: ignore[index]
