"""A hand-over accounts for every family that was ordered, and for those that came since."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.caseload.hand_over.commands import request
from shared.access import Role
from tests.factories.caseload.hand_over import (
    S,
    T,
    advance_days,
    finish_hand_over,
    import_families,
    ketua_tim_token,
    post_hand_over,
    read_today,
)
from tests.factories.caseload.intake import FAR_DESA, dinsos_token
from tests.factories.services import Running

COUNTS = ("families", "added", "done", "refused", "left_out", "remaining")


async def read_hand_over(service: Running, hand_over_id: str) -> dict[str, Any]:
    seen = (await service.get(f"/v1/hand-over/{hand_over_id}", as_=ketua_tim_token(service))).json()
    total = seen["done"] + seen["refused"] + seen["left_out"] + seen["remaining"]
    assert seen["families"] + seen["added"] == total, seen
    return dict(seen)


def read_counts(seen: dict[str, Any]) -> tuple[int, ...]:
    return tuple(seen[name] for name in COUNTS)


async def read_changes(service: Running, seen: dict[str, Any]) -> dict[str, str]:
    items = (await service.get(f"{seen['job']}/changes", as_=ketua_tim_token(service))).json()["items"]
    assert all(item["reason"]["en"] and item["reason"]["id"] for item in items)
    return {item["params"]["kpm_id"]: item["code"] for item in items}


async def order_for_tomorrow(service: Running, **more: Any) -> str:
    answer = await post_hand_over(service, await read_today(service) + timedelta(days=2), **more)
    assert answer.status_code == 202, answer.text
    assert answer.json()["remaining"] == answer.json()["families"]
    return str(answer.json()["hand_over_id"])


async def end_dampingan(service: Running, kpm_id: str) -> None:
    (row,) = await service.sql(
        "SELECT dampingan_id::text FROM dampingan WHERE kpm_id = $1 AND NOT ended", kpm_id
    )
    body = {"valid_to": str(await read_today(service)), "reason": "PINDAH_TUGAS"}
    ended = await service.post(f"/v1/dampingan/{row[0]}/end", body, as_=ketua_tim_token(service))
    assert ended.status_code == 200, ended.text


async def post_to_family(service: Running, kpm_id: str, path: str, body: dict[str, Any]) -> None:
    office = service.token(Role.DINSOS_KABKOTA, "dinsos-1", ["33.24", FAR_DESA[:5]])
    evidence = {"evidence_sha256": await service.put_file(b"surat", as_=office)}
    version = (await service.get(f"/v1/kpm/{kpm_id}", as_=office)).json()["version"]
    headers = {"If-Match": f'"{version}"'}
    answer = await service.post(f"/v1/kpm/{kpm_id}/{path}", body | evidence, as_=office, headers=headers)
    assert answer.is_success, answer.text


async def move_far_away(service: Running, kpm_id: str, on: date) -> None:
    await post_to_family(service, kpm_id, "move", {"kode_wilayah": FAR_DESA, "on": str(on)})


async def record_death(service: Running, kpm_id: str, on: date) -> None:
    """Record the death of a family's only member."""
    ((anggota_id,),) = await service.sql("SELECT anggota_id::text FROM kpm_anggota WHERE kpm_id = $1", kpm_id)
    body = {"reason": "MENINGGAL", "on": str(on)}
    await post_to_family(service, kpm_id, f"anggota/{anggota_id}/end", body)


