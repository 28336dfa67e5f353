"""Entities over HTTP: what is found, how it is written, who sees it (CIM 009 clauses 5.7, 6.4 and 6.5)."""

from typing import Any

import pytest
from tests.unit.doors.conftest import Client, House
from tests.unit.doors_ngsild.conftest import PREFIX, ids

LAMP = "%E7%81%AF-7"


def one(client: Client, name: str, **more: Any) -> Any:
    answer = client.get(f"{PREFIX}/entities/urn:ngsi-ld:{name}", **more)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_thing_is_an_entity_with_its_values_places_names_and_links(anyone: Client) -> None:
    found = one(anyone, "AirQualityStation:air-1")
    assert found["type"] == "AirQualityStation"
    assert found["PM2_5"] == {
        "type": "Property",
        "value": 56.0,
        "observedAt": "2026-03-01T12:00:00Z",
        "unitCode": "GQ",
        "quality": {"type": "Property", "value": "good"},
    }
    assert found["location"] == {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [104.01, 30.61]}}
    assert found["name"] == {"type": "LanguageProperty", "languageMap": {"zh": "空气一站", "en": "air one"}}
    assert found["code"] == {"type": "Property", "value": "1431A"}
    assert found["owner"] == {"type": "Relationship", "object": "urn:ngsi-ld:Organisation:ecology-bureau"}
    assert found["deviceModel"]["object"] == "urn:ngsi-ld:DeviceModel:sds011"
    assert found["mountedOn"]["object"] == f"urn:ngsi-ld:Thing:{LAMP}"
    assert found["network"]["object"] == "urn:ngsi-ld:Link:nb-1"


def test_ids_and_names_are_escaped_and_found_again(anyone: Client) -> None:
    found = one(anyone, f"Thing:{LAMP}".replace("%", "%25"))
    assert found["id"] == f"urn:ngsi-ld:Thing:{LAMP}"
    assert found["p_2nd_level__"]["unitCode"] == "P1"
    assert "location" not in found
    assert one(anyone, f"Thing:{LAMP}")["id"] == found["id"]


def test_several_datastreams_of_one_property_are_instances_told_apart_by_dataset(anyone: Client) -> None:
    default, roof = one(anyone, "OffStreetParking:p-1")["temperature"]
    assert (default["value"], "datasetId" in default) == (20.5, False)
    assert (roof["value"], roof["datasetId"]) == (31.0, "urn:ngsi-ld:Dataset:p-1.temp-roof")


def test_a_unit_without_a_un_cefact_code_keeps_its_ucum_code(anyone: Client) -> None:
    assert one(anyone, "OffStreetParking:p-2")["availableSpotNumber"]["ucum"] == {
        "type": "Property",
        "value": "{count}",
    }


def test_simplified_entities_hold_values_only(anyone: Client) -> None:
    found = one(anyone, "OffStreetParking:p-1", params={"options": "keyValues"})
    assert found["availableSpotNumber"] == 12.0
    assert found["location"] == {"type": "Point", "coordinates": [104.0, 30.6]}
    assert found["temperature"] == {"dataset": {"@none": 20.5, "urn:ngsi-ld:Dataset:p-1.temp-roof": 31.0}}
    assert found["spots"] == 120


def test_concise_entities_leave_out_what_the_value_tells(anyone: Client) -> None:
    found = one(anyone, "OffStreetParking:p-2", params={"format": "concise"})
    assert found["covered"] is True
    assert found["address"] == {"value": {"city": "成都", "street": {"name": "天府大道"}}}
    assert found["availableSpotNumber"] == {
        "value": 7.0,
        "observedAt": "2026-03-01T12:00:00Z",
        "ucum": "{count}",
        "quality": "good",
    }


def test_geojson_is_a_feature_or_a_collection(anyone: Client) -> None:
    headers = {"Accept": "application/geo+json"}
    feature = one(anyone, "OffStreetParking:p-1", headers=headers, params={"options": "keyValues"})
    assert feature["geometry"] == {"type": "Point", "coordinates": [104.0, 30.6]}
    assert feature["properties"]["type"] == "OffStreetParking"
    answer = anyone.get(f"{PREFIX}/entities", params={"type": "Thing"}, headers=headers)
    assert answer.headers["content-type"] == "application/geo+json"
    (lamp,) = answer.json()["features"]
    assert lamp["geometry"] is None


