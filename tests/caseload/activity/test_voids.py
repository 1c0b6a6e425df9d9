"""Wrong visits and sessions are voided by their author or the ketua tim."""

from typing import Any

import pytest

from shared.access import Role
from tests.factories.audit import read_entries
from tests.factories.caseload.hand_over import (
    S,
    advance_days,
    finish_hand_over,
    import_families,
    ketua_tim_token,
    read_emitted_data,
    read_today,
)
from tests.factories.caseload.intake import (
    DESA,
    FAR_DESA,
    OTHER,
    dinsos_token,
    pendamping_token,
)
from tests.factories.services import Running

WRONG = {"reason": "SALAH_KELUARGA"}


async def record_visit(service: Running, kpm_id: str, **more: Any) -> Any:
    body = {"kpm_id": kpm_id, "visited_on": str(await read_today(service)), "purpose": "PENDAMPINGAN"}
    body |= {"findings": "Anak-anak bersekolah."} | more
    return await service.post("/v1/kunjungan", body, as_=pendamping_token(service))


async def record_session(service: Running, kpm_ids: list[str], **more: Any) -> Any:
    body = {"penugasan_id": S, "kode_wilayah": DESA, "held_on": str(await read_today(service)), "module": 2}
    body |= {"session": 3, "kelompok": "Melati"}
    body |= {"attendance": [{"kpm_id": kpm_id, "presence": "HADIR"} for kpm_id in kpm_ids]} | more
    return await service.post("/v1/p2k2", body, as_=pendamping_token(service))


async def move_to(service: Running, kpm_id: str, kode_wilayah: str) -> None:
    ministry = service.token(Role.KEMENSOS, "kemensos-1", ["*"])
    sha256 = await service.put_file(b"surat pindah", as_=ministry)
    version = (await service.get(f"/v1/kpm/{kpm_id}", as_=ministry)).json()["version"]
    body = {"kode_wilayah": kode_wilayah, "on": str(await read_today(service)), "evidence_sha256": sha256}
    moved = await service.post(
        f"/v1/kpm/{kpm_id}/move", body, as_=ministry, headers={"If-Match": f'"{version}"'}
    )
    assert moved.status_code == 200, moved.text


async def read_counts(service: Running, kpm_id: str) -> tuple[int, int]:
    reader = service.token(Role.KEMENSOS, "kemensos-1", ["*"])
    facts = (await service.get(f"/v1/kpm/{kpm_id}", as_=reader)).json()["facts"]
    return facts["p2k2_invited"], facts["p2k2_attended"]


