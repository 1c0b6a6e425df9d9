"""Tasks that were marked as done in error are opened again."""

from typing import Any

from tests.factories.caseload.family import Family, single_member_family
from tests.factories.caseload.hand_over import ketua_tim_token
from tests.factories.caseload.intake import OTHER, dinsos_token, pendamping_token
from tests.factories.caseload.member import record_death
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
