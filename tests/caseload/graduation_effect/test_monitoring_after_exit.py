"""Dampingan, gaps and tasks during and after the monitoring of an exit."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid5

import pytest

from shared.contracts.graduation import MonitoringRecorded
from tests.factories.caseload.case import Case, apply_event
from tests.factories.caseload.hand_over import (
    T,
    advance_days,
    create_monitored_family,
    finish_hand_over,
    import_families,
    ketua_tim_token,
    read_emitted_data,
    read_loads,
    read_today,
)
from tests.factories.caseload.intake import (
    DESA,
    OTHER,
    SPACE,
    build_csv,
    dinsos_token,
    family,
    import_file,
    pendamping_token,
)
from tests.factories.caseload.task import list_unrecorded
from tests.factories.services import Running

CASE, RUJUKAN = uuid5(SPACE, "case"), uuid5(SPACE, "rujukan")


async def build_monitoring_recorded(service: Running, kpm_id: str, **more: Any) -> MonitoringRecorded:
    values = {"graduasi_id": CASE, "kpm_id": kpm_id, "kode_wilayah": DESA, "month": 6, "still_out": True}
    return MonitoringRecorded.model_validate(values | {"recorded_on": await read_today(service)} | more)


@pytest.mark.parametrize("completes", [True, False])
async def test_last_month_ends_the_dampingan_on_the_next_day(
    kendal_caseload: Running, graduation: Running, completes: bool
) -> None:
    kpm_id = await create_monitored_family(kendal_caseload)
    await apply_event(
        kendal_caseload,
        graduation,
        await build_monitoring_recorded(kendal_caseload, kpm_id, completes=completes),
    )
    assert (
        await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=pendamping_token(kendal_caseload))
    ).status_code == 200
    on = await advance_days(kendal_caseload)
    await kendal_caseload.work()
    expected = 404 if completes else 200
    assert (
        await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=pendamping_token(kendal_caseload))
    ).status_code == expected
    ended = [
        (data["valid_to"], data["reason"])
        for data in await read_emitted_data(kendal_caseload, "dampingan_ended")
    ]
    assert ended == ([(str(on), "PEMANTAUAN_SELESAI")] if completes else [])


async def read_pkh_case(service: Running, kpm_id: str) -> Case:
    row = (await service.sql("SELECT kepesertaan_id FROM kepesertaan WHERE kpm_id = $1", kpm_id))[0]
    return Case(kpm_id, str(row["kepesertaan_id"]))


async def advance_to(service: Running, *day: int) -> None:
    await service.set_clock(datetime(*day, 5, tzinfo=UTC))
    await service.work()


async def read_tasks(service: Running) -> list[tuple[str, str]]:
    tasks = (await service.get("/v1/tugas", as_=ketua_tim_token(service))).json()["items"]
    return [(task["kind"], task["kpm_id"]) for task in tasks]


async def test_restored_family_without_dampingan_gets_gap_and_task(
    kendal_caseload: Running, graduation: Running
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    case = await read_pkh_case(kendal_caseload, kpm_id)
    await apply_event(kendal_caseload, graduation, case.build_graduated())
    await advance_to(kendal_caseload, 2027, 1, 1)
    await apply_event(
        kendal_caseload,
        graduation,
        await build_monitoring_recorded(
            kendal_caseload, kpm_id, completes=True, graduasi_id=case.graduasi_id
        ),
    )
    await advance_to(kendal_caseload, 2027, 1, 5)
    assert await read_tasks(kendal_caseload) == []
    await apply_event(kendal_caseload, graduation, case.build_annulled("2027-1"))
    assert await read_tasks(kendal_caseload) == [("PASANG_PENDAMPING", kpm_id)]
    gaps = (await kendal_caseload.get("/v1/dampingan-gap", as_=ketua_tim_token(kendal_caseload))).json()[
        "items"
    ]
    assert [(gap["since"], gap["cause"], gap["purpose"]) for gap in gaps] == [
        ("2027-01-05", "MASUK_PKH", "PENDAMPINGAN")
    ]
    days = await kendal_caseload.sql("SELECT since::text, until::text FROM dampingan_gap ORDER BY since")
    assert [tuple(row) for row in days] == [("2027-01-02", "2027-01-05"), ("2027-01-05", None)]
    done = await finish_hand_over(kendal_caseload, await read_today(kendal_caseload))
    assert (done["done"], await read_tasks(kendal_caseload)) == (1, []), (
        "a hand-over of who had it last takes it along"
    )


async def test_reversed_end_of_the_monitoring_opens_the_gap_again(
    kendal_caseload: Running, graduation: Running
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    case = await read_pkh_case(kendal_caseload, kpm_id)
    await apply_event(kendal_caseload, graduation, case.build_graduated())
    await advance_to(kendal_caseload, 2027, 1, 1)

    async def record(**more: Any) -> None:
        event = await build_monitoring_recorded(kendal_caseload, kpm_id, graduasi_id=case.graduasi_id, **more)
        await apply_event(kendal_caseload, graduation, event)

    await record(completes=True)
    await advance_to(kendal_caseload, 2027, 1, 5)
    assert await read_tasks(kendal_caseload) == []
    await record(voided=True, reopens=True)
    assert await read_tasks(kendal_caseload) == [("PASANG_PENDAMPING", kpm_id)]
    await record(completes=True)
    await advance_to(kendal_caseload, 2027, 1, 7)
    assert await read_tasks(kendal_caseload) == []


async def test_new_dampingan_after_exit_is_monitoring_without_load(
    kendal_caseload: Running, graduation: Running
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    await apply_event(
        kendal_caseload, graduation, (await read_pkh_case(kendal_caseload, kpm_id)).build_graduated()
    )
    await advance_to(kendal_caseload, 2027, 1, 2)
    dampingan_id = str((await kendal_caseload.sql("SELECT dampingan_id FROM dampingan"))[0]["dampingan_id"])
    body = {"valid_to": "2027-01-02", "reason": "PINDAH_TUGAS"}
    assert (
        await kendal_caseload.post(
            f"/v1/dampingan/{dampingan_id}/end", body, as_=ketua_tim_token(kendal_caseload)
        )
    ).status_code == 200
    given = {"kpm_id": kpm_id, "penugasan_id": T, "valid_from": "2027-01-02"}
    made = await kendal_caseload.post("/v1/dampingan", given, as_=dinsos_token(kendal_caseload))
    assert (made.status_code, made.json()["purpose"]) == (201, "PEMANTAUAN"), made.text
    assert set((await read_loads(kendal_caseload)).values()) == {0}
    await apply_event(
        kendal_caseload, graduation, await build_monitoring_recorded(kendal_caseload, kpm_id, completes=True)
    )
    await advance_to(kendal_caseload, 2027, 1, 3)
    assert (
        await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=pendamping_token(kendal_caseload, OTHER))
    ).status_code == 404


async def test_monitoring_of_another_bansos_ends_no_dampingan(
    kendal_caseload: Running, graduation: Running
) -> None:
    kpm_id = await create_monitored_family(kendal_caseload)
    await kendal_caseload.sql(
        "INSERT INTO kepesertaan (kepesertaan_id, kpm_id, bansos, valid) VALUES ($1, $2, 'SEMBAKO', '[2020-01-01,)')",
        RUJUKAN,
        kpm_id,
    )
    other = Case(kpm_id, str(RUJUKAN))
    await apply_event(kendal_caseload, graduation, other.build_proposed())
    await apply_event(
        kendal_caseload,
        graduation,
        await build_monitoring_recorded(
            kendal_caseload, kpm_id, completes=True, graduasi_id=other.graduasi_id
        ),
    )
    await advance_days(kendal_caseload)
    await kendal_caseload.work()
    assert await read_emitted_data(kendal_caseload, "dampingan_ended") == []


async def test_first_membership_without_pendamping_opens_gap_and_task(kendal_caseload: Running) -> None:
    await import_file(kendal_caseload, build_csv(family(7, 1, bansos="SEMBAKO:2020-01-01")))
    kpm_id = str((await kendal_caseload.sql("SELECT kpm_id FROM kpm"))[0]["kpm_id"])
    assert await kendal_caseload.sql("SELECT FROM dampingan_gap") == []
    body = {"bansos": "PKH", "valid_from": "2026-01-01"}
    assert (
        await kendal_caseload.post(f"/v1/kpm/{kpm_id}/kepesertaan", body, as_=dinsos_token(kendal_caseload))
    ).status_code == 201
    await kendal_caseload.work()
    assert await read_tasks(kendal_caseload) == [("PASANG_PENDAMPING", kpm_id)]


async def test_hand_over_includes_left_family_with_gap_for_monitoring(
    kendal_caseload: Running, graduation: Running
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    await advance_days(kendal_caseload)
    dampingan_id = str((await kendal_caseload.sql("SELECT dampingan_id FROM dampingan"))[0]["dampingan_id"])
    body = {"valid_to": str(await read_today(kendal_caseload)), "reason": "PINDAH_TUGAS"}
    assert (
        await kendal_caseload.post(
            f"/v1/dampingan/{dampingan_id}/end", body, as_=ketua_tim_token(kendal_caseload)
        )
    ).status_code == 200
    await apply_event(
        kendal_caseload, graduation, (await read_pkh_case(kendal_caseload, kpm_id)).build_graduated()
    )
    await advance_to(kendal_caseload, 2027, 1, 2)
    assert (await finish_hand_over(kendal_caseload, await read_today(kendal_caseload)))["done"] == 1
    rows = await kendal_caseload.sql("SELECT purpose FROM dampingan WHERE NOT ended")
    assert [row["purpose"] for row in rows] == ["PEMANTAUAN"]
    assert [
        tuple(row) for row in await kendal_caseload.sql("SELECT kind FROM tugas WHERE done_at IS NOT NULL")
    ] == [("PASANG_PENDAMPING",)]
    assert await list_unrecorded(kendal_caseload) == []
    assert set((await read_loads(kendal_caseload)).values()) == {0}
