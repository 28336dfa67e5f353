"""People, tokens, the ledger, jobs, alerts, health and metrics over HTTP."""

from __future__ import annotations

from pathlib import Path

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
    behind_a_proxy = house.client().get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert behind_a_proxy.status_code == 401


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
