"""A dampingan that was assigned in error is cancelled with its first day."""

from datetime import timedelta
from typing import Any

from tests.factories.caseload.hand_over import (
    S,
    T,
    advance_days,
    finish_hand_over,
    import_families,
    ketua_tim_token,
    read_emitted_data,
    read_loads,
    read_today,
)
from tests.factories.caseload.intake import OTHER, dinsos_token, pendamping_token
from tests.factories.caseload.task import read_tasks
from tests.factories.services import Running, expect_refusal


async def cancel(service: Running, kpm_id: str) -> Any:
    """End the family's dampingan on its own first day."""
    (row,) = await service.sql(
        "SELECT dampingan_id, lower(valid) AS first FROM dampingan WHERE kpm_id = $1 AND NOT ended", kpm_id
    )
    body = {"valid_to": str(row["first"]), "reason": "SALAH_PASANG"}
    return await service.post(f"/v1/dampingan/{row['dampingan_id']}/end", body, as_=ketua_tim_token(service))


async def assign(service: Running, kpm_id: str, penugasan_id: str, on: Any) -> Any:
    body = {"kpm_id": kpm_id, "penugasan_id": penugasan_id, "valid_from": str(on)}
    return await service.post("/v1/dampingan", body, as_=dinsos_token(service))


async def test_cancelled_dampingan_covers_no_day_and_the_right_one_begins_that_day(
    kendal_caseload: Running,
) -> None:
    (kpm_id,), first = await import_families(kendal_caseload, 1), await read_today(kendal_caseload)
    await advance_days(kendal_caseload, 20)
    cancelled = await cancel(kendal_caseload, kpm_id)
    assert cancelled.status_code == 200, cancelled.text
    assert (cancelled.json()["valid_from"], cancelled.json()["valid_to"]) == (str(first), str(first))
    (event,) = await read_emitted_data(kendal_caseload, "dampingan_ended")
    assert event["valid_from"] == event["valid_to"] == str(first)
    assert await read_loads(kendal_caseload) == {S: 0}
    assert [task["kind"] for task in await read_tasks(kendal_caseload, ketua_tim_token(kendal_caseload))] == [
        "PASANG_PENDAMPING"
    ]
    assert (await assign(kendal_caseload, kpm_id, T, first)).status_code == 201
    assert await read_loads(kendal_caseload) == {S: 0, T: 1}
    assert await read_tasks(kendal_caseload, ketua_tim_token(kendal_caseload)) == []
    responsible = await kendal_caseload.get(
        f"/v1/kpm/{kpm_id}/responsible?on={first}", as_=ketua_tim_token(kendal_caseload)
    )
    assert [row["penugasan_id"] for row in responsible.json()["responsible"]] == [T]
    assert responsible.json()["gap"] is None
    visit = {"kpm_id": kpm_id, "visited_on": str(first + timedelta(days=1)), "purpose": "KASUS"}
    visit |= {"findings": "Baik."}
    theirs = pendamping_token(kendal_caseload, OTHER)
    assert (await kendal_caseload.post("/v1/kunjungan", visit, as_=theirs)).status_code == 201


async def test_dampingan_with_work_is_cancelled_only_after_the_work_is_voided(
    kendal_caseload: Running,
) -> None:
    (kpm_id,), on = await import_families(kendal_caseload, 1), await read_today(kendal_caseload)
    visit = {"kpm_id": kpm_id, "visited_on": str(on), "purpose": "KASUS", "findings": "Baik."}
    mine = pendamping_token(kendal_caseload)
    made = (await kendal_caseload.post("/v1/kunjungan", visit, as_=mine)).json()
    expect_refusal(await cancel(kendal_caseload, kpm_id), "DampinganHasWork")
    void = f"/v1/kunjungan/{made['kunjungan_id']}/void"
    await kendal_caseload.post(void, {"reason": "SALAH_KELUARGA"}, as_=mine)
    assert (await cancel(kendal_caseload, kpm_id)).status_code == 200


async def test_hand_over_in_error_is_undone_by_the_reverse_order(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    await finish_hand_over(kendal_caseload, await advance_days(kendal_caseload))
    assert await read_loads(kendal_caseload) == {S: 0, T: 1}
    on = await advance_days(kendal_caseload)
    back = {"from_penugasan_id": T, "to_penugasan_id": S}
    done = await finish_hand_over(kendal_caseload, on, **back)
    assert (done["families"], done["done"]) == (1, 1)
    assert await read_loads(kendal_caseload) == {S: 1, T: 0}
    seen = await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=pendamping_token(kendal_caseload))
    assert seen.status_code == 200


async def test_dampingan_from_too_late_a_day_gets_the_days_before(kendal_caseload: Running) -> None:
    (kpm_id,), late = await import_families(kendal_caseload, 1), await read_today(kendal_caseload)
    first = late - timedelta(days=10)
    assert (await assign(kendal_caseload, kpm_id, S, first)).status_code == 201
    await kendal_caseload.work()
    rows = await kendal_caseload.sql("SELECT lower(valid), upper(valid), ended FROM dampingan ORDER BY valid")
    assert [tuple(row) for row in rows] == [(first, late, True), (late, None, False)]
    assert await read_loads(kendal_caseload) == {S: 1}
    assert await read_tasks(kendal_caseload, ketua_tim_token(kendal_caseload)) == []
    visit = {"kpm_id": kpm_id, "visited_on": str(first), "purpose": "KASUS", "findings": "Baik."}
    mine = pendamping_token(kendal_caseload)
    assert (await kendal_caseload.post("/v1/kunjungan", visit, as_=mine)).status_code == 201
    expect_refusal(await assign(kendal_caseload, kpm_id, T, first), "DampinganOverlaps")


async def test_planned_end_in_error_is_followed_by_the_same_placement(kendal_caseload: Running) -> None:
    (kpm_id,), on = await import_families(kendal_caseload, 1), await advance_days(kendal_caseload)
    (row,) = await kendal_caseload.sql("SELECT dampingan_id FROM dampingan")
    body = {"valid_to": str(on + timedelta(days=5)), "reason": "SALAH_CATAT"}
    path, lead = f"/v1/dampingan/{row['dampingan_id']}/end", ketua_tim_token(kendal_caseload)
    assert (await kendal_caseload.post(path, body, as_=lead)).status_code == 200
    assert (await assign(kendal_caseload, kpm_id, S, on + timedelta(days=5))).status_code == 201
    await advance_days(kendal_caseload, 6)
    await kendal_caseload.work()
    assert await read_tasks(kendal_caseload, lead) == []
    assert await read_loads(kendal_caseload) == {S: 1}
