"""One call shows what the screen of a family shows."""

from typing import Any

from shared.access import Role
from tests.factories.caseload.family import Family
from tests.factories.caseload.hand_over import read_today
from tests.factories.caseload.intake import OTHER, dinsos_token, pendamping_token
from tests.factories.caseload.member import record_death
from tests.factories.services import expect_refusal


async def read(family: Family, path: str, as_: str) -> Any:
    answer = await family.caseload.get(path, as_=as_)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_overview_has_what_the_single_calls_show(family: Family) -> None:
    visit = {"kpm_id": family.kpm_id, "visited_on": str(await read_today(family.caseload))}
    await family.post_ok("/v1/kunjungan", visit | {"purpose": "PENDAMPINGAN", "findings": "Usaha lancar."})
    await record_death(family, pengurus=True)
    path = f"/v1/kpm/{family.kpm_id}"
    for token in (family.mine, dinsos_token(family.caseload)):
        memberships = (await read(family, f"{path}/kepesertaan", token))["items"]
        tahap = [
            await read(family, f"{path}/tahap?bansos={bansos}", token)
            for bansos in dict.fromkeys(row["bansos"] for row in memberships)
        ]
        assert await read(family, f"{path}/tahap-list", token) == {"kpm_id": family.kpm_id, "items": tahap}
        assert await read(family, f"{path}/overview", token) == {
            "kpm_id": family.kpm_id,
            "kpm": await read(family, path, token),
            "kepesertaan": memberships,
            "payable_tahap": tahap,
            "kunjungan": (await read(family, f"/v1/kunjungan?kpm_id={family.kpm_id}", token))["items"],
            "tugas": (await read(family, f"/v1/tugas?kpm_id={family.kpm_id}", token))["items"],
        }


async def test_overview_leaves_out_what_the_role_may_not_read(family: Family) -> None:
    path = f"/v1/kpm/{family.kpm_id}/overview"
    village = family.caseload.token(Role.KEPALA_DESA, "kepala-desa-1", ["33.24.09.2011"])
    shown = await read(family, path, village)
    assert shown["tugas"] == []
    assert {"payable_tahap", "kunjungan"}.isdisjoint(shown)
    assert "facts" not in shown["kpm"]
    helper = family.caseload.token(Role.PENDAMPING_DESA, "pendamping-desa-1", ["33.24.09.2011"])
    assert sorted(await read(family, path, helper)) == ["kepesertaan", "kpm", "kpm_id"]
    for stranger in (pendamping_token(family.caseload, OTHER), dinsos_token(family.caseload, "35.03")):
        expect_refusal(await family.caseload.get(path, as_=stranger), "NotFound", 404)
