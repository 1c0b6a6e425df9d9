"""Tasks: who sees and finishes them."""

from datetime import timedelta
from uuid import uuid5

from shared.contracts.graduation import RelapseConfirmed, RelapseReversed
from shared.contracts.referral import RelapseReported
from tests.factories.caseload.case import apply_event
from tests.factories.caseload.hand_over import (
    advance_days,
    create_monitored_family,
    finish_hand_over,
    import_families,
    ketua_tim_token,
    read_today,
)
from tests.factories.caseload.intake import DESA, OTHER, SPACE, pendamping_token
from tests.factories.caseload.task import list_unrecorded, read_tasks
from tests.factories.services import Running

CASE, RUJUKAN = uuid5(SPACE, "case"), uuid5(SPACE, "rujukan")


async def test_relapse_task_follows_the_family(
    kendal_caseload: Running, graduation: Running, referral: Running
) -> None:
    kpm_id = await create_monitored_family(kendal_caseload)
    relapse = {"graduasi_id": CASE, "kpm_id": kpm_id, "kode_wilayah": DESA, "month": 3, "cause": "USAHA_SEPI"}
    on = await read_today(kendal_caseload)
    reported = {"rujukan_id": RUJUKAN, "reported_on": on}
    await apply_event(kendal_caseload, referral, RelapseReported.model_validate(relapse | reported))
    await apply_event(
        kendal_caseload, graduation, RelapseConfirmed.model_validate(relapse | {"confirmed_on": on})
    )
    mine = await read_tasks(kendal_caseload, pendamping_token(kendal_caseload))
    assert [task["kind"] for task in mine] == ["KUNJUNGAN_KAMBUH", "RE_ENTRY"]
    assert [task["due_on"] for task in mine] == [str(on + timedelta(days=n)) for n in (14, 30)]
    await finish_hand_over(kendal_caseload, await advance_days(kendal_caseload))
    assert await read_tasks(kendal_caseload, pendamping_token(kendal_caseload)) == []
    theirs = await read_tasks(kendal_caseload, pendamping_token(kendal_caseload, OTHER))
    assert [(task["kind"], task["held_by"]) for task in theirs] == [
        ("KUNJUNGAN_KAMBUH", str(OTHER)),
        ("RE_ENTRY", str(OTHER)),
    ]
    done = f"/v1/tugas/{theirs[0]['tugas_id']}/done"
    assert (await kendal_caseload.post(done, {}, as_=pendamping_token(kendal_caseload))).status_code == 404
    assert (
        await kendal_caseload.post(done, {}, as_=pendamping_token(kendal_caseload, OTHER))
    ).status_code == 200
    kinds = [task["kind"] for task in await read_tasks(kendal_caseload, ketua_tim_token(kendal_caseload))]
    assert kinds == ["RE_ENTRY"]


async def test_task_of_a_reversed_relapse_is_finished_and_another_relapse_opens_one(
    kendal_caseload: Running, graduation: Running
) -> None:
    kpm_id = await create_monitored_family(kendal_caseload)
    on = await read_today(kendal_caseload)
    relapse = {"graduasi_id": CASE, "kpm_id": kpm_id, "kode_wilayah": DESA, "month": 3, "confirmed_on": on}
    confirmed = RelapseConfirmed.model_validate(relapse | {"cause": "SAKIT"})
    reversed_ = RelapseReversed.model_validate(relapse | {"reversed_on": on})
    counts: list[int] = []
    for event in (confirmed, reversed_, confirmed):
        await apply_event(kendal_caseload, graduation, event)
        counts.append(len(await read_tasks(kendal_caseload, pendamping_token(kendal_caseload))))
    assert counts == [1, 0, 1]
    assert await list_unrecorded(kendal_caseload) == []


async def test_task_of_unaccompanied_family_is_only_for_officials(
    kendal_caseload: Running,
) -> None:
    await import_families(kendal_caseload, 1)
    on = await advance_days(kendal_caseload)
    (row,) = await kendal_caseload.sql("SELECT dampingan_id FROM dampingan")
    body = {"valid_to": str(on), "reason": "PINDAH_TUGAS"}
    await kendal_caseload.post(
        f"/v1/dampingan/{row['dampingan_id']}/end", body, as_=ketua_tim_token(kendal_caseload)
    )
    far = kendal_caseload.token("KETUA_TIM_KABKOTA", "far", ["35.03"])
    (task,) = await read_tasks(kendal_caseload, ketua_tim_token(kendal_caseload))
    done = f"/v1/tugas/{task['tugas_id']}/done"
    assert (
        await read_tasks(kendal_caseload, far)
        == await read_tasks(kendal_caseload, pendamping_token(kendal_caseload))
        == []
    )
    for token in (far, pendamping_token(kendal_caseload)):
        assert (await kendal_caseload.post(done, {}, as_=token)).status_code == 404
    assert (
        await kendal_caseload.post(done, {"note": "Sudah dipasang."}, as_=ketua_tim_token(kendal_caseload))
    ).status_code == 200
    again = await kendal_caseload.post(done, {}, as_=ketua_tim_token(kendal_caseload))
    assert (again.status_code, again.json()["title"]) == (409, "TugasAlreadyDone")


async def test_relapse_that_was_reported_by_mistake_asks_for_no_visit(
    kendal_caseload: Running, referral: Running
) -> None:
    kpm_id, on = await create_monitored_family(kendal_caseload), await read_today(kendal_caseload)
    report = {"graduasi_id": CASE, "kpm_id": kpm_id, "kode_wilayah": DESA, "month": 3, "cause": "USAHA_SEPI"}
    report |= {"rujukan_id": RUJUKAN, "reported_on": on}
    for voided, kinds in ((False, ["KUNJUNGAN_KAMBUH"]), (True, []), (False, ["KUNJUNGAN_KAMBUH"])):
        event = RelapseReported.model_validate(report | {"voided": voided})
        await apply_event(kendal_caseload, referral, event)
        mine = await read_tasks(kendal_caseload, pendamping_token(kendal_caseload))
        assert [task["kind"] for task in mine] == kinds
