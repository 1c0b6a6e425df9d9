"""A family outside the scope is read for some hours in an emergency."""

from datetime import datetime, timedelta
from typing import Any

import httpx

from shared.access import Role
from tests.factories.caseload.hand_over import import_families
from tests.factories.caseload.intake import OTHER, dinsos_token, pendamping_token
from tests.factories.services import Running, expect_refusal

WHY = {"reason": "Keluarga mengungsi karena banjir dan minta bantuan.", "hours": 24}
UNKNOWN = "019a0000-0000-7000-8000-000000000000"


async def open_access(caseload: Running, kpm_id: str, token: str, **more: Any) -> dict[str, Any]:
    response = await caseload.post(f"/v1/kpm/{kpm_id}/akses-darurat", WHY | more, as_=token)
    assert response.status_code == 201, response.text
    return response.json()


async def status_of(caseload: Running, kpm_id: str, token: str) -> int:
    return (await read_in_emergency(caseload, kpm_id, token)).status_code


async def read_in_emergency(caseload: Running, kpm_id: str, token: str) -> httpx.Response:
    return await caseload.get(f"/v1/kpm/{kpm_id}", as_=token, headers={"X-Purpose": "DARURAT"})


async def test_access_opens_one_family_to_one_account_for_its_hours(kendal_caseload: Running) -> None:
    kpm_id, other_id = await import_families(kendal_caseload, 2)
    away = kendal_caseload.token(Role.DINSOS_KABKOTA, "dinsos-batang-1", ["33.25"])
    colleague = kendal_caseload.token(Role.DINSOS_KABKOTA, "dinsos-batang-2", ["33.25"])
    stranger = pendamping_token(kendal_caseload, OTHER)
    assert [await status_of(kendal_caseload, kpm_id, token) for token in (away, stranger)] == [404, 404]
    opened = await open_access(kendal_caseload, kpm_id, away)
    await open_access(kendal_caseload, kpm_id, stranger)
    assert (opened["state"], opened["reason"], opened["review"]) == ("OPENED", WHY["reason"], None)
    family = (await read_in_emergency(kendal_caseload, kpm_id, away)).json()
    assert (family["kpm_id"], len(family["members"]) > 0) == (kpm_id, True)
    assert await status_of(kendal_caseload, kpm_id, stranger) == 200
    assert (await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=away)).status_code == 404
    rows = await kendal_caseload.sql(
        "SELECT DISTINCT purpose FROM platform.audit_entry WHERE act = 'read_kpm' AND outcome = 'READ'"
    )
    assert [row["purpose"] for row in rows] == ["DARURAT"]
    assert await status_of(kendal_caseload, other_id, away) == 404
    assert await status_of(kendal_caseload, kpm_id, colleague) == 404
    assert (await kendal_caseload.get("/v1/kpm", as_=away)).json()["items"] == []
    ends = datetime.fromisoformat(opened["expires_at"])
    assert ends - datetime.fromisoformat(opened["opened_at"]) == timedelta(hours=24)
    await kendal_caseload.set_clock(ends + timedelta(minutes=1))
    assert await status_of(kendal_caseload, kpm_id, away) == 404
    assert await status_of(kendal_caseload, kpm_id, stranger) == 404


async def test_access_that_was_not_justified_ends_at_once(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    away = kendal_caseload.token(Role.DINSOS_KABKOTA, "dinsos-batang-1", ["33.25"])
    opened = await open_access(kendal_caseload, kpm_id, away)
    (listed,) = (await kendal_caseload.get("/v1/akses-darurat", as_=dinsos_token(kendal_caseload))).json()[
        "items"
    ]
    assert (listed["akses_darurat_id"], listed["reason"]) == (opened["akses_darurat_id"], WHY["reason"])
    path = f"/v1/akses-darurat/{opened['akses_darurat_id']}/review"
    verdict = {"justified": False, "review": "Tidak ada keadaan darurat."}
    assert (await kendal_caseload.post(path, verdict, as_=away)).status_code == 404
    reviewed = await kendal_caseload.post(path, verdict, as_=dinsos_token(kendal_caseload))
    assert reviewed.status_code == 201, reviewed.text
    assert (reviewed.json()["state"], reviewed.json()["review"]) == ("UNJUSTIFIED", verdict["review"])
    assert await status_of(kendal_caseload, kpm_id, away) == 404
    again = await kendal_caseload.post(path, verdict, as_=dinsos_token(kendal_caseload))
    expect_refusal(again, "IllegalTransition", 409)
    done = await kendal_caseload.get("/v1/akses-darurat?open_only=false", as_=dinsos_token(kendal_caseload))
    assert [row["state"] for row in done.json()["items"]] == ["UNJUSTIFIED"]


async def test_who_opened_an_access_does_not_review_it(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    both = kendal_caseload.token(Role.DINSOS_KABKOTA, "dinsos-kendal-7", ["33.24"])
    opened = await open_access(kendal_caseload, kpm_id, both)
    path = f"/v1/akses-darurat/{opened['akses_darurat_id']}/review"
    own = await kendal_caseload.post(path, {"justified": True, "review": "Perlu."}, as_=both)
    expect_refusal(own, "ReviewedByOpener", 403)


async def test_unknown_family_and_too_many_hours_are_refused(kendal_caseload: Running) -> None:
    away = kendal_caseload.token(Role.DINSOS_KABKOTA, "dinsos-batang-1", ["33.25"])
    unknown = await kendal_caseload.post(f"/v1/kpm/{UNKNOWN}/akses-darurat", WHY, as_=away)
    expect_refusal(unknown, "NotFound", 404)
    (kpm_id,) = await import_families(kendal_caseload, 1)
    long = await kendal_caseload.post(f"/v1/kpm/{kpm_id}/akses-darurat", WHY | {"hours": 73}, as_=away)
    assert (long.status_code, long.json()["errors"][0]["pointer"]) == (422, "/body/hours")


async def test_texts_are_sealed(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    away = kendal_caseload.token(Role.DINSOS_KABKOTA, "dinsos-batang-1", ["33.25"])
    await open_access(kendal_caseload, kpm_id, away)
    (row,) = await kendal_caseload.sql("SELECT a::text AS text, reason_sealed FROM akses_darurat a")
    assert WHY["reason"].encode().hex() not in row["text"]
    assert WHY["reason"].encode() not in bytes(row["reason_sealed"])
