"""What goes with a dataset: dictionary, data sheet, citation, code that reads it, and exports that tell their rows."""

from __future__ import annotations

import asyncio
import io
import re
import threading
import zipfile
from collections.abc import Iterator

import httpx
import pytest
import uvicorn

from lifang.catalogue import write_rows
from lifang.doors.api.routes import rows as rows_route

from .conftest import House


def test_the_dictionary_tells_rules_figures_and_codes(house: House) -> None:
    told = house.client().get("/api/v1/datasets/wells/dictionary").json()
    columns = {each["name"]: each for each in told["columns"]}
    assert told["release"] == 1
    assert columns["code"]["key"] is columns["code"]["required"] is True
    assert (columns["depth"]["unit"], columns["depth"]["found_maximum"]) == ("m", 30.0)
    assert columns["name"]["title"] == {"zh": "名称", "en": "name"}


def test_the_sheet_is_a_pdf_with_chinese(house: House) -> None:
    answer = house.client().get("/api/v1/datasets/wells/sheet")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert b"STSong-Light" in answer.content


def test_a_citation_has_every_form(house: House) -> None:
    told = house.client().get("/api/v1/datasets/wells/citation").json()
    form = r"水务局\. wells数据: 第1版\[DS/OL\]\. 小城, .*\. http://127\.0\.0\.1/\?room=data&dataset=wells\."
    assert re.fullmatch(form, told["text"]["zh"])
    assert told["bibtex"].startswith("@misc{wells")
    assert told["datacite"]["types"]["resourceTypeGeneral"] == "Dataset"
    assert told["datacite"]["geoLocations"][0]["geoLocationBox"]["westBoundLongitude"] == 104.01


def test_snippets_are_there_in_four_languages(house: House) -> None:
    items = house.client("analyst").get("/api/v1/datasets/cellars/snippets").json()["items"]
    assert {each["language"] for each in items} == {"curl", "python", "r", "javascript"}
    assert all("YOUR_TOKEN" in each["code"] for each in items)
    for each in house.client().get("/api/v1/datasets/wells/snippets").json()["items"]:
        assert "wells" in each["code"]
        assert "http://127.0.0.1/api/v1/" in each["code"]
        assert "TOKEN" not in each["code"]
        if each["language"] == "python":
            compile(each["code"], "snippet", "exec")


def test_how_a_dataset_is_used_is_told_of_all_together(house: House) -> None:
    def told() -> dict[str, int]:
        (day,) = house.client().get("/api/v1/datasets/wells/usage?days=1").json()["items"]
        return {key: value for key, value in day.items() if key != "day"}

    house.client().get("/api/v1/datasets/wells/rows")
    before = told()
    house.client().get("/api/v1/datasets/wells/rows")
    house.client("analyst").get("/api/v1/datasets/wells/rows?format=csv")
    body = {"sql": "SELECT name FROM wells"}
    assert house.client("analyst").post("/api/v1/query", json=body).status_code == 200
    after = told()
    more = {key: after[key] - before[key] for key in after}
    assert {key: more[key] for key in ("reads", "downloads", "queries")} == {"reads": 1, "downloads": 1, "queries": 1}
    assert more["rows"] == 9
    assert more["bytes"] > 0


@pytest.mark.parametrize("what", ["dictionary", "sheet", "citation", "snippets", "usage"])
def test_what_one_may_not_know_is_not_there(house: House, what: str) -> None:
    assert house.client().get(f"/api/v1/datasets/cellars/{what}").status_code == 404
    assert house.client("analyst").get(f"/api/v1/datasets/vaults/{what}").status_code == 404


def test_files_tell_their_rows_and_are_whole(house: House) -> None:
    client = house.client()
    book = client.get("/api/v1/datasets/wells/rows", params={"format": "xlsx"})
    assert (book.headers["x-lifang-rows"], zipfile.ZipFile(io.BytesIO(book.content)).testzip()) == ("3", None)
    some = client.get(
        "/api/v1/datasets/wells/rows", params={"format": "csv", "where": "depth:ge:10", "columns": "name"}
    )
    assert (some.headers["x-lifang-rows"], some.text) == ("2", '"name"\n"东井"\n"\'=cmd"\n')
    layer = client.get("/api/v1/datasets/wells/rows", params={"format": "gpkg"})
    assert layer.content.startswith(b"SQLite format 3")


def test_a_text_too_long_for_a_cell_is_refused_instead_of_a_workbook(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lifang.catalogue.export.workbook._TEXT", 1)
    answer = house.client().get("/api/v1/datasets/wells/rows?format=xlsx")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
    assert "column 'name'" in answer.text
    few = house.client().get("/api/v1/datasets/wells/rows?format=xlsx&columns=code,dug")
    assert zipfile.ZipFile(io.BytesIO(few.content)).testzip() is None


def test_an_export_that_is_interrupted_is_told_from_a_whole_one(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(rows: object, form: str) -> Iterator[bytes]:
        yield from write_rows(rows, form)
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(rows_route, "write_rows", failing)
    server = uvicorn.Server(uvicorn.Config(house.app, port=0, lifespan="off", log_level="critical"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        while not server.started:
            thread.join(0.02)
        port = server.servers[0].sockets[0].getsockname()[1]
        for form in ("csv", "xlsx"):
            with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
                httpx.get(f"http://127.0.0.1:{port}/api/v1/datasets/wells/rows", params={"format": form})
    finally:
        server.should_exit = True
        thread.join()
