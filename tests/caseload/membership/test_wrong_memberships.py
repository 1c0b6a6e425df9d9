"""Memberships that were recorded in error (docs/case-lifecycle.md#wrong-memberships)."""

from typing import Any

import asyncpg
import httpx
import pytest

from tests.factories.approval import approve
from tests.factories.caseload.case import Case
from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.intake import build_csv, dinsos_token, family, import_file
from tests.factories.caseload.member import joining, read_as_office
from tests.factories.delivery import deliver
from tests.factories.services import Running, expect_refusal

ROWS = family(720, 2, pendamping_no="PD-00000S", bansos="")


@pytest.fixture
async def without_bansos(kendal_caseload: Running) -> Family:
    return await Family.create(kendal_caseload, ROWS)


async def record(one: Family, bansos: str = "PKH", valid_from: str = "2026-01-05") -> httpx.Response:
    body = {"bansos": bansos, "valid_from": valid_from}
    return await one.post("kepesertaan", body, as_=dinsos_token(one.caseload))


async def request_void(one: Family, kepesertaan_id: str, as_: str = "") -> httpx.Response:
    body = {"reason": "SALAH_KELUARGA", "evidence_sha256": await one.upload_evidence(b"surat dinsos")}
    path = f"/v1/kepesertaan/{kepesertaan_id}/void"
    return await one.post(path, body, as_=as_ or dinsos_token(one.caseload))


async def void(one: Family, kepesertaan_id: str) -> None:
    approved = await approve(one.caseload, await request_void(one, kepesertaan_id))
    assert approved.status_code == 201, approved.text


async def list_open_tasks(one: Family) -> list[str]:
    tasks = await one.caseload.get("/v1/tugas", as_=dinsos_token(one.caseload))
    return sorted(task["kind"] for task in tasks.json()["items"] if task["kpm_id"] == one.kpm_id)


async def test_voided_membership_covers_no_day_and_the_right_one_is_recorded(without_bansos: Family) -> None:
    one = without_bansos
    wrong = (await record(one, valid_from="2019-01-05")).json()
    requested = await request_void(one, wrong["kepesertaan_id"])
    assert (await one.read_memberships())["PKH"]["status"] == "ACTIVE"
    assert (await approve(one.caseload, requested)).status_code == 201
    shown = (await one.read_memberships())["PKH"]
    assert (shown["status"], shown["active"], shown["valid_to"]) == ("VOIDED", False, "2019-01-05")
    tahap = await one.caseload.get(
        f"/v1/kpm/{one.kpm_id}/tahap?bansos=PKH&on=2026-01-10", as_=dinsos_token(one.caseload)
    )
    expect_refusal(tahap, "NotFound", 404)
    assert ("kepesertaan", "VOIDED", "SALAH_KELUARGA") in await one.read_history()
    right = await record(one)
    assert right.status_code == 201, right.text
    assert (await one.read_memberships())["PKH"]["valid_from"] == "2026-01-05"


async def test_family_without_a_membership_gets_a_task_for_the_office(without_bansos: Family) -> None:
    one = without_bansos
    pkh, sembako = (await record(one)).json(), (await record(one, "SEMBAKO")).json()
    await void(one, pkh["kepesertaan_id"])
    assert await list_open_tasks(one) == []
    await void(one, sembako["kepesertaan_id"])
    assert await list_open_tasks(one) == ["PUTUSKAN_KEPESERTAAN"]
    assert (await record(one)).status_code == 201
    assert await list_open_tasks(one) == []


async def test_other_services_count_no_voided_membership(
    without_bansos: Family, registry: Running, graduation: Running
) -> None:
    one = without_bansos
    await void(one, (await record(one)).json()["kepesertaan_id"])
    await deliver(one.caseload, registry, times=2)
    await deliver(one.caseload, graduation, times=2)
    for service, schema in ((registry, "replica_coverage"), (graduation, "replica_kpm")):
        (row,) = await service.sql(f"SELECT valid_from, valid_to, exit_reason FROM {schema}.kepesertaan")
        assert row["valid_from"] == row["valid_to"]
        assert row["exit_reason"] is None
    token = registry.token("DINSOS_KABKOTA", areas=["33.24"])
    counted = await registry.get("/v1/coverage?kode_wilayah=33.24&year=2026", as_=token)
    assert (counted.json()["kepesertaan"], counted.json()["to_accompany"]) == ([], 0)


