"""List of a pendamping's families of today, by status and area, in pages."""

from typing import Any

from shared.access import Role
from tests.factories.caseload.hand_over import accompanied, days_later, handed_over
from tests.factories.caseload.intake import DESA, OTHER, OTHER_DESA, PENDAMPING, companion, dinsos
from tests.factories.services import Running

CASE = (
    "INSERT INTO case_mark (graduasi_id, kpm_id, kepesertaan_id, exit_reason, state, changed_at)"
    " SELECT uuidv7(), kpm_id, kepesertaan_id, 'ALAMIAH', $2, now() FROM kepesertaan WHERE kpm_id = $1 AND bansos = 'PKH'"
)


async def listed(service: Running, query: str, as_: str) -> list[tuple[str, str]]:
    answer = await service.get(f"/v1/kpm{query}", as_=as_)
    assert answer.status_code == 200, answer.text
    return [(row["kpm_id"], row["status"]) for row in answer.json()["items"]]


async def test_list_shows_families_of_today_by_area_and_status(placed: Running) -> None:
    here = await accompanied(placed, 4)
    there = await accompanied(placed, 2, first=50, desa=OTHER_DESA)
    await placed.sql(CASE, here[0], "OPEN")
    await placed.sql(CASE, here[1], "DETERMINED")
    await placed.sql("UPDATE kepesertaan SET valid = daterange('2019-01-01', '2020-01-01'), exit_reason = 'PINDAH'"
        " WHERE kpm_id = $1", here[2])  # fmt: skip
    mine: dict[str, Any] = dict(await listed(placed, "", companion(placed)))
    statuses = ["CASE_OPEN", "END_ANNOUNCED", "LEFT", "ACTIVE"]
    assert [mine[kpm_id] for kpm_id in here] == statuses
    one_by_one = [
        (await placed.get(f"/v1/kpm/{one}", as_=companion(placed))).json()["status"] for one in here
    ]
    assert one_by_one == statuses
    assert sorted(mine) == sorted(here + there)
    for n, status in enumerate(statuses[:3]):
        assert await listed(placed, f"?status={status}", companion(placed)) == [(here[n], status)]
    active = await listed(placed, f"?status=ACTIVE&kode_wilayah={DESA}", companion(placed))
    assert active == [(here[3], "ACTIVE")]
    of_s = await listed(placed, f"?pendamping_id={PENDAMPING}", dinsos(placed))
    assert sorted(of_s) == sorted(mine.items())
    assert await listed(placed, f"?pendamping_id={PENDAMPING}", companion(placed, OTHER)) == []
    await handed_over(placed, await days_later(placed))
    assert sorted(await listed(placed, "", companion(placed))) == [(one, "ACTIVE") for one in sorted(there)]
    assert sorted(kpm_id for kpm_id, _ in await listed(placed, "", companion(placed, OTHER))) == sorted(here)


async def test_pendamping_reads_payable_tahap_only_of_own_families(
    placed: Running,
) -> None:
    (kpm_id,) = await accompanied(placed, 1)
    path = f"/v1/kpm/{kpm_id}/tahap?bansos=PKH"
    response = await placed.get(path, as_=companion(placed))
    assert (response.status_code, response.json()["payable"]) == (200, "ALL"), response.text
    assert response.json()["reason"]["id"] == "Kepesertaan berlanjut; belum ada tanggal akhir."
    assert (await placed.get(path, as_=companion(placed, OTHER))).status_code == 404
    await handed_over(placed, await days_later(placed))
    assert (await placed.get(path, as_=companion(placed))).status_code == 404
    assert (await placed.get(path, as_=companion(placed, OTHER))).status_code == 200
    village = placed.token(Role.OPERATOR_DESA, "operator-desa-1", [DESA])
    assert (await placed.get(path, as_=village)).status_code == 403


async def test_list_is_paged(placed: Running) -> None:
    families = await accompanied(placed, 5)
    path, seen = "/v1/kpm?limit=2", []
    while path:
        page = (await placed.get(path, as_=companion(placed))).json()
        seen += [row["kpm_id"] for row in page["items"]]
        path = page["next"]
    assert seen == sorted(families)