def test_system_attributes_tell_when_a_value_was_recorded(anyone: Client) -> None:
    found = one(anyone, "AirQualityStation:air-1", params={"options": "sysAttrs"})
    assert found["PM2_5"]["createdAt"] <= found["PM2_5"]["modifiedAt"]
    assert found["createdAt"] <= found["modifiedAt"]


def test_the_language_asked_for_is_given(anyone: Client) -> None:
    found = one(anyone, "AirQualityStation:air-1", params={"lang": "en-GB,zh;q=0.5"})
    assert found["name"] == {"type": "Property", "value": "air one", "lang": "en"}


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"type": "OffStreetParking"}, ["p-1", "p-2"]),
        ({"type": "OffStreetParking,Thing"}, ["p-1", "p-2", LAMP]),
        ({"type": "(OffStreetParking;Thing)|AirQualityStation"}, ["air-1"]),
        ({"type": "https://uri.etsi.org/ngsi-ld/default-context/Thing"}, [LAMP]),
        ({"id": "urn:ngsi-ld:OffStreetParking:p-2,urn:x:y"}, ["p-2"]),
        ({"idPattern": "Parking:p-[0-1]$"}, ["p-1"]),
        ({"attrs": "PM2_5"}, ["air-1"]),
        ({"attrs": "temperature,covered"}, ["p-1", "p-2"]),
        ({"q": "availableSpotNumber>7"}, ["p-1"]),
        ({"q": "availableSpotNumber>=7;availableSpotNumber<12"}, ["p-2"]),
        ({"q": "availableSpotNumber==7..12"}, ["p-1", "p-2"]),
        ({"q": "availableSpotNumber!=7"}, ["p-1"]),
        ({"q": "availableSpotNumber==1,7"}, ["p-2"]),
        ({"q": "temperature>30"}, ["p-1"]),
        ({"q": 'availableSpotNumber.quality=="good"'}, ["p-1", "p-2"]),
        ({"q": "availableSpotNumber.observedAt<2026-03-01T13:00:00Z"}, ["p-1", "p-2"]),
        ({"q": 'temperature.unitCode=="CEL"'}, ["p-1"]),
        ({"q": "spots>100|covered==true"}, ["p-1", "p-2"]),
        ({"q": 'address[city]=="成都"'}, ["p-2"]),
        ({"q": 'address[street.name]~="大道$"'}, ["p-2"]),
        ({"q": 'tags=="ev"'}, ["p-2"]),
        ({"q": 'name[en]~="^parking"'}, ["p-1", "p-2"]),
        ({"q": 'name~="停车"'}, ["p-1", "p-2"]),
        ({"q": 'name!~="停车";classification=="open"'}, ["air-1", LAMP]),
        ({"q": "owner==urn:ngsi-ld:Organisation:ecology-bureau"}, ["air-1"]),
        ({"q": "owner"}, ["air-1"]),
        ({"q": "createdAt>2020-01-01T00:00:00Z;spots"}, ["p-1", "p-2"]),
        ({"q": "nothingOfTheKind"}, []),
        ({"q": "nothingOfTheKind!=1"}, []),
        ({"q": "location", "type": "Thing"}, []),
    ],
)  # fmt: skip
def test_entities_are_found_by_type_id_attribute_and_query(
    anyone: Client, asked: dict[str, str], found: list[str]
) -> None:
    assert sorted(ids(anyone, **asked)) == sorted(found)


BOX = "[[[103.9,30.5],[104.05,30.5],[104.05,30.65],[103.9,30.65],[103.9,30.5]]]"