@pytest.mark.parametrize("by_author", [True, False])
async def test_voided_visit_stays_readable_and_the_right_one_can_be_recorded(
    kendal_caseload: Running, *, by_author: bool
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    made = (await record_visit(kendal_caseload, kpm_id)).json()
    path = f"/v1/kunjungan/{made['kunjungan_id']}"
    token = pendamping_token(kendal_caseload) if by_author else ketua_tim_token(kendal_caseload)
    voided = await kendal_caseload.post(f"{path}/void", WRONG, as_=token)
    assert voided.status_code == 200, voided.text
    today = str(await read_today(kendal_caseload))
    assert (voided.json()["voided_on"], voided.json()["void_reason"]) == (today, "SALAH_KELUARGA")
    read = (await kendal_caseload.get(path, as_=dinsos_token(kendal_caseload))).json()
    assert (read["voided_on"], read["findings"]) == (today, "Anak-anak bersekolah.")
    again = await record_visit(kendal_caseload, kpm_id)
    assert again.status_code == 201, again.text
    listed = (await kendal_caseload.get("/v1/kunjungan", as_=pendamping_token(kendal_caseload))).json()
    assert [row["voided_on"] for row in listed["items"]] == [today, None]
    (event,) = await read_emitted_data(kendal_caseload, "kunjungan_voided")
    values = (event["kunjungan_id"], event["on"], event["reason"], event["kode_wilayah"])
    assert values == (made["kunjungan_id"], made["visited_on"], "SALAH_KELUARGA", DESA)


async def test_visit_that_is_voided_again_is_refused(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    made = (await record_visit(kendal_caseload, kpm_id)).json()
    path, token = f"/v1/kunjungan/{made['kunjungan_id']}/void", pendamping_token(kendal_caseload)
    first = await kendal_caseload.post(path, WRONG, as_=token, key="void-1")
    repeated = await kendal_caseload.post(path, WRONG, as_=token, key="void-1")
    assert (first.status_code, repeated.json()) == (200, first.json())
    again = await kendal_caseload.post(path, WRONG, as_=token)
    assert (again.status_code, again.json()["title"]) == (409, "RecordAlreadyVoided")
    assert len(await read_emitted_data(kendal_caseload, "kunjungan_voided")) == 1


async def test_author_voids_after_a_hand_over_and_a_move_but_no_other_pendamping_does(
    kendal_caseload: Running,
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    visit = (await record_visit(kendal_caseload, kpm_id)).json()["kunjungan_id"]
    await finish_hand_over(kendal_caseload, await advance_days(kendal_caseload))
    path = f"/v1/kunjungan/{visit}/void"
    successor = await kendal_caseload.post(path, WRONG, as_=pendamping_token(kendal_caseload, OTHER))
    assert (successor.status_code, successor.json()["title"]) == (403, "NotAllowed")
    official = await kendal_caseload.post(path, WRONG, as_=dinsos_token(kendal_caseload))
    assert official.status_code == 403
    await move_to(kendal_caseload, kpm_id, FAR_DESA)
    elsewhere = await kendal_caseload.post(path, WRONG, as_=ketua_tim_token(kendal_caseload))
    assert elsewhere.status_code == 404
    mine = await kendal_caseload.post(path, WRONG, as_=pendamping_token(kendal_caseload))
    assert mine.status_code == 200, mine.text


@pytest.mark.parametrize("by_author", [True, False])
async def test_voided_session_counts_for_none_of_its_families(
    kendal_caseload: Running, *, by_author: bool
) -> None:
    first, second, moved = await import_families(kendal_caseload, 3)
    wrong = (await record_session(kendal_caseload, [first, second, moved])).json()
    assert (await record_session(kendal_caseload, [second], session=1)).status_code == 201
    await move_to(kendal_caseload, moved, FAR_DESA)
    path = f"/v1/p2k2/{wrong['p2k2_sesi_id']}"
    token = pendamping_token(kendal_caseload) if by_author else ketua_tim_token(kendal_caseload)
    voided = await kendal_caseload.post(f"{path}/void", {"reason": "SALAH_ISI"}, as_=token)
    assert voided.status_code == 200, voided.text
    entry = (await read_entries(kendal_caseload))[-1]
    assert (entry["act"], {*map(str, entry["subject_ids"])} >= {first, second, moved}) == (
        "void_session",
        True,
    )
    counts = [await read_counts(kendal_caseload, kpm_id) for kpm_id in (first, second, moved)]
    assert counts == [(0, 0), (1, 1), (0, 0)]
    (event,) = await read_emitted_data(kendal_caseload, "p2k2_voided")
    assert (event["p2k2_sesi_id"], event["attended"]) == (wrong["p2k2_sesi_id"], 3)
    updated = (await read_emitted_data(kendal_caseload, "kpm_updated"))[-3:]
    attended = {row["kpm_id"]: row["p2k2_attended"] for row in updated}
    assert attended == {first: 0, second: 1, moved: 0}
    right = await record_session(kendal_caseload, [first])
    assert right.status_code == 201, right.text
    assert await read_counts(kendal_caseload, first) == (1, 1)
    read = (await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload))).json()
    assert (read["void_reason"], read["invited"]) == ("SALAH_ISI", 3)


async def test_record_is_void_whole_and_only_once_in_the_database(kendal_caseload: Running) -> None:
    """The API role changes nothing of a visit but its void."""
    rows = await kendal_caseload.sql(
        "SELECT t, has_table_privilege('caseload_api', t, 'DELETE'), has_column_privilege('caseload_api', t, c,"
        " 'UPDATE'), has_column_privilege('caseload_api', t, 'voided_on', 'UPDATE') FROM"
        " (VALUES ('kunjungan', 'visited_on'), ('p2k2_sesi', 'attended')) AS v(t, c)"
    )
    assert [tuple(row)[1:] for row in rows] == [(False, False, True), (False, False, True)]
