"""The exchange over HTTP: a bureau's clerk delivers, reads what to mend, resends, acknowledges; sees no other inbox."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from joserfc.jwk import OKPKey
from typer.testing import CliRunner

from lifang.doors.cli.main import app as commands
from lifang.guard import SYSTEM, Role
from lifang.signing import sign

from .conftest import PASSWORD, Client, House

CARD = {"id": "taps", "key": ["code"], "columns": {"code": {}, "n": {"type": "integer", "required": True}}}
FEED = {"organisation": "tap_bureau", "dataset": "taps", "card": CARD}
GOOD = b"code,n\na,1\nb,2\n"


@pytest.fixture(scope="module")
def bureaus(house: House) -> dict[str, Client]:
    """The clerks of two bureaus, and a feed of the first."""
    admin = house.client("administrator")
    clerks = {}
    for name in ("tap_bureau", "well_bureau"):
        made = admin.post("/api/v1/organisations", json={"id": name, "zh": "局", "en": name})
        assert made.status_code == 201
        person = house.city.identity.add_person(
            f"c.{name}", PASSWORD, roles=[Role.ANALYST], organisation=name, by=SYSTEM
        )
        _, house.tokens[name] = house.city.identity.issue_token(person.id, "test", by=SYSTEM)
        clerks[name] = house.client(name)
    assert admin("PUT", "/api/v1/exchange/feeds/taps", json={"feed": FEED}).status_code == 200
    return clerks


def settled(house: House, client: Client, delivery: str) -> dict:
    house.city.exchange.wait(delivery, timeout_s=20)
    return client.get(f"/api/v1/exchange/deliveries/{delivery}").json()


def test_a_clerk_delivers_reads_what_to_mend_and_resends(house: House, bureaus: dict[str, Client]) -> None:
    clerk = bureaus["tap_bureau"]
    url = "/api/v1/exchange/feeds/taps/deliveries"
    taken = clerk.post(f"{url}?reference=1&rows=3&filename=taps.csv", content=b"code,n\na,1\nb,x\nc,\n")
    assert taken.status_code == 202
    assert [each["stage"] for each in taken.json()["receipts"]] == ["received"]
    found = settled(house, clerk, taken.json()["id"])
    assert (found["state"], found["counts"]["refused"], found["release"]) == ("admitted", 2, "taps@1")
    cells = clerk.get(f"/api/v1/exchange/deliveries/{found['id']}/refused?limit=1").json()
    assert [(each["row"], each["column"], each["rule"]) for each in cells["items"]] == [(3, "n", "type")]
    rest = clerk.get(f"/api/v1/exchange/deliveries/{found['id']}/refused?after={cells['next']}").json()
    assert [(each["row"], each["rule"]) for each in rest["items"]] == [(4, "required")]
    digest = hashlib.sha256(GOOD).hexdigest()
    mended = clerk.post(f"{url}?reference=2&sha256={digest}", content=GOOD).json()
    assert settled(house, clerk, mended["id"])["counts"]["admitted"] == 2
    assert clerk.post(f"{url}?reference=2", content=GOOD).json()["id"] == mended["id"]
    assert clerk.post(f"{url}?reference=2", content=GOOD + b"c,3\n").status_code == 409
    assert clerk.post(f"{url}?sha256={'0' * 64}", content=GOOD).status_code == 400
    changes = clerk.post(f"{url}?kind=incremental", content=b"_change,code,n\nu,a,5\nd,b,\n").json()
    assert settled(house, clerk, changes["id"])["counts"]["in_release"] == 1
    listed = clerk.get("/api/v1/exchange/deliveries?state=admitted&limit=2").json()
    assert [each["id"] for each in listed["items"]] == [changes["id"], mended["id"]]
    drifted = settled(house, clerk, clerk.post(url, content=b"code,m\na,1\n").json()["id"])
    assert [(each["kind"], each["column"]) for each in drifted["problem"]["differences"]] == [
        ("missing", "n"),
        ("added", "m"),
    ]


def test_a_clerk_sees_no_other_bureaus_inbox(house: House, bureaus: dict[str, Client]) -> None:
    mine, other = bureaus["tap_bureau"], bureaus["well_bureau"]
    sent = mine.post("/api/v1/exchange/feeds/taps/deliveries?reference=mine", content=GOOD).json()
    for path in (f"deliveries/{sent['id']}", f"deliveries/{sent['id']}/receipts", "feeds/taps", "feeds/none"):
        assert other.get(f"/api/v1/exchange/{path}").status_code == 404
    assert other.post("/api/v1/exchange/feeds/taps/deliveries", content=GOOD).status_code == 404
    assert other.get("/api/v1/exchange/deliveries").json()["items"] == []
    assert other.get("/api/v1/exchange/feeds").json()["items"] == []
    assert [each["id"] for each in mine.get("/api/v1/exchange/feeds").json()["items"]] == ["taps"]
    assert house.client("analyst").get("/api/v1/exchange/feeds").status_code == 403
    assert house.client().get("/api/v1/exchange/feeds").status_code == 401
    assert mine("PUT", "/api/v1/exchange/feeds/taps", json={"feed": FEED}).status_code == 403
    assert mine("PATCH", "/api/v1/exchange/feeds/taps", json={"active": False}).status_code == 403
    assert mine.post("/api/v1/exchange/inboxes/tap_bureau/keys", json={"key": {}}).status_code == 403
    assert house.client("data_officer").get("/api/v1/exchange/feeds/taps").status_code == 200


def test_receipts_are_acknowledged_and_verify_without_the_city(
    house: House, bureaus: dict[str, Client], tmp_path: Path
) -> None:
    clerk, key = bureaus["tap_bureau"], OKPKey.generate_key("Ed25519")
    body = {"key": key.as_dict(private=False)}
    made = house.client("administrator").post("/api/v1/exchange/inboxes/tap_bureau/keys", json=body)
    assert made.status_code == 201
    sent = clerk.post("/api/v1/exchange/feeds/taps/deliveries?reference=signed", content=GOOD).json()
    receipts = settled(house, clerk, sent["id"])["receipts"]
    says = {"delivery": sent["id"], "stage": "acknowledged", "previous": receipts[-1]["sha256"]}
    url = f"/api/v1/exchange/deliveries/{sent['id']}/acknowledgement"
    assert clerk.post(url, json={"jws": "a.b.c"}).status_code == 400
    assert clerk.post(url, json={"jws": sign(says, key, kind="receipt")[0]}).status_code == 201
    held = {"receipts": clerk.get(f"/api/v1/exchange/deliveries/{sent['id']}/receipts").json()["items"]}
    held |= clerk.get("/api/v1/exchange/keys").json()
    file, content = tmp_path / "receipts.json", tmp_path / "taps.csv"
    file.write_text(json.dumps(held))
    content.write_bytes(GOOD)
    told = CliRunner().invoke(commands, ["exchange", "verify", str(file), "--content", str(content), "--json"])
    assert told.exit_code == 0
    assert json.loads(told.stdout)["stages"] == ["received", "admitted", "acknowledged"]
    content.write_bytes(GOOD + b"c,3\n")
    assert CliRunner().invoke(commands, ["exchange", "verify", str(file), "--content", str(content)]).exit_code == 1


def test_a_feed_that_is_wrong_or_reaches_inside_is_told(house: House, bureaus: dict[str, Client]) -> None:
    officer, admin = house.client("data_officer"), house.client("administrator")
    url = "/api/v1/exchange/feeds/other"
    assert admin("PUT", url, json={"feed": {**FEED, "organisation": "nobody"}}).status_code == 404
    assert admin("PUT", url, json={"feed": {**FEED, "more": 1}}).json()["where"] == "more"
    reaching = {**FEED, "source": {"kind": "http", "url": "http://127.0.0.1/x.csv"}}
    assert officer("PUT", url, json={"feed": reaching}).status_code == 403
    assert admin("PUT", url, json={"feed": reaching}).status_code == 200
    pulled = admin.post(f"{url}/pull").json()
    assert "this machine itself" in pulled["trouble"]["what"]
    assert admin("PATCH", url, json={"active": False}).json()["active"] is False
    assert admin.post(f"{url}/deliveries", content=GOOD).status_code == 409