@pytest.mark.parametrize(
    ("georel", "geometry", "coordinates", "found"),
    [
        ("near;maxDistance==2000", "Point", "[104.0,30.6]", ["p-1", "air-1"]),
        ("near;minDistance==2000", "Point", "[104.0,30.6]", ["p-2"]),
        ("near;maxDistance==1200", "LineString", "[[104.0,30.5],[104.0,30.7]]", ["p-1", "air-1"]),
        ("within", "Polygon", BOX, ["p-1", "air-1"]),
        ("intersects", "Polygon", BOX, ["p-1", "air-1"]),
        ("disjoint", "Polygon", BOX, ["p-2"]),
        ("equals", "Point", "[104.1,30.7]", ["p-2"]),
        ("contains", "Point", "[104.1,30.7]", ["p-2"]),
        ("overlaps", "Polygon", BOX, []),
    ],
)
def test_entities_are_found_by_place(
    anyone: Client, georel: str, geometry: str, coordinates: str, found: list[str]
) -> None:
    asked = {"georel": georel, "geometry": geometry, "coordinates": coordinates}
    assert sorted(ids(anyone, **asked)) == sorted(found)


def test_pages_follow_each_other_by_their_links_and_are_counted(anyone: Client) -> None:
    seen: list[str] = []
    url = f"{PREFIX}/entities?local=true&limit=2&count=true"
    while url:
        answer = anyone.get(url)
        assert answer.headers["NGSILD-Results-Count"] == "4"
        seen += [each["id"] for each in answer.json()]
        links = dict(
            reversed(part.split(">; rel=", 1)) for part in answer.headers["link"].removeprefix("<").split(", <")
        )
        url = next((target for rel, target in links.items() if rel.startswith('"next"')), "")
    assert len(seen) == len(set(seen)) == 4


def test_a_count_alone_has_no_entities(anyone: Client) -> None:
    answer = anyone.get(f"{PREFIX}/entities", params={"type": "*", "limit": 0, "options": "count"})
    assert (answer.json(), answer.headers["NGSILD-Results-Count"]) == ([], "4")


def test_what_may_not_be_read_is_not_there(anyone: Client, staff: Client) -> None:
    assert ids(anyone, type="AirQualityStation") == ["air-1"]
    assert ids(staff, type="AirQualityStation") == ["air-1", "air-2"]
    assert "NO2" not in one(anyone, "AirQualityStation:air-1")
    assert one(staff, "AirQualityStation:air-1")["NO2"]["quality"]["value"] == "estimated"
    assert ids(anyone, q="NO2>1") == []
    assert ids(staff, q="NO2>1") == ["air-1"]
    assert "owner" not in one(anyone, "OffStreetParking:p-1")
    assert "owner" in one(staff, "OffStreetParking:p-1")
    hidden = anyone.get(f"{PREFIX}/entities/urn:ngsi-ld:AirQualityStation:air-3")
    nowhere = anyone.get(f"{PREFIX}/entities/urn:ngsi-ld:AirQualityStation:air-9")
    assert hidden.status_code == nowhere.status_code == 404
    assert hidden.json()["detail"].replace("air-3", "air-9") == nowhere.json()["detail"]


def test_restricted_entities_are_read_for_a_purpose(ld: House) -> None:
    officer = ld.client("data_officer")
    assert "air-3" not in ids(officer, type="AirQualityStation")
    asked = {"type": "AirQualityStation", "purpose": "inspection"}
    assert ids(officer, **asked)[-1] == "air-3"


def test_reading_what_is_not_open_is_in_the_ledger(ld: House, staff: Client) -> None:
    before, _ = ld.city.store.ledger.head()
    ids(staff, id="urn:ngsi-ld:AirQualityStation:air-2")
    (record,) = ld.city.store.ledger.records(after=before)
    assert (record.entry.action, record.entry.outcome) == ("read", "allowed")
    assert "air-2.pm" in record.entry.detail["ids"]