async def test_file_brings_no_voided_membership_back(without_bansos: Family) -> None:
    one = without_bansos
    await void(one, (await record(one)).json()["kepesertaan_id"])
    rows = [{**ROWS[0], "bansos": "PKH:2026-01-05|SEMBAKO:2026-01-06"}, *ROWS[1:]]
    done = await import_file(one.caseload, build_csv(rows))
    assert done["errors"] == []
    memberships = await one.read_memberships()
    assert (memberships["PKH"]["status"], memberships["SEMBAKO"]["status"]) == ("VOIDED", "ACTIVE")
    changed = await import_file(one.caseload, build_csv([{**rows[0], "bansos": "PKH:2026-01-07"}, *rows[1:]]))
    assert changed["errors"] == []
    assert (await one.read_memberships())["PKH"]["status"] == "ACTIVE"


async def test_void_is_refused_twice_and_to_others(without_bansos: Family) -> None:
    one = without_bansos
    kepesertaan_id = (await record(one)).json()["kepesertaan_id"]
    expect_refusal(await request_void(one, kepesertaan_id, one.mine), "NotAllowed", 403)
    foreign = dinsos_token(one.caseload, "35.03")
    expect_refusal(await request_void(one, kepesertaan_id, foreign), "NotFound", 404)
    await void(one, kepesertaan_id)
    expect_refusal(await request_void(one, kepesertaan_id), "MembershipVoided")


async def test_membership_with_a_case_or_a_proposal_is_not_voided(
    without_bansos: Family, graduation: Running
) -> None:
    one = without_bansos
    pkh, sembako = (await record(one)).json(), (await record(one, "SEMBAKO")).json()
    requested = await request_void(one, pkh["kepesertaan_id"])
    await graduation.publish(Case(one.kpm_id, pkh["kepesertaan_id"], "case").build_determined())
    await deliver(graduation, one.caseload)
    expect_refusal(await approve(one.caseload, requested), "CaseAlreadyOpen")
    expect_refusal(await request_void(one, pkh["kepesertaan_id"]), "CaseAlreadyOpen")
    body: dict[str, Any] = {"kpm_id": one.kpm_id, "kepesertaan_id": sembako["kepesertaan_id"]}
    body |= {"exit_reason": "PINDAH", "on": "2026-01-10", "evidence_sha256": await one.upload_evidence()}
    proposal = await one.post_ok("/v1/exit-proposal", body)
    expect_refusal(await request_void(one, sembako["kepesertaan_id"]), "ExitAlreadyProposed")
    withdrawal = f"/v1/exit-proposal/{proposal['exit_proposal_id']}/withdrawal"
    await one.post_ok(withdrawal, {"reason": "Salah keluarga."})
    await void(one, sembako["kepesertaan_id"])


async def test_database_refuses_a_voided_membership_with_an_end(without_bansos: Family) -> None:
    await record(without_bansos)
    for broken in ("valid = 'empty'", "cancelled_from = '2026-01-05'"):
        with pytest.raises(asyncpg.CheckViolationError):
            await without_bansos.caseload.sql(f"UPDATE kepesertaan SET {broken}")


async def test_family_that_returns_without_its_voided_membership_gets_the_task(
    without_bansos: Family,
) -> None:
    row = single_member_family(bansos="PKH:2019-02-01")[0]
    alone = await Family.create(without_bansos.caseload, [row])
    scan, office = await without_bansos.upload_evidence(), dinsos_token(alone.caseload)
    person = joining(row, relation="FAMILI_LAIN", reason="GABUNG", evidence_sha256=scan)
    joined = await without_bansos.post_ok("anggota", person)
    await void(alone, (await alone.read_memberships())["PKH"]["kepesertaan_id"])
    pending = await alone.caseload.get("/v1/kepesertaan-pending", as_=office)
    assert (pending.json()["items"], await list_open_tasks(alone)) == ([], [])
    version = (await read_as_office(alone))["version"]
    body = {"reason": "SALAH_CATAT"}
    await alone.post_ok(f"anggota/{joined['anggota_id']}/return", body, version, as_=office)
    assert await list_open_tasks(alone) == ["PUTUSKAN_KEPESERTAAN"]


async def test_exit_of_a_voided_membership_is_refused(without_bansos: Family) -> None:
    one = without_bansos
    wrong = (await record(one)).json()["kepesertaan_id"]
    await void(one, wrong)
    body = {"kpm_id": one.kpm_id, "kepesertaan_id": wrong, "exit_reason": "PINDAH", "on": "2026-01-10"}
    body |= {"evidence_sha256": await one.upload_evidence()}
    expect_refusal(await one.post("/v1/exit-proposal", body), "MembershipVoided")