async def test_families_that_the_giver_lost_since_the_order_are_listed_with_reasons(
    kendal_caseload: Running,
) -> None:
    stays, given, alone, moved, dead = await import_families(kendal_caseload, 5)
    hand_over_id = await order_for_tomorrow(kendal_caseload)
    today = await advance_days(kendal_caseload)
    for kpm_id in (given, alone):
        await end_dampingan(kendal_caseload, kpm_id)
    body = {"kpm_id": given, "penugasan_id": T, "valid_from": str(today)}
    made = await kendal_caseload.post("/v1/dampingan", body, as_=dinsos_token(kendal_caseload))
    assert made.status_code == 201, made.text
    await move_far_away(kendal_caseload, moved, today)
    await record_death(kendal_caseload, dead, today)
    known = {given, alone, moved, dead, stays}
    (late,) = set(await import_families(kendal_caseload, 1, first=50)) - known
    await advance_days(kendal_caseload)
    await kendal_caseload.work()
    seen = await read_hand_over(kendal_caseload, hand_over_id)
    assert (seen["state"], read_counts(seen)) == ("DONE", (5, 1, 3, 0, 3, 0))
    assert await read_changes(kendal_caseload, seen) == {
        late: "ADDED",
        given: "WITH_RECEIVER",
        moved: "MOVED_AWAY",
        dead: "FAMILY_ENDED",
    }
    listed = (
        await kendal_caseload.get("/v1/hand-over?open_only=false", as_=ketua_tim_token(kendal_caseload))
    ).json()
    assert [read_counts(row) for row in listed["items"]] == [read_counts(seen)]


async def test_family_whose_purpose_changed_since_the_order_is_listed(kendal_caseload: Running) -> None:
    _, exited = await import_families(kendal_caseload, 2)
    hand_over_id = await order_for_tomorrow(kendal_caseload, purpose="PENDAMPINGAN")
    await kendal_caseload.sql("UPDATE dampingan SET purpose = 'PEMANTAUAN' WHERE kpm_id = $1", exited)
    await kendal_caseload.sql("UPDATE dampingan_load SET weighing = 1 WHERE penugasan_id = $1", S)
    await advance_days(kendal_caseload, 2)
    await kendal_caseload.work()
    seen = await read_hand_over(kendal_caseload, hand_over_id)
    assert read_counts(seen) == (2, 0, 1, 0, 1, 0)
    assert await read_changes(kendal_caseload, seen) == {exited: "PURPOSE_CHANGED"}


@pytest.mark.parametrize("days", [0, 1])
async def test_refused_and_moved_families_add_up(kendal_caseload: Running, days: int) -> None:
    await import_families(kendal_caseload, 3)
    on = await advance_days(kendal_caseload, days) if days else await read_today(kendal_caseload)
    done = await finish_hand_over(kendal_caseload, on)
    seen = await read_hand_over(kendal_caseload, done["hand_over_id"])
    assert read_counts(seen) == ((3, 0, 3, 0, 0, 0) if days else (3, 0, 0, 3, 0, 0))


async def test_families_of_a_cancelled_hand_over_remain(kendal_caseload: Running) -> None:
    await import_families(kendal_caseload, 2)
    answer = (await post_hand_over(kendal_caseload, await advance_days(kendal_caseload))).json()
    token = ketua_tim_token(kendal_caseload)
    cancelled = await kendal_caseload.post(f"{answer['job']}/cancellation", as_=token)
    assert cancelled.status_code == 202, cancelled.text
    await kendal_caseload.work()
    seen = await read_hand_over(kendal_caseload, answer["hand_over_id"])
    assert (seen["state"], read_counts(seen)) == ("CANCELLED", (2, 0, 0, 0, 0, 2))


async def test_a_family_that_comes_while_the_order_is_given_is_counted(
    kendal_caseload: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    await import_families(kendal_caseload, 2)
    count_families = request.count_families

    async def count_and_let_one_come(*given: Any) -> dict[str, int]:
        counts = await count_families(*given)
        await import_families(kendal_caseload, 1, first=9)
        return counts

    monkeypatch.setattr(request, "count_families", count_and_let_one_come)
    seen = await finish_hand_over(kendal_caseload, await read_today(kendal_caseload) + timedelta(days=2))
    assert seen["families"] == 3
    monkeypatch.undo()
    await advance_days(kendal_caseload, 2)
    await kendal_caseload.work()
    seen = await read_hand_over(kendal_caseload, seen["hand_over_id"])
    assert read_counts(seen) == (3, 0, 3, 0, 0, 0)
