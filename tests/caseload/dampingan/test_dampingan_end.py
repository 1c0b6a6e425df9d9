"""End of a dampingan by an official: load, event, gap and task on its day."""

from datetime import timedelta
from typing import Any

from tests.factories.caseload.hand_over import S, accompanied, days_later, facts, leader, loads, today
from tests.factories.caseload.intake import companion, dinsos
from tests.factories.caseload.task import tasks
from tests.factories.services import Running


async def register_dampingan(service: Running) -> tuple[str, str]:
    """Return a family of S and its dampingan, which started yesterday."""
    (kpm_id,) = await accompanied(service, 1)
    await days_later(service)
    row = (await service.sql("SELECT dampingan_id FROM dampingan"))[0]
    return kpm_id, str(row["dampingan_id"])


async def end_dampingan(service: Running, dampingan_id: str, valid_to: Any, **more: Any) -> Any:
    body = {"valid_to": str(valid_to), "reason": "PINDAH_TUGAS"} | more
    return await service.post(f"/v1/dampingan/{dampingan_id}/end", body, as_=leader(service))


async def test_end_today_hides_the_family_and_opens_a_gap(placed: Running) -> None:
    kpm_id, dampingan_id = await register_dampingan(placed)
    on = await today(placed)
    answer = await end_dampingan(placed, dampingan_id, on)
    assert (answer.status_code, answer.json()["valid_to"]) == (200, str(on)), answer.text
    assert (await placed.get(f"/v1/kpm/{kpm_id}", as_=companion(placed))).status_code == 404
    assert await loads(placed) == {S: 0}
    (event,) = await facts(placed, "dampingan_ended")
    assert (event["valid_to"], event["reason"], event["penugasan_id"]) == (str(on), "PINDAH_TUGAS", S)
    (task,) = await tasks(placed, leader(placed))
    assert (task["kind"], task["kpm_id"], task["held_by"]) == ("PASANG_PENDAMPING", kpm_id, None)
    gap = await placed.sql("SELECT since, until, cause FROM dampingan_gap")
    assert [tuple(row) for row in gap] == [(on, None, "DAMPINGAN_DIAKHIRI")]


async def test_future_end_has_no_effect_before_its_day(placed: Running) -> None:
    kpm_id, dampingan_id = await register_dampingan(placed)
    on = await today(placed) + timedelta(days=3)
    assert (await end_dampingan(placed, dampingan_id, on)).status_code == 200
    assert await facts(placed, "dampingan_ended") == []
    (changed,) = await facts(placed, "dampingan_changed")
    assert changed["valid_to"] == str(on)
    await placed.work()
    assert (await placed.get(f"/v1/kpm/{kpm_id}", as_=companion(placed))).status_code == 200
    assert (await loads(placed), await tasks(placed, leader(placed))) == ({S: 1}, [])
    await days_later(placed, 3)
    assert (await placed.get(f"/v1/kpm/{kpm_id}", as_=companion(placed))).status_code == 404
    await placed.work()
    assert await loads(placed) == {S: 0}
    assert [data["valid_to"] for data in await facts(placed, "dampingan_ended")] == [str(on)]
    assert len(await tasks(placed, leader(placed))) == 1
    await placed.work()
    assert len(await facts(placed, "dampingan_ended")) == 1


async def test_end_moves_only_to_an_earlier_valid_day(placed: Running) -> None:
    _, dampingan_id = await register_dampingan(placed)
    on = await today(placed)
    before = await end_dampingan(placed, dampingan_id, on - timedelta(days=1))
    assert (before.status_code, before.json()["title"]) == (422, "InvalidRange")
    assert (await end_dampingan(placed, dampingan_id, on + timedelta(days=9))).status_code == 200
    later = await end_dampingan(placed, dampingan_id, on + timedelta(days=10))
    assert (later.status_code, later.json()["title"]) == (409, "DampinganHasEnded")
    assert (await end_dampingan(placed, dampingan_id, on)).status_code == 200
    again = await end_dampingan(placed, dampingan_id, on)
    assert (again.status_code, again.json()["title"]) == (409, "DampinganHasEnded")


async def test_next_dampingan_fills_gap_and_finishes_task(placed: Running) -> None:
    kpm_id, dampingan_id = await register_dampingan(placed)
    on = await today(placed)
    await end_dampingan(placed, dampingan_id, on)
    next_on = await days_later(placed, 2)
    body = {"kpm_id": kpm_id, "penugasan_id": S, "valid_from": str(next_on)}
    assert (await placed.post("/v1/dampingan", body, as_=dinsos(placed))).status_code == 201
    gap = await placed.sql("SELECT since, until FROM dampingan_gap")
    assert [tuple(row) for row in gap] == [(on, next_on)]
    assert await tasks(placed, leader(placed)) == []
    (done,) = await tasks(placed, leader(placed), "?open_only=false")
    assert done["done_by"] == "dinsos-kendal-1"


async def test_only_officials_of_the_area_end_a_dampingan(placed: Running) -> None:
    _, dampingan_id = await register_dampingan(placed)
    body = {"valid_to": str(await today(placed)), "reason": "PINDAH_TUGAS"}
    path = f"/v1/dampingan/{dampingan_id}/end"
    assert (await placed.post(path, body, as_=companion(placed))).status_code == 403
    far = placed.token("KETUA_TIM_KABKOTA", "far", ["35.03"])
    assert (await placed.post(path, body, as_=far)).status_code == 404
    assert (await placed.post(path, body, as_=leader(placed))).status_code == 200
