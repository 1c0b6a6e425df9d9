"""After an exit the accompaniment ends with the monitoring, and a relapse is a task of whoever has the family then."""

from datetime import timedelta
from typing import Any
from uuid import uuid5

import pytest

from shared.contracts.graduation import MonitoringRecorded, RelapseConfirmed
from shared.contracts.referral import RelapseReported
from tests.caseload.given import DESA, OTHER, SPACE, companion
from tests.caseload.handing import accompanied, days_later, facts, handed_over, leader, today
from tests.kit import Running, deliver

CASE, RUJUKAN = uuid5(SPACE, "case"), uuid5(SPACE, "rujukan")


async def monitored(service: Running) -> str:
    """Return a family whose dampingan is monitoring since an exit."""
    (kpm_id,) = await accompanied(service, 1)
    await service.sql("UPDATE dampingan SET purpose = 'PEMANTAUAN'")
    await service.sql("UPDATE dampingan_load SET weighing = 0")
    return kpm_id


async def hear(service: Running, teller: Running, event: Any) -> None:
    await teller.publish(event)
    await deliver(teller, service, times=2)
    await service.work()


async def month_seen(service: Running, kpm_id: str, **more: Any) -> MonitoringRecorded:
    said = {"graduasi_id": CASE, "kpm_id": kpm_id, "kode_wilayah": DESA, "month": 6, "still_out": True}
    return MonitoringRecorded.model_validate(said | {"recorded_on": await today(service)} | more)


@pytest.mark.parametrize("completes", [True, False])
async def test_the_last_month_ends_the_accompaniment_the_day_after(
    placed: Running, graduation: Running, completes: bool
) -> None:
    kpm_id = await monitored(placed)
    await hear(placed, graduation, await month_seen(placed, kpm_id, completes=completes))
    assert (await placed.get(f"/v1/kpm/{kpm_id}", as_=companion(placed))).status_code == 200
    on = await days_later(placed)
    await placed.work()
    expected = 404 if completes else 200
    assert (await placed.get(f"/v1/kpm/{kpm_id}", as_=companion(placed))).status_code == expected
    ended = [(data["valid_to"], data["reason"]) for data in await facts(placed, "dampingan_ended")]
    assert ended == ([(str(on), "PEMANTAUAN_SELESAI")] if completes else [])


async def test_a_relapse_is_a_task_that_follows_the_family(
    placed: Running, graduation: Running, referral: Running
) -> None:
    kpm_id = await monitored(placed)
    said = {"graduasi_id": CASE, "kpm_id": kpm_id, "kode_wilayah": DESA, "month": 3, "cause": "USAHA_SEPI"}
    on = await today(placed)
    reported = {"rujukan_id": RUJUKAN, "reported_on": on}
    await hear(placed, referral, RelapseReported.model_validate(said | reported))
    await hear(placed, graduation, RelapseConfirmed.model_validate(said | {"confirmed_on": on}))
    mine = (await placed.get("/v1/tugas", as_=companion(placed))).json()["items"]
    assert [task["kind"] for task in mine] == ["KUNJUNGAN_KAMBUH", "RE_ENTRY"]
    assert [task["due_on"] for task in mine] == [str(on + timedelta(days=n)) for n in (14, 30)]
    await handed_over(placed, await days_later(placed))
    assert (await placed.get("/v1/tugas", as_=companion(placed))).json()["items"] == []
    theirs = (await placed.get("/v1/tugas", as_=companion(placed, OTHER))).json()["items"]
    assert [(task["kind"], task["held_by"]) for task in theirs] == [
        ("KUNJUNGAN_KAMBUH", str(OTHER)),
        ("RE_ENTRY", str(OTHER)),
    ]
    done = f"/v1/tugas/{theirs[0]['tugas_id']}/done"
    assert (await placed.post(done, {}, as_=companion(placed))).status_code == 404
    assert (await placed.post(done, {}, as_=companion(placed, OTHER))).status_code == 200
    kinds = [task["kind"] for task in (await placed.get("/v1/tugas", as_=leader(placed))).json()["items"]]
    assert kinds == ["RE_ENTRY"]
