"""List of a pendamping's families of today, by status and area, in pages."""

from datetime import timedelta
from typing import Any

from shared.access import Role
from tests.factories.caseload.case import Case, apply_event
from tests.factories.caseload.hand_over import (
    advance_days,
    finish_hand_over,
    import_families,
    read_today,
)
from tests.factories.caseload.intake import (
    DESA,
    OTHER,
    OTHER_DESA,
    PENDAMPING,
    dinsos_token,
    pendamping_token,
)
from tests.factories.services import Running

CASE = (
    "INSERT INTO case_mark (graduasi_id, kpm_id, kepesertaan_id, exit_reason, state, changed_at)"
    " SELECT uuidv7(), kpm_id, kepesertaan_id, 'ALAMIAH', $2, now() FROM kepesertaan WHERE kpm_id = $1 AND bansos = 'PKH'"
)


async def read_families(service: Running, query: str, as_: str) -> list[tuple[str, str]]:
    answer = await service.get(f"/v1/kpm{query}", as_=as_)
    assert answer.status_code == 200, answer.text
    return [(row["kpm_id"], row["status"]) for row in answer.json()["items"]]


async def test_list_shows_families_of_today_by_area_and_status(kendal_caseload: Running) -> None:
    here = await import_families(kendal_caseload, 4)
    there = await import_families(kendal_caseload, 2, first=50, desa=OTHER_DESA)
    await kendal_caseload.sql(CASE, here[0], "OPEN")
    await kendal_caseload.sql(CASE, here[1], "DETERMINED")
    await kendal_caseload.sql("UPDATE kepesertaan SET valid = daterange('2019-01-01', '2020-01-01'), exit_reason = 'PINDAH'"
        " WHERE kpm_id = $1", here[2])  # fmt: skip
    mine: dict[str, Any] = dict(await read_families(kendal_caseload, "", pendamping_token(kendal_caseload)))
    statuses = ["CASE_OPEN", "END_ANNOUNCED", "LEFT", "ACTIVE"]
    assert [mine[kpm_id] for kpm_id in here] == statuses
    one_by_one = [
        (await kendal_caseload.get(f"/v1/kpm/{one}", as_=pendamping_token(kendal_caseload))).json()["status"]
        for one in here
    ]
    assert one_by_one == statuses
    assert sorted(mine) == sorted(here + there)
    for n, status in enumerate(statuses[:3]):
        assert await read_families(
            kendal_caseload, f"?status={status}", pendamping_token(kendal_caseload)
        ) == [(here[n], status)]
    active = await read_families(
        kendal_caseload, f"?status=ACTIVE&kode_wilayah={DESA}", pendamping_token(kendal_caseload)
    )
    assert active == [(here[3], "ACTIVE")]
    of_s = await read_families(kendal_caseload, f"?pendamping_id={PENDAMPING}", dinsos_token(kendal_caseload))
    assert sorted(of_s) == sorted(mine.items())
    assert (
        await read_families(
            kendal_caseload, f"?pendamping_id={PENDAMPING}", pendamping_token(kendal_caseload, OTHER)
        )
        == []
    )
    await finish_hand_over(kendal_caseload, await advance_days(kendal_caseload))
    assert sorted(await read_families(kendal_caseload, "", pendamping_token(kendal_caseload))) == [
        (one, "ACTIVE") for one in sorted(there)
    ]
    assert sorted(
        kpm_id
        for kpm_id, _ in await read_families(kendal_caseload, "", pendamping_token(kendal_caseload, OTHER))
    ) == sorted(here)


async def test_pendamping_reads_payable_tahap_only_of_own_families(
    kendal_caseload: Running,
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    path = f"/v1/kpm/{kpm_id}/tahap?bansos=PKH"
    response = await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload))
    assert (response.status_code, response.json()["payable"]) == (200, "ALL"), response.text
    assert response.json()["reason"]["id"] == "Kepesertaan berlanjut; belum ada tanggal akhir."
    assert (await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload, OTHER))).status_code == 404
    await finish_hand_over(kendal_caseload, await advance_days(kendal_caseload))
    assert (await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload))).status_code == 404
    assert (await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload, OTHER))).status_code == 200
    village = kendal_caseload.token(Role.OPERATOR_DESA, "operator-desa-1", [DESA])
    assert (await kendal_caseload.get(path, as_=village)).status_code == 403