@pytest.mark.parametrize(
    ("path", "status", "kind"),
    [
        ("entities", 400, "BadRequestData"),
        ("entities?q=a==", 400, "BadRequestData"),
        ("entities?type=", 400, "BadRequestData"),
        ("entities?bogus=1", 400, "BadRequestData"),
        ("entities?type=A&type=B", 400, "BadRequestData"),
        ("entities?type=A&limit=-1", 400, "BadRequestData"),
        ("entities?type=A&limit=1001", 403, "TooManyResults"),
        ("entities?type=A&limit=0", 400, "BadRequestData"),
        ("entities?type=A&limit=51&options=sysAttrs", 403, "TooManyResults"),
        ("entities?type=A&options=fancy", 400, "BadRequestData"),
        ("entities?type=A&options=concise,keyValues", 400, "BadRequestData"),
        ("entities?idPattern=(", 400, "BadRequestData"),
        ("entities?id=no%20uri", 400, "BadRequestData"),
        ("entities?attrs=a,,b", 400, "BadRequestData"),
        ("entities?georel=near&geometry=Point&coordinates=[1,2]", 400, "BadRequestData"),
        ("entities?georel=near;maxDistance==x&geometry=Point&coordinates=[1,2]", 400, "BadRequestData"),
        ("entities?georel=within&geometry=Point", 400, "BadRequestData"),
        ("entities?georel=within&geometry=Circle&coordinates=[1,2]", 400, "BadRequestData"),
        ("entities?georel=within&geometry=Polygon&coordinates=[1,2]", 400, "BadRequestData"),
        ("entities?georel=within&geometry=Point&coordinates=[200,2]", 400, "BadRequestData"),
        ("entities?georel=within&geometry=Point&coordinates={}", 400, "BadRequestData"),
        ("entities?geoproperty=location", 400, "BadRequestData"),
        ("entities?q=modifiedAt>2020-01-01T00:00:00Z", 422, "OperationNotSupported"),
        ("entities?q={a}.b==1", 422, "OperationNotSupported"),
        ("entities/nothing", 400, "BadRequestData"),
        ("entities/urn:other:1", 404, "ResourceNotFound"),
        ("types/Nothing", 404, "ResourceNotFound"),
        ("attributes/nothing", 404, "ResourceNotFound"),
    ],
)
def test_problems_are_told_as_ngsi_ld_has_them(anyone: Client, path: str, status: int, kind: str) -> None:
    answer = anyone.get(f"{PREFIX}/{path}")
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["type"] == f"https://uri.etsi.org/ngsi-ld/errors/{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    assert answer.headers["content-type"] == "application/problem+json"


def test_what_is_not_made_here_is_not_acceptable(anyone: Client) -> None:
    answer = anyone.get(f"{PREFIX}/entities?type=Thing", headers={"Accept": "text/html"})
    assert answer.status_code == 406


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "entities"),
        ("DELETE", "entities"),
        ("PATCH", "entities/urn:ngsi-ld:Thing:x"),
        ("PUT", "entities/urn:ngsi-ld:Thing:x"),
        ("DELETE", "entities/urn:ngsi-ld:Thing:x"),
        ("POST", "types"),
    ],
)
def test_changes_are_refused_and_what_is_allowed_is_told(ld: House, method: str, path: str) -> None:
    answer = ld.client("administrator")(method, f"{PREFIX}/{path}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


def test_types_and_attributes_are_listed_with_their_details(anyone: Client, staff: Client) -> None:
    assert anyone.get(f"{PREFIX}/types").json()["typeList"] == ["AirQualityStation", "OffStreetParking", "Thing"]
    told = {each["typeName"]: each["attributeNames"] for each in anyone.get(f"{PREFIX}/types?details=true").json()}
    assert {"availableSpotNumber", "temperature", "spots", "location"} <= set(told["OffStreetParking"])
    assert "spots" not in told["AirQualityStation"]
    info = anyone.get(f"{PREFIX}/types/AirQualityStation").json()
    kinds = {each["attributeName"]: each["attributeTypes"] for each in info["attributeDetails"]}
    assert (info["entityCount"], kinds["PM2_5"], kinds["owner"]) == (1, ["Property"], ["Relationship"])
    assert "NO2" not in kinds
    assert "NO2" in staff.get(f"{PREFIX}/attributes").json()["attributeList"]
    found = anyone.get(f"{PREFIX}/attributes/availableSpotNumber").json()
    assert (found["attributeCount"], found["typeNames"]) == (2, ["OffStreetParking"])
    assert anyone.get(f"{PREFIX}/attributes?details=true").json()[0]["typeNames"]
