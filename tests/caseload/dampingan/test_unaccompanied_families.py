"""Families that need a PKH pendamping and have none are listed, and get a task."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.graduation import MonitoringRecorded
from tests.factories.caseload.case import Case, apply_event
from tests.factories.caseload.hand_over import T, advance_days, import_families, ketua_tim_token, read_today
from tests.factories.caseload.intake import build_csv, dinsos_token, family, import_file
from tests.factories.caseload.task import list_unrecorded
from tests.factories.services import Running


async def list_unaccompanied(service: Running) -> list[str]:
    items = (await service.get("/v1/dampingan-gap", as_=ketua_tim_token(service))).json()["items"]
    return [item["kpm_id"] for item in items]


async def list_tasks(service: Running) -> list[str]:
    items = (await service.get("/v1/tugas", as_=ketua_tim_token(service))).json()["items"]
    return [item["kpm_id"] for item in items if item["kind"] == "PASANG_PENDAMPING"]


async def end_accompaniment(service: Running, kpm_id: str) -> None:
    (row,) = await service.sql(
        "SELECT dampingan_id::text FROM dampingan WHERE kpm_id = $1 AND NOT ended", kpm_id
    )
    body = {"valid_to": str(await read_today(service)), "reason": "PINDAH_TUGAS"}
    ended = await service.post(f"/v1/dampingan/{row[0]}/end", body, as_=ketua_tim_token(service))
    assert ended.status_code == 200, ended.text


async def read_case(service: Running, kpm_id: str, bansos: str = "PKH") -> Case:
    statement = "SELECT kepesertaan_id::text FROM kepesertaan WHERE kpm_id = $1 AND bansos = $2"
    ((kepesertaan_id,),) = await service.sql(statement, kpm_id, bansos)
    return Case(kpm_id, kepesertaan_id)


async def advance_to(service: Running, *day: int) -> None:
    await service.set_clock(datetime(*day, 5, tzinfo=UTC))
    await service.work()


async def complete_monitoring(service: Running, graduation: Running, case: Case) -> None:
    values: dict[str, Any] = {name: case.base[name] for name in ("graduasi_id", "kpm_id", "kode_wilayah")}
    values |= {"month": 6, "still_out": True, "completes": True, "recorded_on": await read_today(service)}
    await apply_event(service, graduation, MonitoringRecorded.model_validate(values))


async def test_monitored_family_without_pendamping_is_listed_until_the_monitoring_is_complete(
    kendal_caseload: Running, graduation: Running
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    case = await read_case(kendal_caseload, kpm_id)
    await apply_event(kendal_caseload, graduation, case.build_graduated())
    await advance_to(kendal_caseload, 2027, 1, 2)
    assert await list_unaccompanied(kendal_caseload) == []
    await end_accompaniment(kendal_caseload, kpm_id)
    assert await list_unaccompanied(kendal_caseload) == await list_tasks(kendal_caseload) == [kpm_id]
    await complete_monitoring(kendal_caseload, graduation, case)
    assert await list_tasks(kendal_caseload) == []
    assert await list_unrecorded(kendal_caseload) == []
    await advance_days(kendal_caseload)
    assert await list_unaccompanied(kendal_caseload) == []


async def test_family_that_leaves_pkh_without_monitoring_needs_no_pendamping(
    kendal_caseload: Running, graduation: Running
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    await advance_days(kendal_caseload)
    await end_accompaniment(kendal_caseload, kpm_id)
    assert await list_unaccompanied(kendal_caseload) == await list_tasks(kendal_caseload) == [kpm_id]
    case = await read_case(kendal_caseload, kpm_id)
    graduated = case.build_graduated().model_copy(update={"monitoring_months": 0})
    await apply_event(kendal_caseload, graduation, graduated)
    await advance_to(kendal_caseload, 2027, 1, 1)
    assert await list_unaccompanied(kendal_caseload) == await list_tasks(kendal_caseload) == []


async def test_family_that_leaves_another_bansos_is_listed_while_it_is_monitored(
    kendal_caseload: Running, graduation: Running
) -> None:
    await import_file(kendal_caseload, build_csv(family(7, 1, bansos="SEMBAKO:2020-01-01")))
    ((kpm_id,),) = await kendal_caseload.sql("SELECT kpm_id::text FROM kpm")
    case = await read_case(kendal_caseload, kpm_id, "SEMBAKO")
    assert await list_unaccompanied(kendal_caseload) == []
    await apply_event(kendal_caseload, graduation, case.build_graduated())
    await advance_to(kendal_caseload, 2027, 1, 1)
    assert await list_unaccompanied(kendal_caseload) == await list_tasks(kendal_caseload) == [kpm_id]
    await apply_event(kendal_caseload, graduation, case.build_annulled())
    assert await list_unaccompanied(kendal_caseload) == await list_tasks(kendal_caseload) == []


async def test_family_in_pkh_is_listed_until_the_first_day_of_its_planned_dampingan(
    kendal_caseload: Running,
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    today = await advance_days(kendal_caseload)
    await end_accompaniment(kendal_caseload, kpm_id)
    given = {"kpm_id": kpm_id, "penugasan_id": T, "valid_from": str(today + timedelta(days=2))}
    made = await kendal_caseload.post("/v1/dampingan", given, as_=dinsos_token(kendal_caseload))
    assert made.status_code == 201, made.text
    answer = await kendal_caseload.get("/v1/dampingan-gap", as_=ketua_tim_token(kendal_caseload))
    assert [item["until"] for item in answer.json()["items"]] == [given["valid_from"]]
    await advance_days(kendal_caseload, 2)
    assert await list_unaccompanied(kendal_caseload) == []


@pytest.mark.parametrize("accepted", [True, False])
async def test_family_whose_end_is_held_by_an_objection_is_in_pkh(
    kendal_caseload: Running, graduation: Running, *, accepted: bool
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    case = await read_case(kendal_caseload, kpm_id)
    unwatched = case.build_graduated().model_copy(update={"monitoring_months": 0})
    await apply_event(kendal_caseload, graduation, unwatched)
    await apply_event(kendal_caseload, graduation, case.build_lodged())
    await advance_to(kendal_caseload, 2027, 1, 3)
    await end_accompaniment(kendal_caseload, kpm_id)
    assert await list_unaccompanied(kendal_caseload) == [kpm_id]
    decided = case.build_accepted() if accepted else case.build_refused(effective_on="2027-01-01")
    await apply_event(kendal_caseload, graduation, decided)
    assert await list_unaccompanied(kendal_caseload) == ([kpm_id] if accepted else [])
