"""Dampingan, gaps and tasks during and after the monitoring of an exit."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid5

import pytest

from shared.contracts.graduation import MonitoringRecorded
from tests.factories.caseload.case import Case, apply
from tests.factories.caseload.hand_over import (
    T,
    accompanied,
    days_later,
    facts,
    handed_over,
    leader,
    loads,
    monitored,
    today,
)
from tests.factories.caseload.intake import DESA, OTHER, SPACE, companion, csv_of, dinsos, family, take_in
from tests.factories.services import Running

CASE, RUJUKAN = uuid5(SPACE, "case"), uuid5(SPACE, "rujukan")


async def month_recorded(service: Running, kpm_id: str, **more: Any) -> MonitoringRecorded:
    values = {"graduasi_id": CASE, "kpm_id": kpm_id, "kode_wilayah": DESA, "month": 6, "still_out": True}
    return MonitoringRecorded.model_validate(values | {"recorded_on": await today(service)} | more)


@pytest.mark.parametrize("completes", [True, False])
async def test_last_month_ends_the_dampingan_on_the_next_day(
    placed: Running, graduation: Running, completes: bool
) -> None:
    kpm_id = await monitored(placed)
    await apply(placed, graduation, await month_recorded(placed, kpm_id, completes=completes))
    assert (await placed.get(f"/v1/kpm/{kpm_id}", as_=companion(placed))).status_code == 200
    on = await days_later(placed)
    await placed.work()
    expected = 404 if completes else 200
    assert (await placed.get(f"/v1/kpm/{kpm_id}", as_=companion(placed))).status_code == expected
    ended = [(data["valid_to"], data["reason"]) for data in await facts(placed, "dampingan_ended")]
    assert ended == ([(str(on), "PEMANTAUAN_SELESAI")] if completes else [])


async def on_pkh(service: Running, kpm_id: str) -> Case:
    row = (await service.sql("SELECT kepesertaan_id FROM kepesertaan WHERE kpm_id = $1", kpm_id))[0]
    return Case(kpm_id, str(row["kepesertaan_id"]))


async def at(service: Running, *day: int) -> None:
    await service.set_clock(datetime(*day, 5, tzinfo=UTC))
    await service.work()


async def asked(service: Running) -> list[tuple[str, str]]:
    tasks = (await service.get("/v1/tugas", as_=leader(service))).json()["items"]
    return [(task["kind"], task["kpm_id"]) for task in tasks]


async def test_restored_family_without_dampingan_gets_gap_and_task(
    placed: Running, graduation: Running
) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    case = await on_pkh(placed, kpm_id)
    await apply(placed, graduation, case.graduated())
    await at(placed, 2027, 1, 1)
    await apply(placed, graduation, await month_recorded(placed, kpm_id, completes=True))
    await at(placed, 2027, 1, 5)
    assert await asked(placed) == []
    await apply(placed, graduation, case.annulled("2027-1"))
    assert await asked(placed) == [("PASANG_PENDAMPING", kpm_id)]
    gaps = (await placed.get("/v1/dampingan-gap", as_=leader(placed))).json()["items"]
    assert [(gap["since"], gap["cause"], gap["purpose"]) for gap in gaps] == [
        ("2027-01-05", "MASUK_PKH", "PENDAMPINGAN")
    ]
    days = await placed.sql("SELECT since::text, until::text FROM dampingan_gap ORDER BY since")
    assert [tuple(row) for row in days] == [("2027-01-02", "2027-01-05"), ("2027-01-05", None)]
    done = await handed_over(placed, await today(placed))
    assert (done["done"], await asked(placed)) == (1, []), "a hand-over of who had it last takes it along"


async def test_new_dampingan_after_exit_is_monitoring_without_load(
    placed: Running, graduation: Running
) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    await apply(placed, graduation, (await on_pkh(placed, kpm_id)).graduated())
    await at(placed, 2027, 1, 2)
    dampingan_id = str((await placed.sql("SELECT dampingan_id FROM dampingan"))[0]["dampingan_id"])
    body = {"valid_to": "2027-01-02", "reason": "PINDAH_TUGAS"}
    assert (
        await placed.post(f"/v1/dampingan/{dampingan_id}/end", body, as_=leader(placed))
    ).status_code == 200
    given = {"kpm_id": kpm_id, "penugasan_id": T, "valid_from": "2027-01-02"}
    made = await placed.post("/v1/dampingan", given, as_=dinsos(placed))
    assert (made.status_code, made.json()["purpose"]) == (201, "PEMANTAUAN"), made.text
    assert set((await loads(placed)).values()) == {0}
    await apply(placed, graduation, await month_recorded(placed, kpm_id, completes=True))
    await at(placed, 2027, 1, 3)
    assert (await placed.get(f"/v1/kpm/{kpm_id}", as_=companion(placed, OTHER))).status_code == 404


async def test_monitoring_of_another_bansos_ends_no_dampingan(placed: Running, graduation: Running) -> None:
    kpm_id = await monitored(placed)
    await placed.sql(
        "INSERT INTO kepesertaan (kepesertaan_id, kpm_id, bansos, valid) VALUES ($1, $2, 'SEMBAKO', '[2020-01-01,)')",
        RUJUKAN,
        kpm_id,
    )
    other = Case(kpm_id, str(RUJUKAN))
    await apply(placed, graduation, other.proposed())
    await apply(
        placed,
        graduation,
        await month_recorded(placed, kpm_id, completes=True, graduasi_id=other.graduasi_id),
    )
    await days_later(placed)
    await placed.work()
    assert await facts(placed, "dampingan_ended") == []


async def test_first_membership_without_pendamping_opens_gap_and_task(placed: Running) -> None:
    await take_in(placed, csv_of(family(7, 1, bansos="SEMBAKO:2020-01-01")))
    kpm_id = str((await placed.sql("SELECT kpm_id FROM kpm"))[0]["kpm_id"])
    assert await placed.sql("SELECT FROM dampingan_gap") == []
    body = {"bansos": "PKH", "valid_from": "2026-01-01"}
    assert (await placed.post(f"/v1/kpm/{kpm_id}/kepesertaan", body, as_=dinsos(placed))).status_code == 201
    await placed.work()
    assert await asked(placed) == [("PASANG_PENDAMPING", kpm_id)]


async def test_hand_over_includes_left_family_with_gap_for_monitoring(
    placed: Running, graduation: Running
) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    await days_later(placed)
    dampingan_id = str((await placed.sql("SELECT dampingan_id FROM dampingan"))[0]["dampingan_id"])
    body = {"valid_to": str(await today(placed)), "reason": "PINDAH_TUGAS"}
    assert (
        await placed.post(f"/v1/dampingan/{dampingan_id}/end", body, as_=leader(placed))
    ).status_code == 200
    await apply(placed, graduation, (await on_pkh(placed, kpm_id)).graduated())
    await at(placed, 2027, 1, 2)
    assert (await handed_over(placed, await today(placed)))["done"] == 1
    rows = await placed.sql("SELECT purpose FROM dampingan WHERE NOT ended")
    assert [row["purpose"] for row in rows] == ["PEMANTAUAN"]
    assert set((await loads(placed)).values()) == {0}
