"""People, tokens, the ledger, jobs, alerts, health and metrics over HTTP."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import PASSWORD, House


def test_an_administrator_adds_people_and_nobody_gets_more_rights_than_stated(house: House) -> None:
    client = house.client("administrator")
    body = {"name": "li.wei", "password": PASSWORD, "roles": ["analyst"], "display_name": "李伟"}
    made = client.post("/api/v1/people", json=body)
    assert made.status_code == 201
    assert made.json()["roles"] == ["analyst"]
    assert "password" not in made.text
    assert client.post("/api/v1/people", json=body).status_code == 409
    for wrong in ({"roles": ["king"]}, {"password": "x"}, {"name": "a b"}, {"organisation": "absent"}):
        assert client.post("/api/v1/people", json=body | {"name": "li.na"} | wrong).status_code == 400


def new_person(house: House, name: str, role: str) -> tuple[str, str, str]:
    """Return the address of a new person, their id, and the secret of a token of theirs."""
    client = house.client("administrator")
    body = {"name": name, "password": PASSWORD, "roles": [role]}
    person = client.post("/api/v1/people", json=body).json()["id"]
    secret = client.post("/api/v1/tokens", json={"person": name, "label": "t"}).json()["secret"]
    return f"/api/v1/people/{name}", person, secret


def logs_in(house: House, name: str, password: str) -> bool:
    return house.client().post("/api/v1/session", json={"name": name, "password": password}).status_code < 400


def test_an_administrator_sets_roles_and_deactivates(house: House) -> None:
    url, person, secret = new_person(house, "wang.fang", "citizen")
    bearer, client = {"Authorization": f"Bearer {secret}"}, house.client("administrator")
    changed = client("PATCH", url, json={"roles": ["analyst"]})
    assert (changed.status_code, changed.json()["roles"], changed.json()["id"]) == (200, ["analyst"], person)
    gone = client("PATCH", f"/api/v1/people/{person}", json={"active": False})
    assert gone.json()["active"] is False
    assert house.client().get("/api/v1/datasets", headers=bearer).status_code == 401
    assert not logs_in(house, "wang.fang", PASSWORD)
    for wrong in ({}, {"active": True}, {"roles": ["king"]}, {"password": "x"}, {"name": "new"}):
        assert client("PATCH", url, json=wrong).status_code == 400, wrong
    assert client("PATCH", "/api/v1/people/absent", json={"roles": []}).status_code == 404


def test_the_last_administrator_stays(house: House) -> None:
    client = house.client("administrator")
    for change in ({"active": False}, {"roles": ["citizen"]}):
        assert client("PATCH", "/api/v1/people/p.administrator", json=change).status_code == 409


def test_everyone_may_change_their_own_password_and_nothing_else(house: House) -> None:
    url, person, secret = new_person(house, "zhao.min", "citizen")
    bearer, caller = {"Authorization": f"Bearer {secret}"}, house.client()
    new = {"password": "quite another battery", "current_password": PASSWORD}
    assert caller("PATCH", url, json=new).status_code == 401
    for other in (house.client("analyst"), house.client("operator")):
        assert other("PATCH", url, json=new).status_code == 403
        assert other("PATCH", "/api/v1/people/absent", json=new).status_code == 403
    for change in ({"roles": ["administrator"]}, {"active": False}, new | {"roles": ["administrator"]}, {}):
        assert caller("PATCH", url, json=change, headers=bearer).status_code == 403, change
    assert caller("PATCH", url, json=new | {"current_password": "wrong"}, headers=bearer).status_code == 403
    assert caller("PATCH", url, json={"password": new["password"]}, headers=bearer).status_code == 403
    assert logs_in(house, "zhao.min", PASSWORD)
    for address, password, current in (
        (url, new["password"], PASSWORD),
        (f"/api/v1/people/{person}", PASSWORD, new["password"]),
    ):
        body = {"password": password, "current_password": current}
        assert caller("PATCH", address, json=body, headers=bearer).status_code == 200
        assert logs_in(house, "zhao.min", password)
        assert not logs_in(house, "zhao.min", current)


def test_an_administrator_sets_a_forgotten_password(house: House) -> None:
    url, _, _ = new_person(house, "sun.li", "operator")
    assert house.client("administrator")("PATCH", url, json={"password": "a third battery staple"}).status_code == 200
    assert logs_in(house, "sun.li", "a third battery staple")


def test_staff_issue_list_and_revoke_their_own_tokens(house: House) -> None:
    client = house.client("analyst")
    made = client.post("/api/v1/tokens", json={"label": "notebook"}).json()
    token, secret = made["token"], made["secret"]
    listed = client.get("/api/v1/tokens")
    assert token["id"] in {each["id"] for each in listed.json()["items"]}
    assert secret not in listed.text
    bearer = {"Authorization": f"Bearer {secret}"}
    assert house.client().get("/api/v1/datasets/cellars", headers=bearer).status_code == 200
    assert client("DELETE", f"/api/v1/tokens/{token['id']}").status_code == 204
    assert house.client().get("/api/v1/datasets/cellars", headers=bearer).status_code == 401


def test_tokens_of_others_are_for_administrators(house: House) -> None:
    body = {"label": "x", "person": "p.operator"}
    assert house.client("analyst").post("/api/v1/tokens", json=body).status_code == 403
    made = house.client("administrator").post("/api/v1/tokens", json=body)
    assert made.status_code == 201
    token = made.json()["token"]["id"]
    assert house.client("analyst")("DELETE", f"/api/v1/tokens/{token}").status_code == 403
    assert house.client("citizen").get("/api/v1/tokens").status_code == 403


def test_the_ledger_is_paged_and_verifies_over_http(house: House) -> None:
    client = house.client("data_officer")
    first = client.get("/api/v1/ledger?limit=2").json()
    assert [each["seq"] for each in first["items"]] == [1, 2]
    second = client.get("/api/v1/ledger", params={"limit": 2, "after": first["next"]}).json()
    assert [each["seq"] for each in second["items"]] == [3, 4]
    assert second["items"][0]["previous"] == first["items"][1]["hash"]
    assert client.get("/api/v1/ledger/verify").json()["ok"] is True
    assert client.get("/api/v1/ledger/verify?head=" + "f" * 64).json()["ok"] is False


def test_reading_the_ledger_is_in_the_ledger(house: House) -> None:
    before = house.city.store.ledger.head()[0]
    house.client("data_officer").get("/api/v1/ledger?limit=1")
    assert house.city.store.ledger.records(after=before)[0].entry.resource == "ledger:*"


def test_an_alert_is_acknowledged_and_closed_by_an_operator_with_a_note(house: House) -> None:
    alert = house.client().get("/api/v1/alerts?state=firing").json()["items"][0]["id"]
    client = house.client("operator")
    assert house.client("analyst").post(f"/api/v1/alerts/{alert}/acknowledge", json={}).status_code == 403
    seen = client.post(f"/api/v1/alerts/{alert}/acknowledge", json={"note": "看到了"}).json()
    assert seen["acknowledged_by"] == "p.operator (test)"
    assert client.post(f"/api/v1/alerts/{alert}/acknowledge", json={}).status_code == 409
    assert client.post(f"/api/v1/alerts/{alert}/close", json={}).status_code == 400
    closed = client.post(f"/api/v1/alerts/{alert}/close", json={"note": "误报"}).json()
    assert closed["state"] == "closed"
    assert house.client().get(f"/api/v1/alerts/{alert}").json() == closed
    assert client.post("/api/v1/alerts/absent/close", json={}).status_code == 404


def test_a_backup_is_a_job_with_progress_and_a_result(house: House) -> None:
    client = house.client("administrator")
    job = client.post("/api/v1/backups")
    assert job.status_code == 202
    done = house.city.jobs.wait(job.json()["id"], timeout_s=30)
    told = client.get(f"/api/v1/jobs/{done.id}").json()
    assert told["state"] == "done"
    assert Path(told["result"]["path"]).parent == house.city.folder / "backups"
    assert client("DELETE", f"/api/v1/jobs/{done.id}").status_code == 409
    assert done.id in {each["id"] for each in client.get("/api/v1/jobs").json()["items"]}
    assert house.client("operator").post("/api/v1/backups").status_code == 403


def test_metrics_are_free_on_this_machine_and_guarded_from_elsewhere(house: House) -> None:
    here = house.client().get("/metrics")
    assert here.headers["content-type"].startswith("text/plain")
    assert "lifang_http_requests_total{" in here.text
    assert "lifang_ledger_head " in here.text
    assert house.client(peer="10.0.0.7").get("/metrics").status_code == 401
    assert house.client("analyst", peer="10.0.0.7").get("/metrics").status_code == 403
    assert house.client("administrator", peer="10.0.0.7").get("/metrics").status_code == 200


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-IP", "Via"])
def test_metrics_are_guarded_behind_a_proxy_on_this_machine(house: House, header: str) -> None:
    assert house.client().get("/metrics", headers={header: "203.0.113.9"}).status_code == 401


def test_health_and_the_doctor(house: House) -> None:
    assert house.client().get("/healthz").json()["status"] == "ok"
    found = house.client("administrator").get("/api/v1/doctor").json()["items"]
    assert all(each["well"] for each in found if each["check"] != "disk")
    assert house.client("analyst").get("/api/v1/doctor").status_code == 403


def test_openapi_describes_every_route_with_problems_and_no_collision(house: House) -> None:
    told = house.client().get("/api/v1/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    names = [operation["operationId"] for path in told["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            assert operation.get("summary"), (method, path)
            if path.startswith("/api"):
                assert "400" in operation["responses"], (method, path)


def test_a_wrong_method_or_address_is_a_problem_that_says_what_to_do(house: House) -> None:
    wrong = house.client()("PUT", "/api/v1/city")
    assert wrong.status_code == 405
    assert wrong.headers["allow"] == "GET"
    assert wrong.json()["mend"]
    absent = house.client().get("/api/v1/absent")
    assert absent.status_code == 404
    assert absent.json()["mend"]
