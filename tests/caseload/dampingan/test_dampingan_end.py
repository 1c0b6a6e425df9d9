"""End of a dampingan by an official: load, event, gap and task on its day."""

from datetime import timedelta
from typing import Any

from tests.factories.caseload.hand_over import (
    S,
    advance_days,
    import_families,
    ketua_tim_token,
    read_emitted_data,
    read_loads,
    read_today,
)
from tests.factories.caseload.intake import dinsos_token, pendamping_token
from tests.factories.caseload.task import read_tasks
from tests.factories.services import Running


async def register_dampingan(service: Running) -> tuple[str, str]:
    """Return a family of S and its dampingan, which started yesterday."""
    (kpm_id,) = await import_families(service, 1)
    await advance_days(service)
    row = (await service.sql("SELECT dampingan_id FROM dampingan"))[0]
    return kpm_id, str(row["dampingan_id"])


async def end_dampingan(service: Running, dampingan_id: str, valid_to: Any, **more: Any) -> Any:
    body = {"valid_to": str(valid_to), "reason": "PINDAH_TUGAS"} | more
    return await service.post(f"/v1/dampingan/{dampingan_id}/end", body, as_=ketua_tim_token(service))


async def test_end_today_hides_the_family_and_opens_a_gap(kendal_caseload: Running) -> None:
    kpm_id, dampingan_id = await register_dampingan(kendal_caseload)
    on = await read_today(kendal_caseload)
    answer = await end_dampingan(kendal_caseload, dampingan_id, on)
    assert (answer.status_code, answer.json()["valid_to"]) == (200, str(on)), answer.text
    assert (
        await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=pendamping_token(kendal_caseload))
    ).status_code == 404
    assert await read_loads(kendal_caseload) == {S: 0}
    (event,) = await read_emitted_data(kendal_caseload, "dampingan_ended")
    assert (event["valid_to"], event["reason"], event["penugasan_id"]) == (str(on), "PINDAH_TUGAS", S)
    (task,) = await read_tasks(kendal_caseload, ketua_tim_token(kendal_caseload))
    assert (task["kind"], task["kpm_id"], task["held_by"]) == ("PASANG_PENDAMPING", kpm_id, None)
    gap = await kendal_caseload.sql("SELECT since, until, cause FROM dampingan_gap")
    assert [tuple(row) for row in gap] == [(on, None, "DAMPINGAN_DIAKHIRI")]


async def test_future_end_has_no_effect_before_its_day(kendal_caseload: Running) -> None:
    kpm_id, dampingan_id = await register_dampingan(kendal_caseload)
    on = await read_today(kendal_caseload) + timedelta(days=3)
    assert (await end_dampingan(kendal_caseload, dampingan_id, on)).status_code == 200
    assert await read_emitted_data(kendal_caseload, "dampingan_ended") == []
    (changed,) = await read_emitted_data(kendal_caseload, "dampingan_changed")
    assert changed["valid_to"] == str(on)
    await kendal_caseload.work()
    assert (
        await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=pendamping_token(kendal_caseload))
    ).status_code == 200
    assert (
        await read_loads(kendal_caseload),
        await read_tasks(kendal_caseload, ketua_tim_token(kendal_caseload)),
    ) == ({S: 1}, [])
    await advance_days(kendal_caseload, 3)
    assert (
        await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=pendamping_token(kendal_caseload))
    ).status_code == 404
    await kendal_caseload.work()
    assert await read_loads(kendal_caseload) == {S: 0}
    assert [data["valid_to"] for data in await read_emitted_data(kendal_caseload, "dampingan_ended")] == [
        str(on)
    ]
    assert len(await read_tasks(kendal_caseload, ketua_tim_token(kendal_caseload))) == 1
    await kendal_caseload.work()
    assert len(await read_emitted_data(kendal_caseload, "dampingan_ended")) == 1


async def test_end_moves_only_to_an_earlier_valid_day(kendal_caseload: Running) -> None:
    _, dampingan_id = await register_dampingan(kendal_caseload)
    on = await read_today(kendal_caseload)
    before = await end_dampingan(kendal_caseload, dampingan_id, on - timedelta(days=2))
    assert (before.status_code, before.json()["title"]) == (422, "InvalidRange")
    assert (await end_dampingan(kendal_caseload, dampingan_id, on + timedelta(days=9))).status_code == 200
    later = await end_dampingan(kendal_caseload, dampingan_id, on + timedelta(days=10))
    assert (later.status_code, later.json()["title"]) == (409, "DampinganHasEnded")
    assert (await end_dampingan(kendal_caseload, dampingan_id, on)).status_code == 200
    again = await end_dampingan(kendal_caseload, dampingan_id, on)
    assert (again.status_code, again.json()["title"]) == (409, "DampinganHasEnded")


async def test_next_dampingan_fills_gap_and_finishes_task(kendal_caseload: Running) -> None:
    kpm_id, dampingan_id = await register_dampingan(kendal_caseload)
    on = await read_today(kendal_caseload)
    await end_dampingan(kendal_caseload, dampingan_id, on)
    next_on = await advance_days(kendal_caseload, 2)
    body = {"kpm_id": kpm_id, "penugasan_id": S, "valid_from": str(next_on)}
    assert (
        await kendal_caseload.post("/v1/dampingan", body, as_=dinsos_token(kendal_caseload))
    ).status_code == 201
    gap = await kendal_caseload.sql("SELECT since, until FROM dampingan_gap")
    assert [tuple(row) for row in gap] == [(on, next_on)]
    assert await read_tasks(kendal_caseload, ketua_tim_token(kendal_caseload)) == []
    (done,) = await read_tasks(kendal_caseload, ketua_tim_token(kendal_caseload), "?open_only=false")
    assert done["done_by"] == "dinsos-kendal-1"


async def test_only_officials_of_the_area_end_a_dampingan(kendal_caseload: Running) -> None:
    _, dampingan_id = await register_dampingan(kendal_caseload)
    body = {"valid_to": str(await read_today(kendal_caseload)), "reason": "PINDAH_TUGAS"}
    path = f"/v1/dampingan/{dampingan_id}/end"
    assert (await kendal_caseload.post(path, body, as_=pendamping_token(kendal_caseload))).status_code == 403
    far = kendal_caseload.token("KETUA_TIM_KABKOTA", "far", ["35.03"])
    assert (await kendal_caseload.post(path, body, as_=far)).status_code == 404
    assert (await kendal_caseload.post(path, body, as_=ketua_tim_token(kendal_caseload))).status_code == 200
