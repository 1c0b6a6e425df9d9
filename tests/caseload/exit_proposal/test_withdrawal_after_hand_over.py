"""A proposer withdraws a wrong proposal although the family has another pendamping."""

from typing import Any

from tests.factories.caseload.family import Family
from tests.factories.caseload.hand_over import advance_days, finish_hand_over
from tests.factories.caseload.intake import FAR_DESA, OTHER, pendamping_token
from tests.factories.services import Running, expect_refusal

WHY = {"reason": "Keluarga ternyata masih tinggal di alamat lama."}


async def propose(family: Family) -> str:
    """Propose the exit from PBI and return the address of its withdrawal."""
    kepesertaan_id = (await family.read_memberships())["PBI"]["kepesertaan_id"]
    body: dict[str, Any] = {"kpm_id": family.kpm_id, "kepesertaan_id": kepesertaan_id, "on": "2026-01-10"}
    body |= {"exit_reason": "PINDAH", "evidence_sha256": await family.upload_evidence()}
    made = await family.post_ok("/v1/exit-proposal", body)
    return f"/v1/exit-proposal/{made['exit_proposal_id']}/withdrawal"


async def test_proposer_withdraws_after_a_hand_over(family: Family) -> None:
    path = await propose(family)
    await finish_hand_over(family.caseload, await advance_days(family.caseload))
    theirs = pendamping_token(family.caseload, OTHER)
    expect_refusal(await family.post(path, WHY, as_=theirs), "ProposalOfAnotherPerson", 403)
    withdrawn = await family.post(path, WHY)
    assert (withdrawn.status_code, withdrawn.json()["state"]) == (201, "WITHDRAWN"), withdrawn.text
    assert len(await family.read_emitted_data("exit_proposal_withdrawn")) == 1
    expect_refusal(await family.post(path, WHY), "ExitNotOpen")
    hidden = await family.caseload.get(f"/v1/kpm/{family.kpm_id}", as_=family.mine)
    expect_refusal(hidden, "NotFound", 404)


async def test_family_in_another_area_is_decided_there(family: Family, kendal_caseload: Running) -> None:
    path = await propose(family)
    await kendal_caseload.sql("UPDATE kpm SET kode_wilayah = $1", FAR_DESA)
    expect_refusal(await family.post(path, WHY), "NotFound", 404)


async def test_proposer_who_is_not_active_does_not_withdraw(family: Family) -> None:
    path = await propose(family)
    await family.caseload.sql("UPDATE replica_pendamping.pendamping_status SET status = 'NONAKTIF'")
    expect_refusal(await family.post(path, WHY), "PendampingInactive")
