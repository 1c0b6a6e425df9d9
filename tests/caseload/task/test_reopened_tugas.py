"""Tasks that were marked as done in error are opened again."""

from typing import Any

from shared.contracts.graduation import RelapseConfirmed
from tests.factories.caseload.case import Case
from tests.factories.caseload.case_scenario import CaseScenario
from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.hand_over import advance_days, ketua_tim_token
from tests.factories.caseload.intake import (
    DESA,
    OTHER,
    OTHER_PENUGASAN,
    dinsos_token,
    pendamping_token,
)
from tests.factories.caseload.member import find_member, record_death
from tests.factories.caseload.task import read_tasks
from tests.factories.services import Running, expect_refusal


async def post_act(family: Family, task: dict[str, Any], act: str, as_: str = "") -> Any:
    body = {} if act == "done" else None
    return await family.post(f"/v1/tugas/{task['tugas_id']}/{act}", body, as_=as_ or family.mine)


async def test_reopened_task_waits_until_its_first_due_date(family: Family) -> None:
    await record_death(family, pengurus=True)
    (task,) = await read_tasks(family.caseload, family.mine)
    expect_refusal(await post_act(family, task, "reopen"), "TugasNotDone")
    assert (await post_act(family, task, "done")).status_code == 200
    assert await read_tasks(family.caseload, family.mine) == []
    reopened = await post_act(family, task, "reopen")
    assert reopened.status_code == 200, reopened.text
    (again,) = await read_tasks(family.caseload, family.mine)
    assert again == task | {"version": task["version"] + 2}
    acts = [act for subject, act, _ in await family.read_history() if subject == "tugas"]
    assert sorted(acts) == ["DONE", "REOPENED"]
    assert (await post_act(family, task, "done")).status_code == 200


async def test_only_who_may_finish_a_task_opens_it_again(family: Family) -> None:
    await record_death(family, pengurus=True)
    (task,) = await read_tasks(family.caseload, family.mine)
    await post_act(family, task, "done")
    for foreign in (pendamping_token(family.caseload, OTHER), dinsos_token(family.caseload, "35.03")):
        expect_refusal(await post_act(family, task, "reopen", foreign), "NotFound", 404)
    assert (await post_act(family, task, "reopen", ketua_tim_token(family.caseload))).status_code == 200


async def test_task_of_a_family_that_ended_stays_closed(kendal_caseload: Running) -> None:
    alone = await Family.create(kendal_caseload, single_member_family())
    await alone.caseload.sql(
        "INSERT INTO tugas (tugas_id, kpm_id, kind, cause_id, due_on, opened_on)"
        " SELECT uuidv7(), kpm_id, 'RE_ENTRY', kpm_id, '2026-02-01', '2026-01-05' FROM kpm"
    )
    (task,) = await read_tasks(alone.caseload, alone.mine)
    await record_death(alone, pengurus=True)
    office = dinsos_token(alone.caseload)
    expect_refusal(await post_act(alone, task, "reopen", office), "FamilyHasEnded")


async def test_task_whose_act_another_person_has_done_stays_closed(family: Family) -> None:
    await record_death(family, pengurus=True)
    (task,) = await read_tasks(family.caseload, family.mine)
    await post_act(family, task, "done")
    heir, version = await find_member(family, relation="KEPALA_KELUARGA")
    body = {"anggota_id": heir["anggota_id"], "on": "2026-01-11", "reason": "PENGURUS_MENINGGAL"}
    await family.post_ok("pengurus", body, version, as_=dinsos_token(family.caseload))
    expect_refusal(await post_act(family, task, "reopen"), "TugasSettled")


async def test_task_to_find_a_pendamping_is_opened_again_until_there_is_one(family: Family) -> None:
    office, lead = dinsos_token(family.caseload), ketua_tim_token(family.caseload)
    on = str(await advance_days(family.caseload))
    (row,) = await family.caseload.sql("SELECT dampingan_id FROM dampingan")
    end = {"valid_to": on, "reason": "PINDAH_TUGAS"}
    await family.post_ok(f"/v1/dampingan/{row['dampingan_id']}/end", end, as_=lead)
    (task,) = await read_tasks(family.caseload, office)
    for act in ("done", "reopen", "done"):
        assert (await post_act(family, task, act, lead)).status_code == 200
    given = {"kpm_id": family.kpm_id, "penugasan_id": str(OTHER_PENUGASAN), "valid_from": on}
    await family.post_ok("/v1/dampingan", given, as_=office)
    expect_refusal(await post_act(family, task, "reopen", lead), "TugasSettled")


async def test_wrong_application_does_not_hide_its_task_for_ever(family: Family, graduation: Running) -> None:
    case = Case(family.kpm_id, (await family.read_memberships())["PKH"]["kepesertaan_id"])
    made = CaseScenario(family, graduation, case)
    await made.publish(case.build_determined(), case.build_graduated())
    await made.advance_to(2027, 2, 1)
    relapse = {"graduasi_id": case.base["graduasi_id"], "kpm_id": family.kpm_id, "kode_wilayah": DESA}
    relapse |= {"month": 3, "cause": "USAHA_SEPI", "confirmed_on": "2027-02-01"}
    await made.publish(RelapseConfirmed.model_validate(relapse))
    (task,) = await read_tasks(family.caseload, family.mine)
    body = {"kpm_id": family.kpm_id, "bansos": "PKH", "reason": "Usaha tutup.", "ground": "KAMBUH"}
    usulan = await family.post_ok("/v1/usulan", body | {"lodged_on": "2027-02-01"})
    expect_refusal(await post_act(family, task, "reopen"), "TugasSettled")
    no = {"accepted": False, "reason": "Salah isi."}
    path = f"/v1/usulan/{usulan['usulan_id']}/decision"
    await family.post_ok(path, no, as_=dinsos_token(family.caseload))
    assert (await post_act(family, task, "reopen")).status_code == 200
    assert [one["kind"] for one in await read_tasks(family.caseload, family.mine)] == ["RE_ENTRY"]
