"""Tasks: who sees and finishes them."""

from datetime import timedelta
from uuid import uuid5

from shared.contracts.graduation import RelapseConfirmed
from shared.contracts.referral import RelapseReported
from tests.factories.caseload.case import apply
from tests.factories.caseload.hand_over import accompanied, days_later, handed_over, leader, monitored, today
from tests.factories.caseload.intake import DESA, OTHER, SPACE, companion
from tests.factories.caseload.task import tasks
from tests.factories.services import Running

CASE, RUJUKAN = uuid5(SPACE, "case"), uuid5(SPACE, "rujukan")


async def test_relapse_task_follows_the_family(
    placed: Running, graduation: Running, referral: Running
) -> None:
    kpm_id = await monitored(placed)
    relapse = {"graduasi_id": CASE, "kpm_id": kpm_id, "kode_wilayah": DESA, "month": 3, "cause": "USAHA_SEPI"}
    on = await today(placed)
    reported = {"rujukan_id": RUJUKAN, "reported_on": on}
    await apply(placed, referral, RelapseReported.model_validate(relapse | reported))
    await apply(placed, graduation, RelapseConfirmed.model_validate(relapse | {"confirmed_on": on}))
    mine = await tasks(placed, companion(placed))
    assert [task["kind"] for task in mine] == ["KUNJUNGAN_KAMBUH", "RE_ENTRY"]
    assert [task["due_on"] for task in mine] == [str(on + timedelta(days=n)) for n in (14, 30)]
    await handed_over(placed, await days_later(placed))
    assert await tasks(placed, companion(placed)) == []
    theirs = await tasks(placed, companion(placed, OTHER))
    assert [(task["kind"], task["held_by"]) for task in theirs] == [
        ("KUNJUNGAN_KAMBUH", str(OTHER)),
        ("RE_ENTRY", str(OTHER)),
    ]
    done = f"/v1/tugas/{theirs[0]['tugas_id']}/done"
    assert (await placed.post(done, {}, as_=companion(placed))).status_code == 404
    assert (await placed.post(done, {}, as_=companion(placed, OTHER))).status_code == 200
    kinds = [task["kind"] for task in await tasks(placed, leader(placed))]
    assert kinds == ["RE_ENTRY"]


async def test_task_of_unaccompanied_family_is_only_for_officials(
    placed: Running,
) -> None:
    await accompanied(placed, 1)
    on = await days_later(placed)
    (row,) = await placed.sql("SELECT dampingan_id FROM dampingan")
    body = {"valid_to": str(on), "reason": "PINDAH_TUGAS"}
    await placed.post(f"/v1/dampingan/{row['dampingan_id']}/end", body, as_=leader(placed))
    far = placed.token("KETUA_TIM_KABKOTA", "far", ["35.03"])
    (task,) = await tasks(placed, leader(placed))
    done = f"/v1/tugas/{task['tugas_id']}/done"
    assert await tasks(placed, far) == await tasks(placed, companion(placed)) == []
    for token in (far, companion(placed)):
        assert (await placed.post(done, {}, as_=token)).status_code == 404
    assert (await placed.post(done, {"note": "Sudah dipasang."}, as_=leader(placed))).status_code == 200
    again = await placed.post(done, {}, as_=leader(placed))
    assert (again.status_code, again.json()["title"]) == (409, "TugasAlreadyDone")