async def test_village_sees_who_and_where_and_the_open_tasks(kendal_caseload: Running) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    village = kendal_caseload.token(Role.KEPALA_DESA, "kepala-desa-1", [DESA])
    family = (await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=village)).json()
    assert {"kpm_id", "kode_wilayah", "status", "address", "dampingan"} <= {*family}
    assert not {*family} & {"phone", "desil", "facts", "aid", "warnings"}
    assert family["members"]
    for member in family["members"]:
        assert member["name"]
        assert not {*member} & {"usaha", "komponen", "birth_on"}
    usaha = (await kendal_caseload.get(f"/v1/kpm/{kpm_id}/usaha", as_=village)).json()
    assert usaha == {"kpm_id": kpm_id}
    tasks = await kendal_caseload.get("/v1/tugas", as_=village)
    assert tasks.status_code == 200, tasks.text
    wide = kendal_caseload.token(Role.KEPALA_DESA, "kepala-desa-1", ["33.24"])
    assert (await kendal_caseload.get(f"/v1/kpm/{kpm_id}", as_=wide)).status_code == 404


async def test_list_is_paged(kendal_caseload: Running) -> None:
    families = await import_families(kendal_caseload, 5)
    path, seen = "/v1/kpm?limit=2", []
    while path:
        page = (await kendal_caseload.get(path, as_=pendamping_token(kendal_caseload))).json()
        seen += [row["kpm_id"] for row in page["items"]]
        path = page["next"]
    assert seen == sorted(families)


async def test_status_of_a_family_outside_pkh_follows_its_other_memberships(kendal_caseload: Running) -> None:
    poor, left, ended, without = await import_families(kendal_caseload, 4)
    today = await read_today(kendal_caseload)
    await kendal_caseload.sql(
        "UPDATE kepesertaan SET bansos = 'SEMBAKO' WHERE kpm_id = ANY($1)", [poor, ended]
    )
    end = "UPDATE kepesertaan SET valid = daterange(lower(valid), $2), exit_reason = 'PINDAH' WHERE kpm_id = ANY($1)"
    await kendal_caseload.sql(end, [left, ended], today)
    await kendal_caseload.sql("DELETE FROM kepesertaan WHERE kpm_id = $1", without)
    other = "INSERT INTO kepesertaan (kepesertaan_id, kpm_id, bansos, valid) VALUES (uuidv7(), $1, 'PBI', '[2020-01-01,)')"
    await kendal_caseload.sql(other, left)
    statuses = dict(await read_families(kendal_caseload, "", pendamping_token(kendal_caseload)))
    assert statuses == {poor: "ACTIVE", left: "LEFT", ended: "LEFT", without: "NO_MEMBERSHIP"}


async def test_end_is_announced_only_from_the_day_of_the_announcement(
    kendal_caseload: Running, graduation: Running
) -> None:
    (kpm_id,) = await import_families(kendal_caseload, 1)
    ((kepesertaan_id,),) = await kendal_caseload.sql("SELECT kepesertaan_id::text FROM kepesertaan")
    tomorrow = await read_today(kendal_caseload) + timedelta(days=1)
    determined = Case(kpm_id, kepesertaan_id).build_determined()
    await apply_event(kendal_caseload, graduation, determined.model_copy(update={"announced_on": tomorrow}))

    async def read_statuses() -> tuple[str, str]:
        token = pendamping_token(kendal_caseload)
        ((_, status),) = await read_families(kendal_caseload, "", token)
        assert await read_families(kendal_caseload, f"?status={status}", token) == [(kpm_id, status)]
        items = (await kendal_caseload.get(f"/v1/kpm/{kpm_id}/kepesertaan", as_=token)).json()["items"]
        return status, items[0]["status"]

    assert await read_statuses() == ("CASE_OPEN", "CASE_OPEN")
    await advance_days(kendal_caseload)
    assert await read_statuses() == ("END_ANNOUNCED", "END_ANNOUNCED")
