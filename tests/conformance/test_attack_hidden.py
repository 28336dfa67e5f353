"""What one may not know of is not there, by any door: the same status and the same words as for what never was.

The addresses are those of the OpenAPI: a new route is attacked from its first day.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest

from lifang.catalogue.handles import Handles
from lifang.core import format_instant

from .conftest import PURPOSE, Fort, settled

_LISTS = (
    "/dcat", "/dcat/catalog.ttl", "/dcat/export.nt", "/data.json", "/dcat/feed.atom", "/dcat/feed.rss", "/sitemap.xml",
    "/sitemap-1.xml", "/api/v1/datasets?limit=1000", "/api/v1/datasets?state=any", "/api/v1/datasets?q=vaul",
    "/api/v1/datasets?q=vualts", "/api/v1/datasets?q=hushd", "/api/v1/datasets?sort=-updated", "/ogc", "/ogc/api",
    "/ogc/collections?limit=1000", "/ogc/collections/catalogue.records/items?limit=1000",
    "/ogc/collections/catalogue.records/items?q=vaul", "/api/3/action/package_list", "/api/3/action/tag_list",
    "/api/3/action/current_package_list_with_resources",
    "/api/3/action/package_search?q=vaul*&rows=1000&include_private=true",
    "/api/3/action/package_search?include_private=true&facet.field=[%22tags%22,%22organization%22,%22groups%22,%22res_format%22]",
    "/api/3/action/organization_list?all_fields=true", "/api/3/action/group_list?all_fields=true",
    "/api/v1/datasets/wells/lineage", "/api/v1/twin/objects?limit=1000", "/api/v1/city", "/api/v1/openapi.json",
    f"/api/v1/twin/difference?before={'2018-01-01T00:00:00Z'}&after={'2021-01-01T00:00:00Z'}",
    "/api/v1/standards/data", "/api/v1/indicators", "/metrics", "/healthz", "/robots.txt", "/",
)  # fmt: skip
_BY_QUERY = (
    "/api/v1/datasets?q={}", "/api/v1/datasets?q={}&state=draft", "/api/v1/datasets/{}/diff?from=1&to=1",
    "/api/v1/datasets/{}/rows?format=csv", "/api/v1/datasets/{}/rows?release=1", "/ogc/collections/{}/items?release=1",
    "/ogc/collections/catalogue.records/items?ids={}", "/api/3/action/package_show?id={}",
    "/api/3/action/resource_show?id={}", "/api/3/action/resource_show?id={}.csv",
    "/api/3/action/datastore_search?resource_id={}", "/api/3/action/datastore_info?id={}",
    "/api/3/action/datastore_search_sql?sql=SELECT%20*%20FROM%20{}",
    "/api/3/action/package_search?include_private=true&fq=name:{}",
    "/dcat/datasets/{}.ttl", "/dcat/datasets/{}.rdf", "/api/v1/observations?datastream={}",
    "/api/v1/sharing/agreements?dataset={}", "/api/v1/twin/objects?model={}",
)  # fmt: skip
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")
_LEAKS = re.compile(r"vaults|hushed|Hushed|hidden:|SECRET|cellars")


def _same(fort: Fort, who: str, method: str, address: str, name: str, **more: Any) -> None:
    """Check that the answer about ``name`` tells no more than that about one which never was."""
    never = name[:-1] + ("q" if name[-1] != "q" else "z")
    client = fort.client(who)
    found, none = (client(method, address.replace("\1", each), **more) for each in (name, never))
    assert found.status_code < 500, (who, method, address, name, found.text)
    assert found.status_code == none.status_code, (who, method, address, name, found.text)
    same = _MOMENT.sub("", found.text.replace(name, never)) == _MOMENT.sub("", none.text)
    assert same, (who, method, address, name, found.text, none.text)


@pytest.mark.parametrize("who", ["", "well_bureau"])
def test_every_route_that_takes_an_id_is_as_silent_about_what_is_hidden_as_about_what_is_not(
    fort: Fort, who: str
) -> None:
    tried = 0
    for method, path, told in fort.operations("GET", "POST", "PUT", "PATCH", "DELETE"):
        more: dict[str, Any] = {"json": {}} if "requestBody" in told else {}
        for parameter in re.findall(r"{(\w+)}", path)[:1]:
            for name in (*fort.hidden[""], *fort.hidden.get(parameter, [])):
                address = fort.filled(path, **{parameter: "\1"})
                _same(fort, who, method, address, name, **more)
                tried += 1
    assert tried > 200


@pytest.mark.parametrize("who", ["", "well_bureau"])
def test_nor_does_any_question_tell_the_hidden_from_what_is_not(fort: Fort, who: str) -> None:
    for address in _BY_QUERY:
        for name in fort.hidden[""]:
            _same(fort, who, "GET", address.format("\1"), name, headers=PURPOSE)


def test_what_is_hidden_costs_the_same_records_and_lookups_as_what_is_not_there(fort: Fort) -> None:
    city, counted = fort.house.city, dict[str, int]()
    for who in ("", "well_bureau"):
        for name in ("vaults", "vaultq"):
            fort.client(who).get(f"/api/v1/datasets/{name}")
            size = city.store.ledger.head()[0]
            with patch.object(Handles, "_read", side_effect=AssertionError("it was looked up anew")):
                fort.client(who).get(f"/api/v1/datasets/{name}")
            counted[who + name] = city.store.ledger.head()[0] - size
        assert counted[f"{who}vaults"] == counted[f"{who}vaultq"], who


def test_no_list_feed_facet_or_suggestion_names_what_a_stranger_may_not_know(fort: Fort) -> None:
    stranger = fort.client()
    for address in _LISTS:
        answer = stranger.get(address)
        assert answer.status_code < 500, address
        assert not _LEAKS.search(answer.text), (address, _LEAKS.search(answer.text))


def test_no_route_without_an_id_names_what_a_stranger_may_not_know(fort: Fort) -> None:
    stranger = fort.client()
    for _, path, _ in fort.operations("GET", without=("/sta/", "/ngsi-ld/")):
        if "{" not in path:
            answer = stranger.get(path)
            assert answer.status_code < 500, path
            assert not _LEAKS.search(answer.text), (path, _LEAKS.search(answer.text))


def test_an_agreement_on_columns_and_rows_cannot_be_escaped_by_any_door(fort: Fort) -> None:
    city, admin, citizen = fort.house.city, fort.client("administrator"), fort.client("citizen")
    file = "code,name,district,income\n" + "".join(f"{n},n{n},{n % 3},hiddenincome{n}\n" for n in range(9))
    columns = {"code": {"type": "integer"}, "name": {}, "district": {"type": "integer"}, "income": {}}
    card = {"id": "incomes", "name": {"zh": "收入", "en": "incomes"}, "sharing": "conditional", "columns": columns,
            "sharing_condition": {"zh": "说明用途", "en": "say what for"}, "key": ["code"],
            "classification": "shared"}  # fmt: skip
    for content in (file, file.replace("hiddenincome0", "hiddenincomeX")):
        sent = {"file": ("incomes.csv", content.encode()), "card": ("card.json", json.dumps(card).encode())}
        done = settled(admin, admin.post("/api/v1/datasets", files=sent))
        assert done["state"] == "done", done
    until = format_instant(city.clock.now() + timedelta(days=9))
    wanted = {"dataset": "incomes", "purpose": "a study", "fields": ["code", "name"], "rows": ["district:eq:1"]}
    asked = citizen.post("/api/v1/sharing/requests", json={**wanted, "until": until})
    agreement = f"/api/v1/sharing/agreements/{asked.json()['id']}"
    assert fort.client("data_officer").post(f"{agreement}/approve", json={"reasons": "fine"}).status_code == 200
    rows = citizen.get("/api/v1/datasets/incomes/rows").json()
    assert [each["code"] for each in rows["items"]] == [1, 4, 7]
    addresses = [
        fort.filled(path, dataset_id="incomes", collection_id="incomes", name="incomes.ttl", record_id="incomes",
                    feature_id=feature)
        for _, path, _ in fort.operations("GET", without=("/sta/", "/ngsi-ld/")) if re.match(_OF_DATASET, path)
        for feature in ("1", "0")
    ]  # fmt: skip
    assert len(addresses) > 20
    for address in (*addresses, *_ESCAPES):
        answer = citizen.get(address, headers=PURPOSE)
        assert answer.status_code < 500, (address, answer.text)
        assert "hiddenincome" not in answer.text, address
        assert not re.search(r'"n[023568]"|,n[023568]\b', answer.text), address
    assert citizen.get("/ogc/collections/incomes/items/0").status_code == 404
    assert citizen.get("/ogc/collections/incomes/items?limit=100").json()["numberMatched"] == 3
    assert citizen.get("/api/3/action/datastore_search?resource_id=incomes").json()["result"]["total"] == 3
    assert citizen.get("/api/v1/datasets/incomes/diff?from=1&to=2").json().get("counts", {}).get("updated", 0) == 0


_OF_DATASET = r".*{(dataset_id|collection_id|name|record_id)}"
_ESCAPES = (
    "/ogc/collections/incomes/items?income=hiddenincome0", "/ogc/collections/incomes/items?sortby=income",
    "/ogc/collections/incomes/items?filter=income%20LIKE%20%27h%25%27", "/ogc/collections/incomes/items?release=1",
    "/ogc/collections/incomes/items?filter=district%20%3D%200", "/api/v1/datasets/incomes/rows?where=district:eq:0",
    "/api/v1/datasets/incomes/rows?order=income", "/api/v1/datasets/incomes/rows?columns=income",
    "/api/v1/datasets/incomes/rows?release=1&format=csv", "/api/v1/datasets/incomes/rows?format=parquet",
    "/api/3/action/datastore_search?resource_id=incomes&q=n0", "/api/3/action/datastore_search?resource_id=incomes",
    "/api/3/action/datastore_search?resource_id=incomes&sort=income", "/api/3/action/datastore_info?id=incomes",
    "/api/3/action/datastore_search?resource_id=incomes&filters={%22district%22:0}",
    "/api/3/action/datastore_search_sql?sql=SELECT%20*%20FROM%20incomes",
    "/api/v1/datasets/incomes/diff?from=1&to=2", "/api/v1/datasets/incomes/refused",
)  # fmt: skip
